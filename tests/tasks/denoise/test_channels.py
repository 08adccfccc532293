"""Where one channel is far noisier, its noise goes and the others keep their details."""

import numpy as np
import pytest

import scorelet as sl
from noise_samples import clean, white

pytestmark = pytest.mark.usefixtures("float32")

LEVELS = np.array([3, 3, 16])


def photograph():
    return clean("chelsea")[20:180, 60:220]


def error(x):
    """By channel."""
    return np.sqrt(np.mean((x - photograph().astype(float)) ** 2, (0, 1)))


def said(out):
    return [text for text in out.warnings if text.startswith("one channel is noisier")]


@pytest.mark.parametrize("unit", [None, 10.0])
def test_channels_are_denoised_apart(unit):
    y = white(photograph(), LEVELS)
    out = sl.denoise(y if unit is None else (unit * y).astype(np.float32))
    scale = unit or 1
    assert (error(out.image / scale) < (2.7, 2.7, 6)).all()  # at once: 3.6, 3.7, 6.2
    assert [("in blue" in text) for text in said(out)] == [True]
    level = out.sigma * (255 if unit is None else 1 / scale)
    assert level == pytest.approx(np.sqrt(np.mean(LEVELS**2)), rel=0.1)


def test_another_model_does_it_at_once():
    assert not said(sl.denoise(white(photograph(), LEVELS), model=sl.load("photo")))


def test_the_mask_and_the_strength_hold():
    y = white(photograph(), LEVELS)
    mask = np.zeros(y.shape, bool)
    mask[10:30, 40:70] = True
    out, half = (sl.denoise(np.ma.array(y, mask=mask), strength=s).image.data for s in (1.0, 0.5))
    np.testing.assert_array_equal(half[mask], y[mask])
    np.testing.assert_allclose(half[~mask], (y[~mask] + out[~mask].astype(float)) / 2, atol=0.5)


@pytest.mark.parametrize("level", [0, 10])
def test_like_noise_is_not_said_to_be_unlike(level):
    assert not said(sl.denoise(white(photograph(), level)))
