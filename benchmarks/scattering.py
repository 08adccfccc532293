"""Scattering transforms beside Kymatio: pictures a second, peak memory, distance from the limit.

Kymatio 0.3.0 needs a SciPy below 1.15, so both run in an environment of its own:

    python3.11 -m venv kym
    kym/bin/pip install 'scipy<1.15' kymatio==0.3.0 torch numba safetensors
    PYTHONPATH=src kym/bin/python benchmarks/scattering.py --part speed
    PYTHONPATH=src kym/bin/python benchmarks/scattering.py --part memory

Both get the same pictures in the same process, in turns (see `measure.alternate`); the numbers of
all are compared first. `share` is the number of operations of our algorithm (5 n log2 n for each
transform of length n, half of it where real, 4 for each filter term, 2 for each term of an
average, 4 for each modulus) over the time and over the speed of a float32 matrix product on this
machine; `bandwidth_share` compares the time with that of reading the input and writing the output
once. Peak memory is what one call adds to a fresh process of its own.
"""

import argparse
import math
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import measure
import numpy as np
import torch
from kymatio.torch import Scattering2D
from torch import Tensor

from scorelet.wavelets.kernels.lane_tables import Tables
from scorelet.wavelets.scattering.transform import Scattering2d

RESULTS = Path(__file__).parents[1] / "docs" / "results" / "scattering_benchmark.json"
CASES = ((128, 32, 2), (128, 32, 3), (16, 128, 4), (4, 256, 5))
"""Pictures of three channels, their side, J; L is 8."""


def main(part: str, rounds: int, *, quick: bool) -> None:
    run = measure.describe_run("scattering", part, ["torch", "kymatio", "scipy", "numba"])
    if part == "speed":
        run["limits"] = limits()
    run["rows"] = []
    for case in CASES[:1] if quick else CASES:
        row = compare(*case, rounds, run["limits"]) if part == "speed" else peaks(*case)
        print(row, flush=True)
        run["rows"].append(row)
    if not quick:
        measure.merge_run(RESULTS, run)


def compare(
    count: int, side: int, scales: int, rounds: int, limits: dict[str, float]
) -> measure.Row:
    pictures = torch.rand(count, 3, side, side, generator=torch.Generator().manual_seed(0))
    start = time.perf_counter()
    theirs = Scattering2D(scales, (side, side), L=8)
    middle = time.perf_counter()
    ours, plain = Scattering2d(scales), Scattering2d(scales, engine="torch")  # the reference
    with torch.inference_mode():
        result = ours(pictures)
        built = time.perf_counter() - middle
        expected = theirs(pictures)
        plain(pictures[:1])
    row: measure.Row = {
        "pictures": count,
        "side": side,
        "J": scales,
        "relative_difference": float((result - expected).norm() / expected.norm()),
        "build_seconds": {"kymatio": middle - start, "scorelet": built},
    }
    transforms = {"kymatio": theirs, "scorelet": ours}
    transforms |= {"scorelet_torch": plain} if side == 32 else {}
    for way in WAYS if side == 32 else ("forward",):
        row[way] = timed(transforms, pictures, WAYS[way], rounds)
    seconds = count / row["forward"]["scorelet"]["pictures_per_second"]
    operations = 3 * count * operations_of(ours._kernels[side, side].tables)
    row["operations"] = float(operations)
    row["share"] = float(operations) / seconds / limits["gemm_flops"]
    moved = 4 * (pictures.numel() + result.numel())
    row["bandwidth_share"] = moved / seconds / limits["bytes_per_second"]
    return row


def timed(
    transforms: dict[str, Callable],
    pictures: Tensor,
    how: Callable[[Callable, Tensor], object],
    rounds: int,
) -> measure.Row:
    calls = {name: lambda f=f: how(f, pictures) for name, f in transforms.items()}
    seconds = measure.alternate(calls, rounds=rounds)
    result: measure.Row = {}
    for name in calls:
        middle = measure.quartiles(seconds[name])
        result[name] = {
            "seconds": [middle.low, middle.median, middle.high],
            "pictures_per_second": len(pictures) / middle.median,
        }
        ratios = np.divide(seconds["kymatio"], seconds[name])
        result[name]["times_kymatio"] = float(np.median(ratios))
    return result


