"""What benchmarks share: the machine, timings, peak memory, results in a JSON file.

Nothing heavy is imported at the top, so that a child process which measures its own memory can
use this module.
"""

import json
import os
import platform
import shlex
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

import numpy as np

Pixels = np.ndarray
Row = dict[str, Any]

FLAGS = (
    *("avx2", "fma", "avx512f", "avx512_vnni", "avx512_bf16", "avx512_fp16", "avx_vnni"),
    *("amx_tile", "amx_bf16", "amx_int8", "asimd", "sve", "bf16", "i8mm"),
)
"""Instruction sets that decide how fast convolutions are, by their names in /proc/cpuinfo."""

SAME_RUN = ("part", "cpu", "cores", "threads", "capability", "data", "quick")
"""Runs that agree in these replace each other in a results file."""

LAUNCHER = """
import json, resource, subprocess, sys, time
start = time.perf_counter()
done = subprocess.run(
    sys.argv[1:], stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True, errors="replace"
)
seconds = time.perf_counter() - start
if done.returncode:
    sys.exit(f"exit status {done.returncode}: {done.stderr[-2000:]}")
peak = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss
print(json.dumps({"seconds": seconds, "peak_mb": peak / (2**20 if sys.platform == "darwin" else 1024)}))
"""  # noqa: E501
"""A small process between us and the one measured: on Linux a child's ru_maxrss starts at what
its parent held when it was made, so a child of a large benchmark could not look small."""


@dataclass(frozen=True)
class Quartiles:
    """Median and quartiles of `count` measurements."""

    median: float
    low: float
    high: float
    count: int


def quartiles(values: Sequence[float]) -> Quartiles:
    """Return the median and the quartiles."""
    low, median, high = np.percentile(values, (25, 50, 75))
    return Quartiles(float(median), float(low), float(high), len(values))


def alternate(
    calls: dict[str, Callable[[], object]],
    *,
    rounds: int,
    warm_up: int = 1,
    clock: Callable[[], float] = time.perf_counter,
) -> dict[str, list[float]]:
    """Time calls in turns (A B A B ...), so that a change of the machine's pace meets all alike.

    Args:
        calls: name → what is timed.
        rounds: timed calls of each.
        warm_up: calls of each before, not timed.
        clock: `time.process_time` counts what the processor gave to this process, which other work
            on the machine changes little.

    Returns:
        name → seconds of each round; round k of all calls belongs together.
    """
    seconds: dict[str, list[float]] = {name: [] for name in calls}
    for turn in range(-warm_up, rounds):
        for name, call in calls.items():
            start = clock()
            call()
            elapsed = clock() - start
            if turn >= 0:
                seconds[name].append(elapsed)
    return seconds


def first_over_second(seconds: dict[str, list[float]]) -> Row:
    """Return medians of two calls, and the quartiles of how many times longer the first takes.

    Args:
        seconds: of both, round by round, as `alternate` returns them.
    """
    first, second = seconds.values()
    ratio = quartiles([a / b for a, b in zip(first, second, strict=True)])
    medians = {name: quartiles(values).median for name, values in seconds.items()}
    return {**medians, "ratio": ratio.median, "ratio_low": ratio.low, "ratio_high": ratio.high}


def run_command(command: Sequence[str | os.PathLike[str]]) -> tuple[float, float]:
    """Run a command; return its wall time in seconds and its peak resident memory in MB (2^20).

    Raises:
        RuntimeError: it failed; with the end of what it said.
    """
    words = [sys.executable, "-c", LAUNCHER, *(str(word) for word in command)]
    done = subprocess.run(words, capture_output=True, text=True)
    if done.returncode:
        raise RuntimeError(f"{shlex.join(words[3:])} failed, {done.stderr.strip()}")
    result = json.loads(done.stdout)
    return result["seconds"], result["peak_mb"]


def resident_mb() -> float:
    """Return the resident memory of this process in MB; where there is no /proc, its peak."""
    return _own_memory("VmRSS")


def peak_mb() -> float:
    """Return the peak resident memory of this process in MB, since `forget_peak` if it worked."""
    return _own_memory("VmHWM")


