"""Benchmark of denoising: speed, quality beside other packages, memory, noise level.

Four parts: `speed` of the model photo beside a 20-layer BF-CNN; `quality`, time and memory beside
BM3D, scikit-image and OpenCV; `memory` and start-up of the command line; `sigma`, the error of the
noise level that is reported. `denoise_speed.py` and its siblings say how each is measured. What
other packages need is in  pip install 'scorelet[benchmarks]'; one that is missing is said to be.
"""

import argparse
import hashlib
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from denoise_process import measure_processes
from denoise_quality import load_data, measure_levels, measure_quality
from denoise_speed import measure_speed
from measure import Row, describe_run, merge_run
from rich.console import Console
from tables import table_of

from scorelet.core.errors import ScoreletError
from scorelet.zoo import locate_weights

PACKAGES = (
    *("scorelet", "torch", "numpy", "scikit-image", "PyWavelets", "bm3d"),
    "opencv-python-headless",
)
OUTPUT = Path(__file__).resolve().parents[1] / "docs" / "results" / "denoise_benchmark.json"
EXAMPLES = """example, two minutes, nothing written:
  python benchmarks/denoise.py --part all --quick

the real thing, on a machine that does nothing else:
  python benchmarks/denoise.py --part speed
  python benchmarks/denoise.py --part quality --data photos/set12
"""
Part = Callable[[argparse.Namespace], dict[str, Any]]


def main() -> int:
    """Measure the parts asked for; print tables and write the results."""
    options = _parser().parse_args()
    output = options.output or (None if options.quick else OUTPUT)
    console = Console()
    for name in PARTS if options.part == "all" else (options.part,):
        run = describe_run("denoise", name, PACKAGES)
        run |= {"weights": _fingerprint("photo"), "quick": options.quick}
        try:
            run |= PARTS[name](options)
        except ScoreletError as error:
            print(f"error: {error}", file=sys.stderr)
            return 2
        _show(console, run)
        if output:
            merge_run(output, run)
            console.print(f"{name} → {output}")
    return 0


def _speed(options: argparse.Namespace) -> dict[str, Any]:
    return measure_speed(quick=options.quick, full=options.full)


def _quality(options: argparse.Namespace) -> dict[str, Any]:
    name, groups = load_data(options.data, limit=options.limit, quick=options.quick)
    return {"data": name, **measure_quality(groups, quick=options.quick)}


def _memory(options: argparse.Namespace) -> dict[str, Any]:
    return measure_processes(quick=options.quick)


def _sigma(options: argparse.Namespace) -> dict[str, Any]:
    name, groups = load_data(options.data, limit=options.limit, quick=options.quick)
    return {"data": name, **measure_levels(groups, quick=options.quick)}


PARTS: dict[str, Part] = {
    "speed": _speed,
    "quality": _quality,
    "memory": _memory,
    "sigma": _sigma,
}


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        description=(__doc__ or "").partition("\n")[0],
        epilog=EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    add = parser.add_argument
    add("--part", choices=[*PARTS, "all"], default="all", help="what to measure (all)")
    add(
        "--data",
        help="folder of clean pictures, or its name under $SCORELET_DATA "
        "(photos/set12 if it is there, else pictures of scikit-image)",
    )
    add("--limit", type=int, help="at most so many pictures, gray and colour each")
    add("--full", action="store_true", help="BF-CNN over all 12 Mpixel, a minute or more")
    add("--quick", action="store_true", help="tiny pictures; figures without meaning")
    add("--output", type=Path, help=f"results file ({OUTPUT.name} in docs/results; quick: none)")
    return parser


def _fingerprint(model: str) -> str:
    """Return the start of the SHA-256 of a model's weights: results belong to these."""
    return hashlib.sha256(locate_weights(model).read_bytes()).hexdigest()[:16]


def _show(console: Console, run: Row) -> None:
    """Print every list of rows of a run as a table."""
    about = run["machine"]
    console.print(
        f"[bold]{run['part']}[/bold] on {about['cpu']}, {about['threads']} threads, "
        f"{about['capability']}, load before {run['load_before']}"
        + (f", data {run['data']}" if "data" in run else "")
    )
    for method, settings in run.get("settings", {}).items():
        console.print(f"  {method}: {settings}")
    for name, rows in run.items():
        if isinstance(rows, list) and rows:
            console.print(table_of(run["part"] if name == "rows" else name, rows))


if __name__ == "__main__":
    sys.exit(main())
