"""Memory, time and start-up of the command line, each command a process of its own."""

import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from measure import Row, picture, quartiles, run_command

from scorelet.data import Picture, write_picture

SMALL = 256


def measure_processes(*, quick: bool) -> dict[str, list[Row]]:
    """Return a row per command: wall time and peak resident memory, reading and writing included.

    The order of the rows tells what start-up is made of: Python with torch, the command line
    without work, a small picture, 24 million pixels.
    """
    often, seldom = (1, 1) if quick else (5, 3)
    height, width = (300, 400) if quick else (4000, 6000)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        small = _write(folder / "small.png", SMALL, SMALL, 3)
        large = _write(folder / "large.png", height, width, 3)
        return {
            "rows": [
                _row("python -c 'import torch'", [sys.executable, "-c", "import torch"], often),
                _row("scorelet --help", [*program(), "--help"], often),
                _row(f"scorelet denoise, {SMALL}x{SMALL} colour PNG", _denoise(small), often),
                _row(f"scorelet denoise, {width}x{height} colour PNG", _denoise(large), seldom),
            ]
        }


def program() -> list[str]:
    """Return the words that start scorelet: its script beside this Python, or the module."""
    script = Path(sys.executable).with_name("scorelet")
    return [str(script)] if script.is_file() else [sys.executable, "-m", "scorelet"]


def _denoise(source: Path) -> list[str]:
    target = source.with_stem(source.stem + "_denoised")
    return [*program(), "denoise", str(source), "-o", str(target), "--overwrite", "--device", "cpu"]


def _write(path: Path, height: int, width: int, channels: int) -> Path:
    write_picture(path, Picture(picture(height, width, channels)))
    return path


def _row(what: str, command: Sequence[str], repetitions: int) -> Row:
    results = [run_command(command) for _ in range(repetitions)]
    time = quartiles([seconds for seconds, _ in results])
    return {
        "command": what,
        "seconds": time.median,
        "seconds_low": time.low,
        "seconds_high": time.high,
        "peak_mb": max(peak for _, peak in results),
        "repetitions": repetitions,
    }
