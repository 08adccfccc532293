"""A bound for the model of cameras: what it takes out is even among places of like brightness.

Symbols: m move of a pixel, from the picture to its estimate; r root mean square of m in a block of
16x16 pixels, b brightness of the block; rho(b) the quantile 0.2 of r among blocks of like b.

    m  ->  m min(1, 1.5 rho(b) / r),    the factor interpolated between the centres of blocks.

A camera's noise depends on the brightness, not on what is shown. Where far more is taken out than
at other places as bright, it is texture: gravel, sand, cloth. Blocks that hardly move (painted,
cut off at white) and blocks with gaps (NaN) say nothing of the noise and are left out of rho.
"""

import numpy as np

from scorelet.core.blocks import block_means
from scorelet.data import to_unit
from scorelet.tasks.denoise.ways.between import between_blocks

Pixels = np.ndarray

SIDE = 16
"""Of a block, in pixels."""
GROUPS, FEWEST = 8, 32
"""Most groups of like brightness, and the fewest blocks of a group."""
QUANTILE, TIMES = 0.2, 1.5
STILL = 0.1
"""Blocks that move less than this share of the median of all that move are left out of rho."""
_BAND = 16 * SIDE
"""Rows that are looked at together: large pictures need no copies of their size."""


def evened(before: Pixels, after: Pixels) -> Pixels:
    """Return the estimate `after` of a picture, moves shortened where they are too large.

    Args:
        before, after: (height, width, channels), of one dtype, in any unit. Pictures of fewer than
            32 blocks that move stay as they are.
    """
    if min(before.shape[:2]) < SIDE:
        return after
    bright, root = _blocks(before, after)
    bound = TIMES * _typical(bright, root)
    share = np.divide(bound, root, out=np.ones_like(root), where=root > bound)
    if share.min() == 1:
        return after
    factor = between_blocks(share, SIDE, before.shape[:2])
    result = np.empty_like(after)
    for rows in _bands(len(before)):
        start, end = (x[rows].astype(np.float64) for x in (before, after))
        moved = start + factor[rows, :, None] * (end - start)
        result[rows] = np.rint(moved) if after.dtype.kind == "u" else moved
    return result


def _bands(height: int) -> list[slice]:
    return [slice(top, min(top + _BAND, height)) for top in range(0, height, _BAND)]


def _blocks(before: Pixels, after: Pixels) -> tuple[np.ndarray, np.ndarray]:
    """Return the mean brightness of blocks, and the root mean square of their moves."""
    bright, square = [], []
    for rows in _bands(len(before) // SIDE * SIDE):
        start, end = (to_unit(x[rows]).astype(np.float64) for x in (before, after))
        bright.append(block_means(start, SIDE).mean(2))
        square.append(block_means((end - start) ** 2, SIDE).mean(2))
    return np.concatenate(bright), np.sqrt(np.concatenate(square))


def _typical(bright: np.ndarray, root: np.ndarray) -> np.ndarray:
    """Return rho(b) of each block; infinite where nothing can be said."""
    moving = root > 0  # not of NaN
    if moving.any():
        moving &= root > STILL * np.median(root[moving])
    b, r = bright[moving], root[moving]
    groups = min(GROUPS, len(b) // FEWEST)
    if not groups:
        return np.full_like(root, np.inf)
    parts = np.array_split(np.argsort(b, kind="stable"), groups)
    centres = [np.median(b[part]) for part in parts]
    levels = [np.quantile(r[part], QUANTILE) for part in parts]
    return np.interp(bright, centres, levels)
