"""Try a few parameters of other packages' methods, so that they are compared at their best.

    python benchmarks/denoise_tune.py [--data photos/bsd_val32]

Prints the mean PSNR of each, best first, by channel count and noise level; a few minutes. Choose
from it in `denoise_peers.parameters`. The pictures are others than those of the comparison.
"""

import argparse
from collections.abc import Iterator
from itertools import product
from typing import Any

import denoise_peers
import torch
from measure import Pixels

from scorelet.analysis import psnr
from scorelet.analysis.denoising import noisy_pairs
from scorelet.core.typing import Image
from scorelet.data import load_pictures, locate

LEVELS = (15.0, 25.0, 50.0, 75.0)
STEP, SIDE = 8, 256
"""Every eighth picture, cut to so many pixels."""
GRIDS: dict[str, dict[str, tuple[Any, ...]]] = {
    "scikit-image NL means": {"h": (0.5, 0.6, 0.8, 1.0), "patch": (3, 5, 7), "distance": (6, 11)},
    "scikit-image wavelet": {
        "wavelet": ("db1", "db2", "sym4"),
        "method": ("BayesShrink", "VisuShrink"),
    },
    "OpenCV NL means": {
        "h": (0.6, 0.7, 0.75, 0.8, 0.85, 0.9, 1.0, 1.15),
        "template": (7,),
        "search": (21,),
    },
}


def main() -> None:
    """Print the grids."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", default="photos/bsd_val32", help="a folder of clean pictures")
    folder = locate(parser.parse_args().data)
    for channels, level, name in product((1, 3), LEVELS, GRIDS):
        pictures = [p[:SIDE, :SIDE] for p in load_pictures(folder, channels=channels)[::STEP]]
        pairs = list(noisy_pairs(pictures, level))
        found = [(_mean(name, pairs, level, grid), grid) for grid in _points(GRIDS[name])]
        chosen = denoise_peers.parameters(name, channels, level)
        print(f"{name}, {channels} channels, sigma {level:g}; chosen: {chosen}")
        for decibels, grid in sorted(found, key=lambda pair: -pair[0])[:4]:
            print(f"  {decibels:.2f} dB  {grid}", flush=True)


def _points(grid: dict[str, tuple[Any, ...]]) -> Iterator[dict[str, Any]]:
    for values in product(*grid.values()):
        yield dict(zip(grid, values, strict=True))


def _mean(
    name: str, pairs: list[tuple[Image, Image]], level: float, parameters: dict[str, Any]
) -> float:
    total = 0.0
    for clean, noisy in pairs:
        pixels: Pixels = noisy[0].permute(1, 2, 0).contiguous().numpy()
        estimate = denoise_peers.METHODS[name](pixels, level / 255, **parameters)
        batch = torch.from_numpy(estimate).float().permute(2, 0, 1)[None].clamp(0, 1)
        total += float(psnr(batch, clean))
    return total / len(pairs)


if __name__ == "__main__":
    main()
