"""Where channels tell one picture, and how they follow from one of them."""

import numpy as np
import pytest

from scorelet.analysis.toning import toning

SEPIA, BASE = np.array([0.87, 1.0, 0.66]), np.array([3.0, 10.0, 0.0])


def gray(shape=(40, 300), seed=0):
    return np.random.default_rng(seed).uniform(20, 230, shape)[..., None]


@pytest.mark.parametrize("cut", [np.rint, np.floor])
@pytest.mark.parametrize(
    ("dtype", "unit"), [("uint8", 1), ("uint16", 257), ("float64", 1e-9), ("float64", 1e9)]
)
def test_slopes_of_a_toned_picture_are_found(cut, dtype, unit):
    y = gray() * SEPIA + BASE
    y = (unit * y if dtype == "float64" else cut(unit * y)).astype(dtype)
    found = toning(y)
    assert found.channel == 1
    np.testing.assert_allclose(found.slopes, SEPIA, rtol=2e-3)
    assert found.strength == pytest.approx(np.sqrt(np.mean(SEPIA**2)), rel=2e-3)


def test_a_gray_picture_in_three_channels_has_slopes_of_one():
    assert toning(np.uint8(gray().repeat(3, 2))).slopes == pytest.approx((1, 1, 1))


def test_what_is_cut_off_says_nothing():
    y = np.uint8(np.clip(np.rint(1.3 * gray() * SEPIA), 0, 255))
    assert (y == 255).mean() > 0.05
    np.testing.assert_allclose(toning(y).slopes, SEPIA, rtol=5e-3)


@pytest.mark.parametrize("channel", [0, 1, 2])
def test_what_is_cut_off_is_at_that_end_of_the_line(channel):
    """A gray picture beside a panel in one colour, as microscopes store them."""
    y = np.uint8(gray().repeat(3, 2))
    assert toning(y) is not None
    y[:, 200:, [k for k in range(3) if k != channel]] = 0
    assert toning(y) is None


def test_one_pixel_of_another_colour_makes_a_picture_of_colours():
    y = np.uint8(gray((600, 300)) * SEPIA)
    assert toning(y) is not None
    y[571, 3, 0] += 9
    assert toning(y) is None
    mask = np.ones(y.shape[:2], bool)
    mask[571] = False
    assert toning(y, mask) is not None


def test_noise_of_each_channel_makes_a_picture_of_colours():
    noise = np.random.default_rng(1).normal(0, 2, (40, 300, 3))
    assert toning(np.uint8(np.rint(gray() * SEPIA + BASE + noise))) is None


@pytest.mark.parametrize("value", [0, 7, 255])
def test_one_colour_or_channel_and_what_is_black_and_white_are_not_toned(value):
    assert toning(np.full((30, 30, 3), value, np.uint8)) is None
    assert toning(np.uint8(gray())) is None
    assert toning(np.uint8(255 * (gray() > 100)).repeat(3, 2)) is None
