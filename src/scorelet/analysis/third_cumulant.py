"""The third cumulant of white noise, by a contrast of neighbours.

r = (4 y - the four neighbours) / sqrt(20) has the variance of white noise, and (4^3 - 4) / 20^1.5
times its third cumulant. The standard error is that of Gaussian noise: of two r with the
correlation c the cubes have the covariance 9 c + 6 c^3, c = -0.4, 0.1 and 0.05 beside, across the
corner and two apart.
"""

import math

import numpy as np

CUBES = (36 * 15 - 120 * 3.984 + 100 * 0.906 + 96 * 0.45075) / 36
"""Variance of the mean of n cubes of contrasts in blocks of 6x6 of them, times n / variance^3."""
SHARE = 60 / 20**1.5
"""Third cumulant of r over that of the noise."""
POWER = 2.5
"""Mean square of r in a block over the median of all up to which it holds noise only."""


def third_cumulant(blocks: np.ndarray) -> tuple[float, float]:
    """Return the third cumulant of noise in blocks (n, 8, 8), and its standard error."""
    r = _contrasts(blocks)
    error = math.sqrt(CUBES / r.size) * float((r**2).mean()) ** 1.5
    return float((r**3).mean()) / SHARE, error / SHARE


def plain_blocks(blocks: np.ndarray) -> np.ndarray:
    """Return the blocks without stars and the like, of which few would make up the cumulant."""
    power = (_contrasts(blocks) ** 2).mean((1, 2))
    return blocks[power <= POWER * np.median(power)]


def _contrasts(blocks: np.ndarray) -> np.ndarray:
    inner = slice(1, -1)
    around = (
        *(blocks[:, :-2, inner], blocks[:, 2:, inner]),
        *(blocks[:, inner, :-2], blocks[:, inner, 2:]),
    )
    return (4 * blocks[:, inner, inner] - sum(around)) / math.sqrt(20)
