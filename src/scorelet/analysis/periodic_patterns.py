"""Whether a difference of two pictures comes back after a period, as patterns do and no noise does.

Symbols: m a difference, less its mean, over its deviation in the square of 32x32 pixels around, so
that a strong pattern in one place does not outweigh the rest; r(l) the mean of m(x) m(x + l) over
the pixels x of which both are in the picture.

Noise that neighbours share is forgotten within a few pixels: r(l) / r(0) is below 0.1 for all l of
`NEAR` pixels or more. Screens, weaves, and halftone dots come back after each period, with more
than 0.6. (Exact repetition, sample by sample, is `scorelet.analysis.repetition`.)
"""

import numpy as np
from scipy.fft import irfft2, next_fast_len, rfft2
from scipy.ndimage import uniform_filter

NEAR, FAR = 5, 40
"""Lags that are looked at, in pixels along the rows or the columns."""
SQUARE = 32
"""Side in pixels of the squares by whose deviation a difference is divided."""
_NOTHING = 1e-3
"""Share of the whole deviation that is added to theirs: what hardly changes stays small."""


def periodicity(m: np.ndarray) -> float:
    """Return the largest r(l) / r(0) of (height, width), 0 where nothing changes.

    Lags are at most a third of a side.
    """
    m = m - m.mean(dtype=np.float64)
    power, far = float(np.square(m).mean()), [min(FAR, n // 3) for n in m.shape]
    if power == 0 or max(far) < NEAR:
        return 0.0
    m = m / np.sqrt(uniform_filter(np.square(m), SQUARE) + _NOTHING * power)
    sides = [next_fast_len(n + k) for n, k in zip(m.shape, far, strict=True)]
    sums = irfft2(np.abs(rfft2(m, sides)) ** 2, sides)
    down, across = (np.arange(-k, k + 1) for k in far)
    pairs = np.outer(m.shape[0] - np.abs(down), m.shape[1] - np.abs(across))
    lags = np.maximum(np.abs(down)[:, None], np.abs(across))
    r = sums[np.ix_(down, across)] / pairs
    return float(r[lags >= NEAR].max() / np.square(m).mean())
