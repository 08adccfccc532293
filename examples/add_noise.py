"""Add white noise to a picture, to have something to denoise.

python examples/add_noise.py examples/clean/chelsea.png examples/noisy.png --sigma 25
"""

import argparse
from dataclasses import replace
from pathlib import Path

import numpy as np

from scorelet.data import from_unit, read_picture, to_unit, write_picture


def main(source: Path, target: Path, sigma: float, seed: int) -> None:
    """Write `source` plus noise of `sigma` (8-bit units), rounded and cut off like any file."""
    picture = read_picture(source)
    clean = to_unit(picture.pixels)
    noise = np.random.default_rng(seed).normal(0, sigma / 255, clean.shape)
    write_picture(target, replace(picture, pixels=from_unit(clean + noise, picture.pixels.dtype)))


if __name__ == "__main__":
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("source", type=Path)
    parser.add_argument("target", type=Path)
    parser.add_argument("--sigma", type=float, default=25.0, help="in 8-bit units")
    parser.add_argument("--seed", type=int, default=0)
    arguments = parser.parse_args()
    main(arguments.source, arguments.target, arguments.sigma, arguments.seed)
