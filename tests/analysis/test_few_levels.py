"""Dots in few levels are told from all else, and what is left of them is their noise."""

import numpy as np
import pytest

from noise_samples import NAMES, clean, white
from scorelet.analysis.few_levels import few_levels

SIZE = 96


def dots(*levels, seed=0):
    """Dots of these levels by chance, (height, width, 1)."""
    return np.random.default_rng(seed).choice(levels, (SIZE, SIZE, 1))


def drawing(size=SIZE):
    """Lines of one pixel on paper."""
    i, j = np.mgrid[:size, :size]
    return np.where((i % 11 == 0) | (j % 7 == 0), 30, 220)[..., None]


@pytest.mark.parametrize("levels", [(0, 255), (40, 90, 220), (10, 90, 170, 250)])
@pytest.mark.parametrize("sigma", [1, 3])
def test_levels_are_found(levels, sigma):
    found = few_levels(white(dots(*levels), sigma))
    np.testing.assert_allclose(255 * found.levels[0], levels, atol=0.5)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_what_is_left_is_the_noise(dtype):
    """In any unit."""
    x = 1000 * dots(-1, 4)
    y = (x + 80 * np.random.default_rng(1).standard_normal(x.shape)).astype(dtype)
    rest = few_levels(y).noise_alone(y)
    assert rest.dtype == y.dtype
    np.testing.assert_allclose(rest - rest.mean(), y - x, atol=10)  # levels err by a tenth of 80


def test_a_channel_may_be_flat_and_gaps_say_nothing():
    x = np.concatenate([dots(30, 220), dots(30, 220, seed=1), np.full((SIZE, SIZE, 1), 200)], 2)
    y, mask = white(x, 3), np.ones((SIZE, SIZE), bool)
    y[:20], mask[:20] = np.arange(SIZE)[:, None], False
    assert [len(levels) for levels in few_levels(y, mask).levels] == [2, 2, 1]
    assert few_levels(y) is None


@pytest.mark.parametrize("sigma", [0, 1, 5, 25, 60])
@pytest.mark.parametrize("name", NAMES)
def test_photographs_have_none(name, sigma):
    assert few_levels(white(clean(name), sigma)) is None


@pytest.mark.parametrize("sigma", [0, 3, 25])
def test_a_drawing_has_none(sigma):
    """Denoisers know such pictures."""
    assert few_levels(white(drawing(), sigma)) is None


def test_without_noise_and_where_levels_touch_there_are_none():
    assert few_levels(np.uint8(dots(0, 255))) is None
    assert few_levels(white(dots(100, 140), 10)) is None
    counts = np.random.default_rng(0).poisson(2.0, (SIZE, SIZE, 1))
    assert few_levels(np.uint8(20 * counts)) is None


@pytest.mark.parametrize("shape", [(1, 1, 1), (1, 50, 3), (5, 3, 1)])
def test_small_pictures_have_none(shape):
    assert few_levels(np.random.default_rng(0).random(shape)) is None
