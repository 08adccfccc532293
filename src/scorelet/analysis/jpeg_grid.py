"""Traces of JPEG: where the grid of blocks lies, and the quality that tables mean.

A JPEG stores multiples of quantisation steps for the DCT coefficients of 8x8 blocks. On the grid of
these blocks, many more coefficients are nearly zero than on grids that are moved against it.

Reference: Independent JPEG Group, libjpeg's jcparam.c, jpeg_set_quality: the scale of quality Q is
5000/Q percent of the standard table below 50, and 200 - 2 Q percent from 50 on.
"""

from collections.abc import Sequence

import numpy as np

from scorelet.analysis.block_dct import SIDE, SUM, block_dct, cut

_STANDARD_SUM = 3687
"""Sum of the 64 steps of the standard table of brightness (JPEG, annex K, table K.1)."""
_NEARLY_ZERO = 1 / 255
_BLOCKS = 600
_STANDS_OUT = 10.0
"""Robust standard deviations by which the share of zeros on a grid must stand out of the others."""


def jpeg_grid(gray: np.ndarray) -> tuple[int, int] | None:
    """Return row and column (0 to 7) of the first full block of a grid that shows, or None.

    Args:
        gray: brightness (height, width), in [0, 1].
    """
    height, width = gray.shape
    if min(height, width) < 4 * SIDE:
        return None
    shares = np.array(
        [[_zeros(gray[row:, column:]) for column in range(SIDE)] for row in range(SIDE)]
    )
    place = np.unravel_index(shares.argmax(), shares.shape)
    middle = np.median(shares)
    scatter = 1.4826 * np.median(np.abs(shares - middle)) + 0.002
    # rows and columns that are right in one direction only stand out, too, but less
    if shares[place] - middle < _STANDS_OUT * scatter:
        return None
    return int(place[0]), int(place[1])


def _zeros(gray: np.ndarray) -> float:
    """Return the share of nearly zero coefficients, in blocks that are not flat."""
    blocks = cut(gray[..., None])
    blocks = blocks[:: max(1, len(blocks) // _BLOCKS)]
    coefficients = np.abs(block_dct(blocks))
    alive = coefficients[:, SUM >= 3]
    alive = alive[(alive > _NEARLY_ZERO).any(1)]
    return float((alive < _NEARLY_ZERO).mean()) if len(alive) else 0.0


def jpeg_quality(table: Sequence[int]) -> int | None:
    """Return the quality, 1 to 100, whose table of brightness libjpeg makes most nearly.

    Args:
        table: the 64 steps of brightness, in any order.

    Returns:
        None if there are not 64 steps.
    """
    if len(table) != SIDE * SIDE:
        return None
    percent = 100 * sum(table) / _STANDARD_SUM
    quality = 5000 / percent if percent > 100 else (200 - percent) / 2
    return int(min(100, max(1, round(quality))))
