"""How pictures are varied at random for training: shifts, and parts that are brought to their size.

References: Szegedy et al., CVPR 2015, arXiv 1409.4842, section 6 (parts of random area and shape).
"""

import math

import numpy as np
import torch
import torch.nn.functional as F

_SHAPE = math.log(4 / 3)  # largest logarithm of width over height, in units of the picture's


def shifted(pixels: np.ndarray, rng: np.random.Generator, *, padding: int) -> np.ndarray:
    """Return a random crop, of the same size, of a picture with `padding` zeros around it."""
    if not padding:
        return pixels
    wide = np.pad(pixels, ((padding, padding), (padding, padding), (0, 0)))
    top, left = rng.integers(2 * padding + 1, size=2)
    return wide[top : top + pixels.shape[0], left : left + pixels.shape[1]]


def part_of(
    height: int, width: int, rng: np.random.Generator, *, area: float
) -> tuple[slice, slice]:
    """Return the rows and columns of a random part of a picture.

    Its share of the area is uniform in [area, 1], the logarithm of its shape uniform between 3:4
    and 4:3 of the picture's; sides that would be longer than the picture's are as long.
    """
    share = rng.uniform(area, 1)
    shape = math.exp(rng.uniform(-_SHAPE, _SHAPE))
    rows = min(height, max(1, round(height * math.sqrt(share / shape))))
    columns = min(width, max(1, round(width * math.sqrt(share * shape))))
    top, left = rng.integers((height - rows + 1, width - columns + 1))
    return slice(int(top), int(top) + rows), slice(int(left), int(left) + columns)


def enlarged(x: np.ndarray, height: int, width: int) -> np.ndarray:
    """Bring floats (rows, columns, channels) to a size, by bilinear interpolation."""
    batch = torch.from_numpy(np.ascontiguousarray(x.transpose(2, 0, 1)))[None]
    size = (height, width)
    full = F.interpolate(batch, size=size, mode="bilinear", antialias=True, align_corners=False)
    return full[0].numpy().transpose(1, 2, 0)