def forward(transform: Callable, pictures: Tensor) -> Tensor:
    with torch.inference_mode():
        return transform(pictures)


def forward_backward(transform: Callable, pictures: Tensor) -> Tensor:
    leaf = pictures.clone().requires_grad_()
    transform(leaf).sum().backward()
    assert leaf.grad is not None
    return leaf.grad


WAYS = {"forward": forward, "forward_backward": forward_backward}


def peaks(count: int, side: int, scales: int) -> measure.Row:
    """Measure the peak memory of every way and transform in a process of its own."""
    row: measure.Row = {"pictures": count, "side": side, "J": scales}
    for way in WAYS if side == 32 else ("forward",):
        row[way] = {}
        for name in ("kymatio", "scorelet"):
            words = ["--peak", name, way, *map(str, (count, side, scales))]
            done = subprocess.run(
                [sys.executable, __file__, *words], capture_output=True, text=True, check=True
            )
            row[way][name] = {"peak_mb": float(done.stdout)}
    return row


def peak(name: str, way: str, count: int, side: int, scales: int) -> float:
    """Return by how many MB a call raises the peak of resident memory."""
    engine = "auto" if name == "scorelet" else "torch"
    transform = (
        Scattering2D(scales, (side, side), L=8)
        if name == "kymatio"
        else Scattering2d(scales, engine=engine)
    )
    pictures = torch.rand(count, 3, side, side)
    WAYS[way](transform, pictures[:1])
    before = measure.resident_mb()
    measure.forget_peak()
    WAYS[way](transform, pictures)
    return measure.peak_mb() - before


def operations_of(tables: Tables) -> float:
    """Return the floating-point operations of one image."""
    scales, angles = int(tables.sizes[0]), int(tables.sizes[1])
    total = 0.0
    for j1 in range(scales):
        terms = _terms(tables.first, tables.first_starts[j1], tables.shapes[j1, 1])
        total += angles * (4 * terms + _map(tables, j1))
        if j1 < scales - 1:
            total += angles * _fourier(tables.shapes[j1]) / 2
        for j2 in range(j1 + 1, scales):
            for angle in range(angles):
                starts = tables.second_starts[j1, j2, angle]
                terms = _terms(tables.second, starts, tables.shapes[j2, 1])
                total += angles * (4 * terms + _map(tables, j2))
    return total


def _map(tables: Tables, scale: int) -> float:
    """Inverse transform, moduli and averages of a map."""
    rows, columns = tables.shapes[scale]
    width = tables.sizes[5]
    along = np.diff(tables.columns.start[tables.column_starts[scale] :][: width + 1]).sum()
    down = np.diff(tables.rows.start[tables.row_starts[scale] :][: rows + 1]).sum()
    moduli = 4 * rows * columns
    return _fourier(tables.shapes[scale]) + moduli + 2 * rows * along + 2 * down * width


def _fourier(shape: np.ndarray) -> float:
    return 5 * float(np.prod(shape)) * math.log2(np.prod(shape))


def _terms(runs, start: int, columns: int) -> int:  # noqa: ANN001
    used = runs.start[start : start + columns + 1]
    return int(runs.terms[used[0] : used[-1], 3].sum())


def limits() -> dict[str, float]:
    """Measure the fastest matrix product and the fastest copy of this machine."""
    a, b = torch.rand(2, 2048, 2048)
    source, target = torch.rand(2, 2**26)
    product = measure.alternate({"": lambda: torch.mm(a, b)}, rounds=10)[""]
    copy = measure.alternate({"": lambda: target.copy_(source)}, rounds=10)[""]
    return {
        "gemm_flops": 2 * 2048**3 / min(product),
        "bytes_per_second": 2 * 4 * 2**26 / min(copy),
    }


if __name__ == "__main__":
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--part", choices=("speed", "memory"), default="speed")
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--quick", action="store_true", help="one case, writes nothing")
    parser.add_argument("--peak", nargs=5, help=argparse.SUPPRESS)
    words = parser.parse_args()
    if words.peak:
        print(peak(*words.peak[:2], *map(int, words.peak[2:])))
        sys.exit()
    main(words.part, words.rounds, quick=words.quick)
