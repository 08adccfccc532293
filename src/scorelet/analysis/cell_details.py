"""How large the diagonal details of cells are: white noise has them everywhere.

Symbols: y picture, d = y00 - y01 - y10 + y11 the detail of 2×2 samples, 2 σ z of white noise.
"""

import numpy as np

from scorelet.analysis.local_noise import GAUSSIAN_MEDIAN
from scorelet.core.blocks import blocks_by_place
from scorelet.data import to_unit

Pixels = np.ndarray

CELL = 8
"""Side of a cell in pixels."""
TO_SIGMA = 1 / (2 * GAUSSIAN_MEDIAN)
FEWEST = 16
"""Cells from which something is known."""
QUIET = 0.02
"""Share of the cells that counts as the quietest."""
LOOKED_AT = 1 << 14
"""About how many cells are measured."""


def cell_details(pixels: Pixels, cells: np.ndarray) -> Pixels:
    """Return the medians of |d| in cells of 8×8 samples; `TO_SIGMA` times that is σ of white noise.

    Args:
        pixels: (height, width, channels); integers count in the unit of [0, 1] images.
        cells: (height // 8, width // 8), which cells are measured; every n-th if they are many.

    Returns:
        (cells measured, channels), float64.
    """
    rows, columns = np.nonzero(cells)
    step = max(1, len(rows) // LOOKED_AT)
    y = blocks_by_place(pixels, CELL)[rows[::step], columns[::step]]
    y = to_unit(y).astype(np.float64)
    with np.errstate(over="ignore", invalid="ignore"):  # numbers near the largest
        detail = y[:, ::2, ::2] - y[:, ::2, 1::2] - y[:, 1::2, ::2] + y[:, 1::2, 1::2]
    return np.median(np.abs(detail), axis=(1, 2))
