"""A bound for the model of cameras: what it takes out is even among places of like brightness.

Symbols: m move of a pixel, from the picture to its estimate; r root mean square of m in a block of
16x16 pixels, b brightness of the block; rho(b) the quantile 0.2 of r among blocks of like b.

    m  ->  m min(1, 1.5 rho(b) / r),    the factor interpolated between the centres of blocks.

A camera's noise depends on the brightness, not on what is shown. Where far more is taken out than
at other places as bright, it is texture: gravel, sand, cloth. Blocks that hardly move (painted,
cut off at white) say nothing of the noise and are left out of rho.
"""

import numpy as np
import torch
import torch.nn.functional as F

from scorelet.data import to_unit

Pixels = np.ndarray

SIDE = 16
"""Of a block, in pixels."""
GROUPS, FEWEST = 8, 32
"""Most groups of like brightness, and the fewest blocks of a group."""
QUANTILE, TIMES = 0.2, 1.5
STILL = 0.1
"""Blocks that move less than this share of the median of all that move are left out of rho."""


def evened(before: Pixels, after: Pixels) -> Pixels:
    """Return the estimate `after` of a picture `before`, moves shortened where they are too large.

    Pictures of fewer than 32 blocks stay as they are.
    """
    bright, root = _block_means(before, after)
    bound = TIMES * _typical(bright, root)
    share = np.divide(bound, root, out=np.ones_like(root), where=root > bound)
    if share.min() == 1:
        return after
    factor = _between_blocks(share, before.shape[:2])
    result = np.empty_like(after)
    for top in range(0, len(before), SIDE):
        rows = slice(top, top + SIDE)
        start, end = (x[rows].astype(np.float64) for x in (before, after))
        moved = start + factor[rows, :, None] * (end - start)
        result[rows] = np.rint(moved) if after.dtype.kind == "u" else moved
    return result


def _block_means(before: Pixels, after: Pixels) -> tuple[np.ndarray, np.ndarray]:
    """Return the mean brightness of blocks, and the root mean square of their moves."""
    width = before.shape[1]
    starts = np.arange(0, width, SIDE)
    widths = np.diff(np.append(starts, width))
    bright, square = [], []
    for top in range(0, len(before), SIDE):
        start, end = (to_unit(x[top : top + SIDE]).astype(np.float64) for x in (before, after))
        for means, values in ((bright, start), (square, (end - start) ** 2)):
            columns = values.mean((0, 2))
            means.append(np.add.reduceat(columns, starts) / widths)
    return np.array(bright), np.sqrt(square)


def _typical(bright: np.ndarray, root: np.ndarray) -> np.ndarray:
    """Return rho(b) of each block; infinite where nothing can be said."""
    moving = root > STILL * np.median(root[root > 0]) if root.any() else root > 0
    b, r = bright[moving], root[moving]
    groups = min(GROUPS, len(b) // FEWEST)
    if not groups:
        return np.full_like(root, np.inf)
    parts = np.array_split(np.argsort(b, kind="stable"), groups)
    centres = [np.median(b[part]) for part in parts]
    levels = [np.quantile(r[part], QUANTILE) for part in parts]
    return np.interp(bright, centres, levels)


def _between_blocks(share: np.ndarray, size: tuple[int, ...]) -> np.ndarray:
    """Return a number of each pixel, linear between the centres of blocks."""
    blocks = torch.from_numpy(share.astype(np.float32))[None, None]
    whole = [SIDE * n for n in share.shape]
    fine = F.interpolate(blocks, size=whole, mode="bilinear", align_corners=False)
    return fine[0, 0, : size[0], : size[1]].numpy()
