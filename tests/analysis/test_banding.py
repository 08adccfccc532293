"""Offsets of rows are found, and measured; what pictures show is not taken for them."""

import numpy as np
import pytest

from noise_samples import NAMES, clean, white
from scorelet.analysis.banding import banding


def gray(name, sigma=0):
    return white(clean(name), sigma).mean(2) / 255


def offsets(size, sigma):
    return sigma / 255 * np.random.default_rng(1).standard_normal((size, 1))


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("sigma", [0, 5])
def test_the_level_of_offsets_is_found(name, sigma):
    y = gray(name, sigma)
    y = y + offsets(len(y), 8)
    assert 255 * banding(y) == pytest.approx(8, rel=0.25)
    assert banding(y.T) == 0
    assert banding(1000 * y, 1000.0) == pytest.approx(1000 * banding(y))


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("sigma", [0, 3, 25])
def test_photographs_have_none(name, sigma):
    y = gray(name, sigma)
    assert banding(y) == banding(y.T) == 0


@pytest.mark.parametrize("period", [2, 3, 8])
@pytest.mark.parametrize("sigma", [0, 3])
def test_stripes_are_none(period, sigma):
    rows = (np.arange(128) % period == 0)[:, None] * np.ones(128)
    y = rows + sigma / 255 * np.random.default_rng(0).standard_normal((128, 128))
    assert banding(y) == banding(y.T) == 0


@pytest.mark.parametrize("period", [3, 4, 5, 8, 16])
def test_waves_are_none(period):
    y = 0.5 + 0.2 * np.sin(2 * np.pi * np.arange(128) / period)[:, None] * np.ones(128)
    assert banding(y) == banding(y.T) == 0


@pytest.mark.parametrize("size", [48, 128])
def test_offsets_alone_are_found(size):
    """A dark frame."""
    y = 0.5 + offsets(size, 10) * np.ones(128)
    assert 255 * banding(y) == pytest.approx(10, rel=0.25)


@pytest.mark.parametrize("shape", [(31, 200), (200, 127), (1, 1)])
def test_small_pictures_have_none(shape):
    assert banding(np.random.default_rng(0).random(shape)) == 0
