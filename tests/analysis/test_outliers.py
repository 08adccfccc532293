"""Salt and pepper are counted, and neither photographs nor noise nor drawings hold any."""

import numpy as np
import pytest

from noise_samples import NAMES, clean, white
from scorelet.analysis.outliers import outliers

LEAST = 40.0


def gray(name, sigma=0):
    return white(clean(name), sigma)[..., 1].astype(float)


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("sigma", [0, 10])
def test_most_of_them_are_counted(name, sigma):
    """Those in edges and side by side are not."""
    y, chance = gray(name, sigma), np.random.default_rng(0).random(clean(name).shape[:2])
    y[chance < 0.02], y[chance > 0.99] = 0, 255
    low, high = 0.02, 0.01
    above, below = outliers(y, LEAST)
    assert 0.3 * high < above < high
    assert 0.3 * low < below < low


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("sigma", [0, 3, 10])
def test_photographs_hold_next_to_none(name, sigma):
    assert sum(outliers(gray(name, sigma), LEAST)) < 5e-4


@pytest.mark.parametrize("kind", ["checkerboard", "dots", "lines"])
def test_drawings_hold_none(kind):
    i, j = np.mgrid[:60, :60]
    drawn = {"checkerboard": (i + j) % 2, "dots": (i % 4 + j % 4 == 0), "lines": i % 5 == 0}[kind]
    assert outliers(255.0 * drawn, LEAST) == (0, 0)


@pytest.mark.parametrize("shape", [(2, 9), (9, 1)])
def test_without_neighbours_there_are_none(shape):
    assert outliers(np.zeros(shape), LEAST) == (0, 0)