def forget_peak() -> None:
    """Let the peak begin at what is resident now (Linux; elsewhere nothing happens)."""
    with suppress(OSError):
        Path("/proc/self/clear_refs").write_text("5", encoding="ascii")


def machine() -> Row:
    """Describe this machine as far as it decides speed."""
    import torch

    present = _cpuinfo("flags", "Features").split()
    return {
        "cpu": _cpuinfo("model name") or platform.processor() or platform.machine(),
        "cores": _cores(),
        "threads": torch.get_num_threads(),
        "capability": torch.backends.cpu.get_cpu_capability(),
        "flags": [flag for flag in FLAGS if flag in present],
        "memory_gb": _memory_gb(),
        "system": f"{platform.system()} {platform.machine()}",
    }


def versions(*packages: str) -> dict[str, str]:
    """Return the versions of Python and of packages."""
    return {"python": platform.python_version()} | {name: _version(name) for name in packages}


def describe_run(benchmark: str, part: str, packages: Sequence[str]) -> Row:
    """Return what belongs to every result: machine, load, versions, date and command."""
    return {
        "benchmark": benchmark,
        "part": part,
        "machine": machine(),
        "load_before": round(os.getloadavg()[0], 2) if hasattr(os, "getloadavg") else None,
        "versions": versions(*packages),
        "date": datetime.now(UTC).strftime("%Y-%m-%d"),
        "command": _command(),
    }


def merge_run(path: Path, run: Row) -> None:
    """Put a run into a results file, in the place of the same part's run on a like machine."""
    from scorelet.core.files import write_text

    runs = json.loads(path.read_text(encoding="utf-8"))["runs"] if path.is_file() else []
    kept = [old for old in runs if _identity(old) != _identity(run)]
    path.parent.mkdir(parents=True, exist_ok=True)
    text = json.dumps({"runs": [*kept, run]}, indent=1, allow_nan=False)
    write_text(path, text + "\n")


def picture(height: int, width: int, channels: int, *, sigma: float = 25.0) -> Pixels:
    """Return a smooth picture with white noise, (height, width, channels) of uint8.

    Args:
        height, width, channels: its shape.
        sigma: noise level in 8-bit units.
    """
    rng = np.random.default_rng(0)
    rows = np.arange(height, dtype=np.float32)[:, None, None] / 97
    columns = np.arange(width, dtype=np.float32)[None, :, None] / 61
    phases = np.arange(channels, dtype=np.float32)
    noisy = rng.standard_normal((height, width, channels), dtype=np.float32)
    noisy *= sigma
    noisy += 128 + 40 * np.sin(rows + phases) + 40 * np.cos(columns + phases)
    return noisy.round(out=noisy).clip(0, 255, out=noisy).astype(np.uint8)


def _identity(run: Row) -> list[Any]:
    flat = run | run["machine"]
    return [flat.get(key) for key in SAME_RUN]


def _command() -> str:
    """Return how this program was called, without the folders of whoever called it."""
    script, *words = sys.argv
    shown = [Path(word).name if Path(word).is_absolute() else word for word in words]
    return shlex.join(["python", f"benchmarks/{Path(script).name}", *shown])


def _own_memory(key: str) -> float:
    status = Path("/proc/self/status")
    if status.is_file():
        line = next(li for li in status.read_text().splitlines() if li.startswith(f"{key}:"))
        return int(line.split()[1]) / 1024
    import resource

    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak / (2**20 if sys.platform == "darwin" else 1024)


def _cpuinfo(*keys: str) -> str:
    """Return the first value of one of these keys in /proc/cpuinfo, or nothing."""
    path = Path("/proc/cpuinfo")
    lines = path.read_text(encoding="utf-8").splitlines() if path.is_file() else []
    pairs = (line.partition(":") for line in lines)
    return next((value.strip() for key, _, value in pairs if key.strip() in keys), "")


def _cores() -> int:
    usable = getattr(os, "sched_getaffinity", None)
    return len(usable(0)) if usable else os.cpu_count() or 1


def _memory_gb() -> float | None:
    try:
        return round(os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE") / 2**30, 1)
    except (AttributeError, ValueError, OSError):
        return None


def _version(package: str) -> str:
    try:
        return version(package)
    except PackageNotFoundError:
        return "not installed"
