"""One channel that is noisier than the others is found, and no picture is taken for it."""

from dataclasses import replace

import numpy as np
import pytest

from noise_samples import NAMES, clean, white
from scorelet.analysis.channel_noise import channel_noise
from scorelet.analysis.local_noise import local_noise


def found(x, levels, step=1 / 255):
    y = white(x, np.array(levels))
    return channel_noise(local_noise(y if step else 3 * y.astype(np.float32) - 100), step)


@pytest.mark.parametrize("noisiest", range(3))
@pytest.mark.parametrize("step", [0.0, 1 / 255])
def test_it_is_found_with_the_levels(noisiest, step):
    levels = np.where(np.arange(3) == noisiest, 20, 5)
    noise = found(np.full((160, 160, 3), 128), levels, step)
    assert noise.noisiest == noisiest
    np.testing.assert_allclose(noise.levels, levels * (1 / 255 if step else 3), rtol=0.15)


def test_it_is_found_in_a_photograph():
    assert found(clean("chelsea"), (4, 4, 16)).noisiest == 2


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("levels", [0, 3, 10, 25, (10, 10, 15)])
def test_photographs_with_like_noise_have_none(name, levels):
    assert found(clean(name), levels) is None


@pytest.mark.parametrize("tint", [(1, 0.1, 0.05), (1.5, 1, 0), (0.02, 0.02, 1)])
def test_texture_of_one_colour_is_no_noise(tint):
    assert found(clean("chelsea") * np.array(tint), 0) is None


def test_noise_that_is_cut_off_in_the_others_is_like_noise():
    """Red and green are black with the noise of blue, half of which is gone."""
    assert found(np.full((160, 160, 3), (0, 0, 128)), 10) is None
    bright = np.where(np.arange(160)[:, None, None] < 80, (0, 0, 128), 128)
    assert found(bright * np.ones((160, 160, 1)), 10) is None


def test_of_few_squares_nothing_is_said():
    assert found(np.full((64, 64, 3), 128), (5, 5, 20)) is None


def test_a_noisy_photograph_on_a_page_of_text_has_no_noisier_channel():
    """Whatever is read off the text, most squares have the same noise in all channels."""
    rng = np.random.default_rng(0)
    page = np.full((384, 384, 3), 245.0)
    page[10:40:3, 30:300:2] = 20
    page[64:320, 64:320] = 200 + 20 * rng.standard_normal((256, 256, 3))
    noise = local_noise(np.clip(np.rint(page), 0, 255).astype(np.uint8))
    known = np.isfinite(noise.fine).all(2)
    fine = noise.fine.copy()
    fine[:2][known[:2]] = (0.5 / 255, 0.5 / 255, 9 / 255)
    assert channel_noise(replace(noise, fine=fine), 1 / 255) is None
