"""Benchmark of transforms: speed beside other packages, and how near it is to the memory limit.

Part `wavelets`: the orthogonal transform beside ptwt and pytorch_wavelets. All run in one process,
in turns, with the threads that torch uses. What other packages need is in
pip install 'scorelet[benchmarks]'; one that is missing is said to be.
"""

import argparse
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from measure import describe_run, merge_run
from rich.console import Console
from tables import table_of
from transforms_wavelets import measure_wavelets

PACKAGES = ("scorelet", "torch", "numpy", "numba", "PyWavelets", "ptwt", "pytorch_wavelets")
OUTPUT = Path(__file__).resolve().parents[1] / "docs" / "results" / "transforms_benchmark.json"
PARTS: dict[str, Callable[..., dict[str, Any]]] = {"wavelets": measure_wavelets}


def main() -> int:
    """Measure the parts asked for; print tables and write the results."""
    options = _parser().parse_args()
    output = options.output or (None if options.quick else OUTPUT)
    console = Console()
    for name in PARTS if options.part == "all" else (options.part,):
        run = describe_run("transforms", name, PACKAGES) | {"quick": options.quick}
        run |= PARTS[name](quick=options.quick)
        for title, rows in run.items():
            if isinstance(rows, list) and rows:
                console.print(table_of(name if title == "rows" else f"{name}: {title}", rows))
        if output:
            merge_run(output, run)
            console.print(f"{name} → {output}")
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--part", choices=[*PARTS, "all"], default="all", help="what (all)")
    parser.add_argument("--quick", action="store_true", help="few rounds; nothing is written")
    parser.add_argument("--output", type=Path, help=f"results file (docs/results/{OUTPUT.name})")
    return parser


if __name__ == "__main__":
    sys.exit(main())
