"""Whether pixels are as a JPEG decodes them: the cosine coefficients of blocks are whole steps."""

import numpy as np
from scipy.fft import dctn

from scorelet.core.blocks import some_blocks

_SIDE = 8
_BLOCKS = 1000
"""That are looked at, at most."""
_LEAST, _NEAR = 4, 1.0
"""Steps that are looked at, at least; and how near to whole steps decoded coefficients lie, both in
8-bit units: rounding to 8 bits puts a deviation of 0.3 into each."""
_MOST = 0.75
"""Share of the coefficients that is there; of other pixels half of those with the least step."""


def are_steps(gray: np.ndarray, ends: np.ndarray, table: tuple[int, ...]) -> bool:
    """Return whether pixels may have been decoded with a quantisation table.

    Args:
        gray: (height, width), brightness in 8-bit units.
        ends: (height, width), true where a sample is at an end of the range: it was cut off there.
        table: 64 steps, row by row.

    Returns:
        True, too, where no block tells: of one colour, or of finer steps than rounding leaves.
    """
    steps = np.reshape(table, (_SIDE, _SIDE))
    blocks, cut_off = (some_blocks(values, _SIDE, _BLOCKS) for values in (gray, ends))
    blocks = blocks[~cut_off.any((1, 2))]
    found = dctn(blocks, axes=(1, 2), norm="ortho") / steps
    whole = np.rint(found)
    told = (whole != 0) & (steps >= _LEAST)
    told[:, 0, 0] = False
    near = np.abs(found - whole) * steps <= _NEAR
    return not told.any() or bool(near[told].mean() > _MOST)
