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
SMALL_RUNS = {
    "denoise": ("steps 2", "batch 2", "data.patch 16", "workers 0", "tensorboard false"),
    "classify": ("workers 0", "tensorboard false"),
}
"""What is changed in the configurations of a task, so that an example takes a moment."""
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
            write_textures(Path("textures"))
            yield Path(name)
        finally:
            os.chdir(before)


def write_textures(folder: Path) -> None:
    """Write a folder of two classes, each with pictures to train and to test."""
    rng = np.random.default_rng(0)
    row, column = np.mgrid[:40, :40]
    for part, count in (("train", 16), ("test", 4)):
        for name in ("dots", "stripes"):
            (folder / part / name).mkdir(parents=True)
            for number in range(count):
                down, across = (np.cos(0.8 * axis + rng.uniform(0, 6)) for axis in (row, column))
                wave = 2 * down * across if name == "dots" else 2 * down
                pixels = 128 + 40 * wave[..., None] + rng.normal(0, 15, (40, 40, 3))
                picture = Picture(np.clip(np.rint(pixels), 0, 255).astype(np.uint8))
                write_picture(folder / part / name / f"{number}.png", picture)


def noisy_pixels(seed: int, *, side: int = 64, sigma: float = 20.0) -> np.ndarray:
    """A colour ramp with white noise, 8 bits."""
    ramp = np.add.outer(np.arange(side), np.arange(side))[..., None] / (2 * side) * [160, 120, 80]
    noise = sigma * np.random.default_rng(seed).standard_normal(ramp.shape)
    return np.clip(np.rint(ramp + 60 + noise), 0, 255).astype(np.uint8)


def _task(config: str) -> str:
    text = Path(config).read_text(encoding="utf-8") if Path(config).is_file() else ""
    return "classify" if re.search(r"^task: classify$", text, re.MULTILINE) else "denoise"


def _run_line(line: str) -> None:
    words = shlex.split(line, comments=True)[1:]
    if words[0] == "train":
        changes = SMALL_RUNS[_task(words[1])]
        words += [word for change in changes for word in f"--cfg.{change}".split()]
    output = io.StringIO()
    with contextlib.redirect_stdout(output), contextlib.redirect_stderr(output):
        try:
            status = run(words)
        except SystemExit as stop:  # --help
            status = stop.code or 0
    assert status == 0, f"{line!r} left with {status}:\n{output.getvalue()}"
