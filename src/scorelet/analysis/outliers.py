"""Isolated outliers, as salt and pepper: pixels far from all their neighbours.

Symbols: y a pixel, n_1 <= ... <= n_8 its neighbours in order, s the spread n_7 - n_2, which is free
of one neighbour at either end.

    y is an outlier    if    max(y - n_7, n_2 - y) > max(3 s, m)    and    s > 0.

Where s is 0 pixels repeat each other, as in drawings and dither, and a dot is no fault.
"""

import numpy as np

Pixels = np.ndarray

TIMES = 3.0
"""The distance of an outlier, in s."""


def outliers(plane: Pixels, least: float) -> tuple[float, float]:
    """Return the shares of pixels that are far above their neighbours, and far below.

    Args:
        plane: (height, width), floats.
        least: m, in their unit.
    """
    if min(plane.shape) < 3:
        return 0.0, 0.0
    inner = plane[1:-1, 1:-1]
    left, right = inner - plane[1:-1, :-2], inner - plane[1:-1, 2:]
    may_be = np.maximum(left, right) > least
    may_be |= np.minimum(left, right) < -least
    rows, columns = np.nonzero(may_be)
    y = inner[rows, columns]
    around = [(i, j) for i in range(3) for j in range(3) if (i, j) != (1, 1)]
    n = np.sort([plane[rows + i, columns + j] for i, j in around], axis=0)
    spread = n[6] - n[1]
    far = np.where(spread > 0, np.maximum(TIMES * spread, least), np.inf)
    return float((y - n[6] > far).sum() / inner.size), float((n[1] - y > far).sum() / inner.size)
