"""Noise of colours goes, which the model of three channels leaves in."""

import numpy as np
import pytest

import scorelet as sl

pytestmark = pytest.mark.usefixtures("float32")


def smooth(size=96):
    """Slow colours, in bytes."""
    y, x = np.mgrid[:size, :size] / size
    return 255 * np.dstack([0.2 + 0.1 * x, 0.3 + 0.05 * y, 0.4 + 0.04 * (x + y)])


def noisy(sigma, share=0.0, seed=0):
    """Noise of which so much is left of what the channels have in common: 1 is white."""
    z = np.random.default_rng(seed).standard_normal(smooth().shape)
    return smooth() + sigma * (z - (1 - share) * z.mean(2, keepdims=True))


def said(out):
    return [text for text in out.warnings if text.startswith("the noise is one of colours: ")]


@pytest.mark.parametrize("unit", [None, 10.0])
def test_noise_of_colours_goes_channel_by_channel(unit):
    y = noisy(20)
    given = np.uint8(np.rint(y.clip(0, 255))) if unit is None else np.float32(unit * y)
    out, scale = sl.denoise(given), unit or 1
    error = out.image / scale - smooth()
    assert np.sqrt(np.mean(error**2)) < 2
    assert out.sigma * (255 if unit is None else 1 / scale) == pytest.approx(16.3, rel=0.15)
    assert [text.endswith("the channels were denoised one by one") for text in said(out)] == [True]


def test_another_model_leaves_it_and_says_so():
    out = sl.denoise(np.uint8(noisy(20).clip(0, 255)), model=sl.load("photo"))
    assert [text.endswith("denoise the channels one by one") for text in said(out)] == [True]


def test_the_mask_and_the_strength_hold():
    y = np.uint8(noisy(20).clip(0, 255))
    mask = np.zeros(y.shape, bool)
    mask[10:30, 40:70] = True
    out = sl.denoise(np.ma.array(y, mask=mask), strength=0.5)
    np.testing.assert_array_equal(out.image.data[mask], y[mask])
    error = (out.image.data - smooth())[~mask]
    assert np.sqrt(np.mean(error**2)) == pytest.approx(16.3 / 2, rel=0.2)


def test_white_noise_is_not_said_to_be_of_colours():
    assert not said(sl.denoise(np.uint8(noisy(20, 1.0).clip(0, 255))))
