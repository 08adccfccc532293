"""Run the shell examples of a page, so that an example that no longer works is found.

The doctest build calls `run_shell_examples` at the end of a page. Lines of ``shell`` blocks that
start with ``scorelet`` are run in a temporary folder with small pictures; ``yaml`` blocks whose
first line is a comment with a file name are put there as that file.
"""

import contextlib
import io
import os
import re
import shlex
import tempfile
from collections.abc import Generator
from pathlib import Path

import numpy as np

from scorelet.cli.main import run
from scorelet.data import Picture, write_picture

PAGES = Path(__file__).parents[1]
SMALL_RUN = ("steps 2", "data.batch 2", "data.patch 16", "data.workers 0", "tensorboard false")
PICTURES = ("night.png", "scan.tif", "holiday/beach.jpg", "holiday/hill.png", "clean/a.png")


def run_shell_examples(page: str) -> None:
    """Run every ``scorelet`` line of docs/`page`; raise AssertionError where one fails."""
    text = (PAGES / page).read_text(encoding="utf-8")
    with example_folder():
        for block in re.findall(r"^```yaml\n# (\S+)\n(.*?)^```", text, re.DOTALL | re.MULTILINE):
            Path(block[0]).write_text(block[1], encoding="utf-8")
        for block in re.findall(r"^```shell\n(.*?)^```", text, re.DOTALL | re.MULTILINE):
            for line in block.replace("\\\n", " ").splitlines():
                if line.startswith("scorelet "):
                    _run_line(line)


@contextlib.contextmanager
def example_folder() -> Generator[Path]:
    """Work in a temporary folder that holds the pictures that the examples name."""
    before = Path.cwd()
    with tempfile.TemporaryDirectory() as name:
        os.chdir(name)
        try:
            for seed, picture in enumerate(PICTURES):
                Path(picture).parent.mkdir(exist_ok=True)
                write_picture(picture, Picture(noisy_pixels(seed)))
            yield Path(name)
        finally:
            os.chdir(before)


def noisy_pixels(seed: int, *, side: int = 64, sigma: float = 20.0) -> np.ndarray:
    """A colour ramp with white noise, 8 bits."""
    ramp = np.add.outer(np.arange(side), np.arange(side))[..., None] / (2 * side) * [160, 120, 80]
    noise = sigma * np.random.default_rng(seed).standard_normal(ramp.shape)
    return np.clip(np.rint(ramp + 60 + noise), 0, 255).astype(np.uint8)


def _run_line(line: str) -> None:
    words = shlex.split(line, comments=True)[1:]
    if words[0] == "train":
        words += [word for change in SMALL_RUN for word in f"--cfg.{change}".split()]
    output = io.StringIO()
    with contextlib.redirect_stdout(output), contextlib.redirect_stderr(output):
        try:
            status = run(words)
        except SystemExit as stop:  # --help
            status = stop.code or 0
    assert status == 0, f"{line!r} left with {status}:\n{output.getvalue()}"
