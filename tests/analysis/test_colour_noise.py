"""Noise of colours is found with its level, and no picture or white noise is taken for it."""

import numpy as np
import pytest

from noise_samples import NAMES, clean, white
from scorelet.analysis.colour_noise import colour_noise


def colours(size=96, seed=0):
    """Noise of unit deviation less its mean over channels."""
    z = np.random.default_rng(seed).standard_normal((size, size, 3))
    return z - z.mean(2, keepdims=True)


def test_levels_are_found():
    found = colour_noise(0.5 + 0.04 * colours())
    assert found.differences == pytest.approx(0.04, rel=0.05)
    assert found.total < 1e-9
    assert found.sigma == pytest.approx(0.04 * (2 / 3) ** 0.5, rel=0.05)


def test_gaps_and_other_units():
    y, mask = 100 + 30 * colours(), np.ones((96, 96), bool)
    y[:40], mask[:40] = np.nan, False
    assert colour_noise(y, bounded=False, mask=mask).differences == pytest.approx(30, rel=0.05)


@pytest.mark.parametrize("sigma", [0, 1, 3, 10, 25])
def test_photographs_with_white_noise_have_none(sigma):
    assert colour_noise(white(clean("chelsea"), sigma) / 255) is None


@pytest.mark.parametrize("channels", [1, 3])
def test_white_noise_alone_is_not_of_colours(channels):
    y = 0.5 + 0.05 * np.random.default_rng(0).standard_normal((96, 96, channels))
    assert colour_noise(y) is None


@pytest.mark.parametrize("size", [8, 48])
def test_of_few_blocks_nothing_is_said(size):
    assert colour_noise(0.5 + 0.04 * colours(size)) is None


@pytest.mark.parametrize("name", NAMES)
def test_gray_pictures_have_none(name):
    assert colour_noise(np.repeat(clean(name)[..., :1], 3, 2) / 255) is None
