"""Integers on a pedestal, as thermal cameras and X-ray detectors count, are shown as floats are."""

import numpy as np
import pytest
from scipy.ndimage import gaussian_filter

import noise_samples as samples
import scorelet as sl
from samples import waves
from scorelet.data import Picture
from scorelet.tasks.denoise import DenoiseSettings
from scorelet.tasks.denoise.noise.choice import choose_for_stack
from scorelet.tasks.denoise.shown.pedestal import on_pedestal

pytestmark = pytest.mark.usefixtures("float32")

PEDESTAL, SPAN, SIGMA = 7000, 300, 20


def counts(clean, *, smooth=0.0, seed=0):
    """Counts of 16 bits above a pedestal, and what they are without their noise."""
    noise = np.random.default_rng(seed).standard_normal(clean.shape)
    noise = gaussian_filter(noise, smooth) if smooth else noise
    mean = PEDESTAL + SPAN * clean
    return np.uint16(np.rint(mean + SIGMA * noise / noise.std())), mean


def thermal(**options):
    return counts(samples.clean("camera")[:256, :256, 0] / 255, **options)


@pytest.mark.parametrize("channels", [1, 3])
@pytest.mark.parametrize("strength", [1.0, 0.5])
def test_counts_are_denoised_as_the_same_numbers_in_floats(channels, strength):
    pixels, clean = counts(waves(96, 96, channels))
    out, floats = (sl.denoise(y, strength=strength) for y in (pixels, pixels.astype("float32")))
    np.testing.assert_allclose(out.image, floats.image, atol=0.6)  # rounding, and float32
    assert out.sigma * 65535 == pytest.approx(floats.sigma, rel=0.01)
    if strength == 1:
        error = np.sqrt(np.square(out.image - clean.reshape(out.image.shape)).mean())
        assert error < 0.4 * SIGMA  # above 0.6 where the pedestal is shown


def test_the_range_of_counts_is_that_of_the_picture():
    """Nothing is said of bits that are not used, and shared noise is found in it."""
    pixels, _ = thermal()
    assert sl.denoise(pixels).warnings == ()
    pixels, _ = thermal(smooth=0.8)
    out, floats = sl.denoise(pixels), sl.denoise(pixels.astype("float32"))
    assert (out.noise, floats.noise) == ("camera", "camera")
    np.testing.assert_allclose(out.image, floats.image, atol=1.1)  # rounded twice


def test_a_stack_of_counts_is_judged_by_their_range():
    pages = [Picture(thermal(smooth=0.8, seed=seed)[0][..., None]) for seed in range(2)]
    choice = choose_for_stack(pages, 2, DenoiseSettings())
    assert choice is not None
    assert choice.noise == "camera"


def test_where_there_is_a_pedestal():
    low = np.arange(20000, 24970, dtype=np.uint16).reshape(70, -1, 1)[:, :, [0, 0, 0]]
    assert on_pedestal(low)
    assert not on_pedestal(low - 200)  # less than four times the range
    assert not on_pedestal(np.full_like(low, 20000))  # of one colour
    assert not on_pedestal(low.astype("float32"))
    assert not on_pedestal((low // 257).astype("uint8"))
    for value in (0, 65535):
        held = low.copy()
        held[5, 5, 1] = value
        assert not on_pedestal(held)
        assert on_pedestal(held, held[..., 1] != value)


def test_there_is_none_where_noise_is_cut_off():
    noise = np.random.default_rng(0).standard_normal((128, 128, 1))
    counted = np.linspace(20000, 20800, 128)[:, None, None] + 100 * noise
    assert on_pedestal(np.uint16(counted))
    assert not on_pedestal(np.uint16(np.maximum(counted, 20000)))
