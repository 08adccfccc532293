"""Noise by squares: white noise is found, structure is not taken for it, gaps are not looked at."""

import numpy as np
import pytest

from scorelet.analysis import local_noise as module
from scorelet.analysis.local_noise import SCATTER, SQUARE, local_noise
from scorelet.data import from_unit


def white(*shape, sigma=0.1, seed=0):
    return (0.5 + sigma * np.random.default_rng(seed).standard_normal(shape)).astype(np.float32)


@pytest.mark.parametrize("channels", [1, 3])
def test_white_noise_is_found_at_both_scales(channels):
    """A median of n Gaussian magnitudes has the relative standard error 1.17/√n."""
    noise = local_noise(white(512, 512, channels))
    assert noise.fine.shape == (16, 16, channels)
    squares = noise.fine.size
    assert noise.fine.mean() == pytest.approx(0.1, rel=4 * SCATTER / squares**0.5 + 0.005)
    assert noise.fine.std() == pytest.approx(0.1 * SCATTER, rel=4 / (2 * squares) ** 0.5)
    assert noise.coarse.mean() == pytest.approx(0.1, rel=8 * SCATTER / squares**0.5 + 0.02)
    assert noise.level() == pytest.approx(0.1, rel=0.03)


def test_each_place_has_its_level():
    pixels = white(64, 96, 1)
    pixels[:, 32:64] = 0.5 + 3 * (pixels[:, 32:64] - 0.5)
    fine = local_noise(pixels).fine[..., 0]
    np.testing.assert_allclose(fine, [[0.1, 0.3, 0.1]] * 2, rtol=4 * SCATTER)


def test_edges_text_and_stars_are_no_noise():
    """What fills less than half of the places does not move a median."""
    pixels = np.full((64, 64, 1), 0.2)
    pixels[10:12, :] = pixels[:, 40] = 0.9
    pixels[5::13, 7::11] = 1e4
    noise = local_noise(pixels)
    assert (noise.fine == 0).all()
    assert (noise.coarse == 0).all()
    assert noise.level() == 0
    assert (noise.middle == 0.2).all()


def test_noise_that_is_smoothed_over_a_pixel_shows_one_scale_up():
    pixels = white(256, 256, 1)
    smooth = sum(np.roll(pixels, (i, j), (0, 1)) for i in (0, 1) for j in (0, 1)) / 4
    noise = local_noise(smooth)
    assert noise.fine.mean() < 0.03
    assert noise.sigma(bounded=False).min() > 0.04


def test_masked_samples_do_not_count():
    pixels, other = white(96, 96, 1), white(96, 96, 1)
    mask = np.ones((96, 96), bool)
    mask[:40, :50] = False
    other[~mask] = np.random.default_rng(1).uniform(-9999, 9999, (*other[~mask].shape,))
    one, two = local_noise(pixels, mask), local_noise(other, mask)
    for a, b in zip(vars(one).values(), vars(two).values(), strict=True):
        np.testing.assert_array_equal(a, b)
    assert np.isnan(one.fine[0, 0, 0])
    np.testing.assert_allclose(one.fine[1:, 2], 0.1, rtol=4 * SCATTER)


def test_parts_make_no_difference(monkeypatch):
    pixels = white(200, 330, 3)
    whole = local_noise(pixels)
    monkeypatch.setattr(module, "CHUNK", 2 * SQUARE)
    for a, b in zip(vars(whole).values(), vars(local_noise(pixels)).values(), strict=True):
        np.testing.assert_array_equal(a, b)


def test_noise_that_is_cut_off_counts_as_that_of_other_places():
    """Black at -2 σ: few samples differ from 0, and their median of details is 0."""
    pixels = white(64, 128, 1)
    pixels[:, :64] -= 0.7
    noise = local_noise(from_unit(pixels, "uint8"))
    assert noise.fine[:, :2].max() < 0.02
    np.testing.assert_allclose(noise.sigma(bounded=True), 0.1, rtol=0.3)
    assert noise.sigma(bounded=False)[:, :2].max() < 0.1


@pytest.mark.parametrize("shape", [(1, 1, 1), (1, 50, 3), (7, 3, 1)])
def test_where_there_are_too_few_samples_nothing_is_known(shape):
    noise = local_noise(white(*shape))
    assert np.isnan(noise.fine).all()
    assert noise.level() == 0
