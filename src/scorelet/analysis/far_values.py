"""Which value of a set of numbers stands for something else: held exactly, and far from all others.

-999, -9999 or 1e20 for "no data" is the least or the largest number, many pixels hold it exactly,
and between it and the next number there is more room than all others take.
"""

FEWEST = 4
"""Pixels that hold such a value, at least."""


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
