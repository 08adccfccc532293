"""Calls that are timed in turns, by the seconds that the threads compute."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import torch
from measure import Row, quartiles


def compared(calls: dict[str, Callable[[], None]], quick: bool) -> Row:
    """Return seconds of each call, in turns, and the quartiles of fourier / kernels."""
    seconds = in_turns(calls, quick)
    pairs = zip(seconds["kernels"], seconds["fourier"], strict=True)
    ratio = quartiles([fourier / kernels for kernels, fourier in pairs])
    row = {name: round(quartiles(times).median, 5) for name, times in seconds.items()}
    return row | {
        "ratio": round(ratio.median, 2),
        "low": round(ratio.low, 2),
        "high": round(ratio.high, 2),
    }


def in_turns(calls: dict[str, Callable[[], None]], quick: bool) -> dict[str, list[float]]:
    seconds: dict[str, list[float]] = {name: [] for name in calls}
    for turn in range(2 if quick else 4):
        for name, call in calls.items():
            elapsed = cpu_seconds(call)
            if turn:  # the first compiles
                seconds[name].append(elapsed)
    return seconds


def median_seconds(call: Callable[[], object], quick: bool) -> float:
    call()
    return quartiles([cpu_seconds(call) for _ in range(1 if quick else 5)]).median


def cpu_seconds(call: Callable[[], object]) -> float:
    start = time.process_time()
    call()
    return max(time.process_time() - start, 1e-9)


def wall_seconds(call: Callable[[], object], quick: bool) -> float:
    call()
    times = []
    for _ in range(1 if quick else 7):
        start = time.perf_counter()
        call()
        times.append(time.perf_counter() - start)
    return quartiles(times).median


@contextmanager
def autocast(precision: str) -> Iterator[None]:
    with torch.autocast("cpu", torch.bfloat16, enabled=precision == "bfloat16"):
        yield
