"""Dots of a screen stay, and their noise goes: with the shipped model."""

import numpy as np
import pytest

import scorelet as sl

pytestmark = pytest.mark.usefixtures("float32")

BAYER = np.array([[0, 8, 2, 10], [12, 4, 14, 6], [3, 11, 1, 9], [15, 7, 13, 5]])


def dither(low, high, size=96):
    i, j = np.mgrid[:size, :size]
    shade = 8 + 7 * np.sin(i / 9) * np.cos(j / 7)
    return low + (high - low) * (shade > np.tile(BAYER, (size // 4, size // 4)))


def rms(x):
    return float(np.sqrt(np.mean(np.square(x))))


@pytest.mark.parametrize("unit", [None, 1.0, 1000.0])
@pytest.mark.parametrize("sigma", [1, 3, 10])
def test_noise_of_dots_goes(sigma, unit):
    """In bytes, and in floats of any unit; rounding is a third of a level."""
    x = 255 * dither(0.15, 0.85)
    y = x + sigma * np.random.default_rng(0).standard_normal(x.shape)
    y = np.uint8(np.rint(y)) if unit is None else np.float32(y / 255 * unit)
    out, scale = sl.denoise(y), 1 if unit is None else 255 / unit
    assert rms(scale * out.image.astype(float) - x) < 0.1 * sigma + (unit is None) * 0.3
    assert out.sigma * (255 if unit is None else scale) == pytest.approx(sigma, rel=0.2, abs=0.35)


@pytest.mark.parametrize("sigma", [1, 3, 10])
def test_where_noise_is_cut_off_dots_come_nearer_to_black_and_white(sigma):
    x = 255 * dither(0, 1)
    y = x + sigma * np.random.default_rng(0).standard_normal(x.shape)
    y = np.uint8(np.rint(y.clip(0, 255)))
    assert rms(sl.denoise(y).image - x) < 0.8 * rms(y - x)
