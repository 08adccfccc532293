"""What the model of cameras takes out has no direction: where it has one, less is taken out.

Symbols: f_t(y) the estimate at level t; d = f_{t/2}(y) - f_t(y), what the second half of the level
takes out, its brightness, blurred by a Gaussian of 1 pixel; J the mean of grad d grad d^T around a
pixel, by a Gaussian of 6; its eigenvalues a >= b.

    f  ->  f + w d,    w from 0 at (a - b) / (a + b) = 0.3 to 1 at 0.6.

Noise runs in no direction: of pictures of cameras of which many shots are known the median of that
ratio is 0.2, that of corduroy, of the grain of wood, and of mortar in a dark wall 0.4 to 0.6. The
level of grain is that of most places, and faint lines are less than it.
"""

import numpy as np
from scipy import ndimage

from scorelet.core.blocks import block_means
from scorelet.data import luma, to_unit
from scorelet.tasks.denoise.ways.between import between_blocks

Pixels = np.ndarray

SHARE = 0.5
"""Of the level, at which the other estimate is made."""
LEAST = 6 / 255
"""Level below which nothing is lost, in the unit of what a network is shown."""
NONE, WHOLE = 0.3, 0.6
"""Of the ratio: up to the first all that f_t takes out is noise, from the second on none of d."""
CELL = 4
"""Side of the blocks over whose means the second Gaussian is taken, in pixels."""
BLUR, AROUND = 1.0, 6.0
_BAND, _MARGIN = 64 * CELL, 2 * CELL
"""Rows that are looked at together, and those beside them that a gradient needs."""


def with_lines(strong: Pixels, weak: Pixels) -> Pixels:
    """Return the strong estimate, and of what the weak one has more that which has a direction.

    Args:
        strong, weak: estimates at the level t and at t/2, (height, width, channels), of one dtype.
    """
    if min(strong.shape[:2]) < CELL:
        return strong
    share = np.clip((_directed(strong, weak) - NONE) / (WHOLE - NONE), 0, 1)
    if not share.any():
        return strong
    kept = between_blocks(share, CELL, strong.shape[:2])
    result = np.empty_like(strong)
    for top in range(0, len(strong), _BAND):
        rows = slice(top, top + _BAND)
        full, half = (x[rows].astype(np.float64) for x in (strong, weak))
        mixed = full + kept[rows, :, None] * (half - full)
        result[rows] = np.rint(mixed) if strong.dtype.kind == "u" else mixed
    return result


def _directed(strong: Pixels, weak: Pixels) -> np.ndarray:
    """Return (a - b) / (a + b) of cells."""
    height = len(strong) // CELL * CELL
    parts = [_products(strong, weak, top, height) for top in range(0, height, _BAND)]
    blur = AROUND / CELL
    across, both, down = (
        ndimage.gaussian_filter(x, blur) for x in np.moveaxis(np.concatenate(parts), 2, 0)
    )
    total = across + down
    gap = np.hypot(across - down, 2 * both)
    return np.divide(gap, total, out=np.zeros_like(gap), where=total > 0)


def _products(strong: Pixels, weak: Pixels, top: int, height: int) -> np.ndarray:
    """Return the three numbers of J of cells in a band, (rows, columns, 3); gaps say nothing."""
    first, last = max(0, top - _MARGIN), min(len(strong), top + _BAND + _MARGIN)
    full, half = (to_unit(x[first:last]) for x in (strong, weak))
    d = half.astype(np.float64) - full
    d = (luma(d) if d.shape[2] == 3 else d).mean(2)
    d = ndimage.gaussian_filter(np.nan_to_num(d, posinf=0, neginf=0), BLUR)
    down, across = np.gradient(d)
    products = np.stack((across**2, across * down, down**2), axis=-1)
    return block_means(products[top - first : min(top + _BAND, height) - first], CELL)
