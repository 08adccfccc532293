"""A toned photograph is denoised as the gray one below it: what one channel does, others do too."""

import numpy as np
import pytest
from scipy.ndimage import gaussian_filter

import noise_samples as samples
import scorelet as sl
from denoise_samples import decibels
from samples import Identity

SEPIA = np.array([1.0, 0.87, 0.66])


def bytes_of(x):
    return np.uint8(np.rint(np.clip(x, 0, 255)))


def grainy(level, seed=0):
    """A photograph (height, width, 1) and the same with grain that neighbours share."""
    x = 70 + 0.4 * samples.clean("camera")[128:288, 128:320, :1]  # nothing is cut off
    grain = gaussian_filter(np.random.default_rng(seed).standard_normal(x.shape), (1.2, 1.2, 0))
    return x, x + level * grain / grain.std()


@pytest.mark.slow
def test_grain_of_a_toned_photograph_goes_as_that_of_the_gray_one(float32):
    """`camera` takes grain of one hue with the picture for the picture: none of it went."""
    x, y = grainy(20)
    gray, toned = sl.denoise(bytes_of(y)), sl.denoise(bytes_of(y * SEPIA))
    assert (toned.noise, toned.reason) == (gray.noise, gray.reason) == ("camera", gray.reason)
    np.testing.assert_allclose(toned.image, gray.image * SEPIA, atol=2)
    gains = [
        decibels(out.image / 255, clean / 255) - decibels(bytes_of(noisy) / 255, clean / 255)
        for out, clean, noisy in ((gray, x, y), (toned, x * SEPIA, y * SEPIA))
    ]
    assert gains[1] == pytest.approx(gains[0], abs=0.1)
    assert gains[1] > 2
    assert toned.sigma == pytest.approx(gray.sigma * np.sqrt(np.mean(SEPIA**2)), rel=0.02)


@pytest.mark.slow
@pytest.mark.parametrize("noise", ["auto", "white", "camera"])
def test_a_gray_picture_in_three_channels_is_a_gray_picture(float32, noise):
    y = bytes_of(grainy(12)[1])
    gray, three = (sl.denoise(x, noise=noise) for x in (y, y.repeat(3, 2)))
    np.testing.assert_array_equal(three.image, gray.image.repeat(3, 2))
    assert (three.reason, three.warnings, three.told) == (gray.reason, gray.warnings, gray.told)


@pytest.mark.slow
def test_a_clean_toned_picture_stays_as_it_is(float32):
    y = bytes_of(gaussian_filter(grainy(0)[0], (2, 2, 0)) * SEPIA)
    assert np.abs(sl.denoise(y, noise="white").image.astype(int) - y).max() <= 2
    y = np.kron(np.arange(4, 250, 9)[:, None, None], np.ones((9, 240, 1))) * SEPIA
    np.testing.assert_array_equal(sl.denoise(bytes_of(y)).image, bytes_of(y))


@pytest.mark.slow
def test_few_photons_of_one_hue_become_floats(float32):
    x = samples.clean("camera")[:96, :96, :1]
    few = np.uint8(samples.counts(x, 5))
    gray, three = sl.denoise(few), sl.denoise(few.repeat(3, 2))
    assert three.image.dtype == gray.image.dtype == np.float32
    np.testing.assert_allclose(three.image, gray.image.repeat(3, 2), atol=1e-5)


@pytest.mark.slow
def test_gaps_and_opacity_stay(float32):
    y = (grainy(12)[1] * SEPIA).astype(np.float32)
    y[20:40, 30:50] = np.nan
    out = sl.denoise(y, noise="camera").image
    assert np.isnan(out[20:40, 30:50]).all()
    assert np.isfinite(out).sum() == np.isfinite(y).sum()
    moved = (out - y)[60:]
    np.testing.assert_allclose(moved, moved[..., :1] * SEPIA, atol=1e-3)
    clear = np.dstack([bytes_of(grainy(12)[1] * SEPIA), np.full(y.shape[:2], 77, np.uint8)])
    assert (sl.denoise(clear).image[..., 3] == 77).all()


def test_a_model_of_ones_own_gets_all_channels():
    seen = set()

    class Sees(Identity):
        def _denoise(self, y, sigma, cond, label):
            seen.add(y.shape[1])
            return y

    sl.denoise(bytes_of(grainy(12)[1] * SEPIA), model=Sees())
    assert seen == {3}
