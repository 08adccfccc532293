"""Whether a picture is drawn in cells of one colour each, as pixel art, maps of tiles and codes.

Symbols: d the sizes of differences of neighbours, in a block; n side of a cell in pixels.

Such pictures differ everywhere, as noisy ones, but by two scales. A share 1 - 1/n of all neighbours
lie in one cell and differ by noise alone, the others by the contrast of two cells: for n of 2 to 6
noise has the quantile 0.4 of d, and contrast the quantile 0.9. Differences of Gaussian noise are
Gaussian, whatever neighbours share of it, and have one scale: the first is 0.32 of the second.
Texture had 0.12 at least, and cells with noise of 8 of 255 had 0.11 at most.
"""

import numpy as np

WITHIN, ACROSS = 0.4, 0.9
"""Quantiles of d: of neighbours in one cell, and in two."""
RATIO = 0.11
"""Of the first over the second, in cells."""
CONTRAST = 16 / 255
"""Least contrast of cells: far above the rounding of samples, and the noise of cameras."""


def is_drawn(blocks: np.ndarray) -> bool:
    """Whether blocks (number, height, width), in [0, 1], are drawn in cells: at least half are."""
    if not blocks.size:
        return False
    down, across = (np.abs(np.diff(blocks, axis=axis)) for axis in (1, 2))
    sizes = np.concatenate([x.reshape(len(blocks), -1) for x in (down, across)], axis=1)
    within, contrast = np.quantile(sizes, (WITHIN, ACROSS), axis=1)
    return bool(np.mean((contrast > CONTRAST) & (within < RATIO * contrast)) >= 1 / 2)
