"""Which numbers of a set stand for something else than the rest.

-999, -9999 or 1e20 for "no data" is the least or the largest number, many pixels hold it exactly,
and between it and the next number there is more room than all others take. Defects (a hit, a number
that overflowed) are few, differ from each other, and are farther away still.
"""

import numpy as np

FEWEST = 4
"""Pixels that hold such a value, at least."""
TAIL = 0.001
"""Share of the numbers on either side that is not looked at to find how wide the rest is."""
WIDTHS = 10
"""Distance from the rest, in widths of it, from which a number is a defect."""


def stands_apart(
    value: float, count: int, others: tuple[float, float], *, width: float | None = None
) -> bool:
    """Whether a value is held so often and is so far away that it is none of the others.

    Args:
        value: below or above all others.
        count: of pixels that hold it.
        others: the least and the largest of them; where they are one number nothing is far, as in
            fields of two values.
        width: of the others; from the least to the largest if None.
    """
    low, high = others
    wide = high - low if width is None else width
    return count >= FEWEST and high > low and max(low - value, value - high) > wide


def far_off(values: np.ndarray) -> np.ndarray:
    """Whether numbers lie more than ten times as far outside the rest as the rest is wide.

    The rest lies between the quantiles 0.001 and 0.999; where it has no width nothing is far.

    Args:
        values: floats of any shape, at least one, all finite.
    """
    with np.errstate(over="ignore", invalid="ignore"):  # nothing is far if the width overflows
        low, high = np.quantile(values, [TAIL, 1 - TAIL])
        room = WIDTHS * (high - low)
        far = (values < low - room) | (values > high + room)
    return far & (room > 0)
