"""Draw a photograph, its wavelet coefficients on two scales, and what the coarsest ones know.

In the middle the low band is at the top left, as a small picture; around it are the details of each
scale, H to the right, V below, D across, in which mid-gray is zero. On the right is the photograph
that the low band alone gives back.

Run:  python examples/draw_scales.py examples/clean/chelsea.png docs/images/scales.png
"""

import sys
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from scorelet.data import Picture, from_unit, luma, read_picture, to_unit, write_picture
from scorelet.wavelets import OrthogonalWavelet, Pyramid

SIDE, LEVELS, GAP, CONTRAST = 224, 2, 8, 6


def main(source: Path, path: Path) -> None:
    """Write the drawing of the middle of `source` to `path`."""
    x = _middle(luma(to_unit(read_picture(source).pixels)))
    wavelet = OrthogonalWavelet("sym4", levels=LEVELS)
    pyramid = wavelet.analyze(x)
    coarse = Pyramid(pyramid.low, tuple(torch.zeros_like(d) for d in pyramid.details))
    space = torch.ones(SIDE, GAP)
    row = torch.cat([x, space, layout(pyramid), space, wavelet.synthesize(coarse)], 1)
    path.parent.mkdir(parents=True, exist_ok=True)
    pixels = row.clamp(0, 1).numpy()[..., None]
    write_picture(path, Picture(from_unit(pixels, np.dtype(np.uint8))))


def layout(pyramid: Pyramid) -> Tensor:
    """Lay the coefficients out as one picture; a level doubles what is constant, undone here."""
    levels = len(pyramid.details)
    square = pyramid.low / 2**levels
    for level, (H, V, D) in zip(range(levels, 0, -1), pyramid.details, strict=True):
        H, V, D = (0.5 + CONTRAST * band / 2**level for band in (H, V, D))
        square = torch.cat([torch.cat([square, H], 1), torch.cat([V, D], 1)], 0)
    return square


def _middle(gray: np.ndarray) -> Tensor:
    top, left = ((length - SIDE) // 2 for length in gray.shape[:2])
    return torch.from_numpy(gray[top : top + SIDE, left : left + SIDE, 0].astype(np.float32))


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
