"""Speed of the orthogonal wavelet transform beside ptwt and pytorch_wavelets.

All take float32 pictures (n, 1, h, w). pytorch_wavelets and scorelet compute the same coefficients
(mode periodization); ptwt has no such mode, its mode periodic keeps a few more at the borders. The
limit is a copy of the pictures by torch: an orthogonal transform has to read and to write as much.
"""

import sys
import types
import warnings
from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path
from typing import IO

import torch
from measure import Row, alternate, quartiles

from scorelet.wavelets import OrthogonalWavelet
from scorelet.wavelets.orthogonal.banded import analyze_levels

CASES = (
    ((16, 1, 256, 256), "db4", 4),
    ((512, 1, 32, 32), "db2", 3),
    ((4, 1, 512, 512), "db4", 5),
)
ROUND_TRIP = ((64, 1, 256, 256), "db4", 4)
OURS, LIMIT = "scorelet", "copy"
Calls = dict[str, Callable[[], object]]


def measure_wavelets(*, quick: bool) -> dict[str, list[Row]]:
    """Return rows of forward transforms, ratios and round trips."""
    rounds = 3 if quick else 60
    rows, ratios = [], []
    with torch.inference_mode(), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for shape, name, levels in CASES:
            seconds = alternate(_forward(shape, name, levels), rounds=rounds, warm_up=3)
            rows += _rows(_case(shape, name, levels), seconds)
            ratios += _ratios(_case(shape, name, levels), seconds)
        trips = alternate(_round_trips(*ROUND_TRIP), rounds=max(rounds // 3, 2), warm_up=2)
    return {
        "rows": rows,
        "ratios": ratios,
        "round trips": _rows(_case(*ROUND_TRIP), trips),
        "training steps": _gradients(rounds),
    }


def _forward(shape: tuple[int, ...], name: str, levels: int) -> Calls:
    x = torch.randn(shape)
    wavelet = OrthogonalWavelet(name, levels)
    target = torch.empty_like(x)
    calls: Calls = {
        OURS: lambda: wavelet.analyze(x),
        "scorelet, torch path": lambda: analyze_levels(x, wavelet._cascade.axis, levels, 2),
        LIMIT: lambda: target.copy_(x),
    }
    return calls | _ptwt(x, name, levels) | _pytorch_wavelets(x, name, levels)


def _ptwt(x: torch.Tensor, name: str, levels: int) -> Calls:
    if find_spec("ptwt") is None:
        return {}
    import ptwt

    return {"ptwt": lambda: ptwt.wavedec2(x, name, mode="periodic", level=levels)}


def _pytorch_wavelets(x: torch.Tensor, name: str, levels: int) -> Calls:
    package = _import_pytorch_wavelets()
    if package is None:
        return {}
    forward = package.DWTForward(J=levels, wave=name, mode="periodization")
    return {"pytorch_wavelets": lambda: forward(x)}


def _import_pytorch_wavelets() -> types.ModuleType | None:
    """Import the package; it needs pkg_resources, which setuptools has dropped, to open tables."""
    spec = find_spec("pytorch_wavelets")
    if spec is None or spec.origin is None:
        return None
    folder = Path(spec.origin).parent / "dtcwt"

    def resource_stream(_: str, name: str) -> IO[bytes]:
        return (folder / name).open("rb")

    stand_in = types.ModuleType("pkg_resources")
    stand_in.resource_stream = resource_stream  # ty: ignore[unresolved-attribute]
    sys.modules.setdefault("pkg_resources", stand_in)
    import pytorch_wavelets

    return pytorch_wavelets


def _round_trips(shape: tuple[int, ...], name: str, levels: int) -> Calls:
    x = torch.randn(shape)
    wavelet = OrthogonalWavelet(name, levels)
    calls: Calls = {OURS: lambda: wavelet.synthesize(wavelet.analyze(x))}
    if find_spec("ptwt") is None:
        return calls
    import ptwt

    def trip() -> torch.Tensor:
        return ptwt.waverec2(ptwt.wavedec2(x, name, mode="periodic", level=levels), name)

    return calls | {"ptwt": trip}


def _gradients(rounds: int) -> list[Row]:
    """Forward and backward of the sum of squares, at the first case."""
    shape, name, levels = CASES[0]
    x = torch.randn(shape, requires_grad=True)
    wavelet = OrthogonalWavelet(name, levels)

    def step() -> None:
        x.grad = None
        wavelet.analyze(x).energy().backward()

    return _rows(_case(shape, name, levels), alternate({OURS: step}, rounds=max(rounds // 3, 2)))


def _case(shape: tuple[int, ...], name: str, levels: int) -> str:
    return f"{'x'.join(map(str, shape))} {name}, {levels} levels"


def _rows(case: str, seconds: dict[str, list[float]]) -> list[Row]:
    rows = []
    for program, times in seconds.items():
        found = quartiles([1e3 * t for t in times])
        rows.append(
            {
                "case": case,
                "program": program,
                "milliseconds": found.median,
                "milliseconds_low": found.low,
                "milliseconds_high": found.high,
                "repetitions": found.count,
            }
        )
    return rows


def _ratios(case: str, seconds: dict[str, list[float]]) -> list[Row]:
    """How many times as fast scorelet is, round by round; for the copy, the share of its speed."""
    rows = []
    for program, times in seconds.items():
        if program == OURS:
            continue
        ratios = [theirs / ours for theirs, ours in zip(times, seconds[OURS], strict=True)]
        found = quartiles(ratios)
        rows.append(
            {
                "case": case,
                "beside": "memory limit (a copy)" if program == LIMIT else program,
                "times_as_fast": found.median,
                "times_as_fast_low": found.low,
                "times_as_fast_high": found.high,
                "repetitions": found.count,
            }
        )
    return rows
