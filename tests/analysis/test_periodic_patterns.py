"""Patterns come back after a period, and noise does not: laws of autocorrelations."""

import numpy as np
import pytest
from scipy import ndimage

from scorelet.analysis.periodic_patterns import FAR, NEAR, SQUARE, periodicity


def noise(*shape, seed=0):
    return np.random.default_rng(seed).standard_normal(shape)


def brute_force(m):
    """By its definition, pair by pair."""
    m = m - m.mean()
    around = ndimage.uniform_filter(m**2, SQUARE)
    m = m / np.sqrt(around + 1e-3 * np.mean(m**2))
    rows, columns = m.shape
    found = []
    for i in range(-min(FAR, rows // 3), min(FAR, rows // 3) + 1):
        for j in range(-min(FAR, columns // 3), min(FAR, columns // 3) + 1):
            if max(abs(i), abs(j)) >= NEAR:
                a = m[max(0, -i) : rows - max(0, i), max(0, -j) : columns - max(0, j)]
                b = m[max(0, i) : rows + min(0, i), max(0, j) : columns + min(0, j)]
                found.append(np.mean(a * b))
    return max(found) / np.mean(m**2)


@pytest.mark.parametrize("shape", [(24, 31), (40, 17), (9, 60)])
def test_it_is_the_largest_of_all_pairs(shape):
    m = ndimage.gaussian_filter(noise(*shape), 1.5)
    assert periodicity(m) == pytest.approx(brute_force(m), abs=1e-9)


@pytest.mark.parametrize("period", [6.0, 11.3, 25.0])
def test_a_pattern_and_noise_add_their_powers(period):
    rows, columns = np.mgrid[:256, :256] * (2 * np.pi / period)
    pattern = 2 * np.sin(rows) * np.sin(columns + rows / 3)  # of power 1
    for level in (0.0, 1.0):
        m = pattern + level * noise(256, 256)
        assert periodicity(m) == pytest.approx(1 / (1 + level**2), abs=0.06)


def test_a_strong_pattern_in_one_place_does_not_outweigh_noise():
    rows, columns = np.mgrid[:256, :256]
    m = noise(256, 256)
    m[80:176, 80:176] += 20 * (np.sin(rows) * np.sin(columns))[80:176, 80:176]
    assert periodicity(m) < 0.3  # 0.9 of the power is in it


@pytest.mark.parametrize("blur", [0.0, 0.7, 1.5])
def test_noise_that_neighbours_share_does_not_come_back(blur):
    assert periodicity(ndimage.gaussian_filter(noise(256, 256), blur)) < 0.1


@pytest.mark.parametrize("m", [np.zeros((64, 64)), np.full((64, 64), 3.0), noise(4, 4)])
def test_of_nothing_it_is_nothing(m):
    assert periodicity(m) == 0
