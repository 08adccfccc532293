"""Banding: rows that are brighter or darker as wholes, as sensors and scanners make them.

Symbols: m_ik median over strip k of row i of the second difference 2 y_i - y_(i-1) - y_(i+1), in
four strips side by side. What a picture shows in one strip says nothing of the sign of m in
another: all four agree in one row of eight by chance. Offsets of whole rows have one sign in all,
and, as each is by chance, it changes from 73 rows in 100 to the next; of waves it does so seldom.
"""

import numpy as np

from scorelet.analysis.local_noise import GAUSSIAN_MEDIAN

Pixels = np.ndarray

STRIPS = 4
FEWEST = 32
"""Rows, and pixels of a strip across, from which something is said."""
AGREE = 0.65
"""Share of the rows whose strips agree, from which there is banding; pages of text have 0.6."""
CHANGE = 0.55
"""Share of the rows from which the sign changes to the next."""
LEAST, MOST = 1.5 / 255, 0.45
"""Median of |m| between which rows are noise, of the unit, and of the span of the plane, of which
offsets alone have 0.36, and stripes of two or three pixels 1 and more."""


def banding(plane: Pixels, unit: float = 1.0) -> float:
    """Return the standard deviation of the offsets of rows; 0 where there is no banding.

    Args:
        plane: (height, width), floats.
        unit: what counts as 1.
    """
    height, width = plane.shape
    if height < FEWEST or width < STRIPS * FEWEST:
        return 0.0
    second = 2 * plane[1:-1] - plane[:-2] - plane[2:]
    strips = second[:, : width // STRIPS * STRIPS].reshape(height - 2, STRIPS, -1)
    medians = np.median(strips, axis=2)
    size = float(np.median(np.abs(medians))) / unit
    sign = np.sign(medians).sum(1)
    if (np.abs(sign) == STRIPS).mean() < AGREE or (sign[1:] * sign[:-1] < 0).mean() < CHANGE:
        return 0.0
    span = float(np.subtract(*np.quantile(plane, (0.99, 0.01)))) / unit
    if not LEAST < size < MOST * span:
        return 0.0
    return size * unit / (GAUSSIAN_MEDIAN * 6**0.5)  # 6 = 2² + 1 + 1, Gaussian offsets
