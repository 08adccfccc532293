"""How strong grain is: what the model of cameras takes out of quiet places, and a JPEG's steps."""

import numpy as np
import pytest
import torch

import noise_samples as samples
from scorelet.analysis.local_noise import local_noise
from scorelet.models.denoiser import Denoiser
from scorelet.tasks.denoise.grain_level import (
    BLOCK,
    LEVEL,
    MOST,
    POWER,
    USUAL,
    grain_level,
)
from scorelet.tasks.denoise.settings import DenoiseSettings
from scorelet.tasks.denoise.view import look


class Takes(Denoiser):
    """Takes out what it was made with."""

    blind = True

    def __init__(self, noise):
        super().__init__()
        self.noise, self.seen = noise, []

    def _denoise(self, y, sigma, cond, label):
        self.seen.append(tuple(y.shape[2:]))
        rows, columns = y.shape[2:]
        return y - torch.from_numpy(self.noise[:rows, :columns]).permute(2, 0, 1)[None].to(y)


def view_of(pixels):
    return look(pixels, local_noise(pixels), mask=None, scaled=False)


def flat(size=256):
    return np.full((size, size, 3), 0.5, np.float32)


def cells(size, level, side=4):
    """Noise that is the same in all channels and in cells of side x side pixels."""
    coarse = np.random.default_rng(0).standard_normal((size // side, size // side, 1))
    return (level * coarse.repeat(side, 0).repeat(side, 1)).repeat(3, 2).astype(np.float32)


def test_the_level_is_the_root_of_the_power_at_slow_frequencies():
    """Cells of 4x4 pixels of deviation s have means over 4x4 pixels of deviation s: 4 s."""
    found = grain_level(view_of(flat()), Takes(cells(256, 0.01)), None)
    expected = LEVEL * (4 * 0.01 / USUAL) ** POWER
    assert found == pytest.approx(expected, rel=0.15)  # a low quantile of blocks
    low = grain_level(view_of(flat()), Takes(cells(256, 0.01, side=1)), None)
    assert low == pytest.approx(expected / 4**POWER, rel=0.15)  # means of 16 pixels have a quarter


def test_the_faintest_counts_as_none():
    levels = [255 * grain_level(view_of(flat()), Takes(cells(256, s / 255)), None) for s in (
        0.01, 0.06, 0.1, 0.3)]  # fmt: skip
    assert levels[0] == levels[1] == 0
    assert 1 <= levels[2] < levels[3]


def test_places_where_much_is_taken_out_do_not_count():
    """Half of the blocks are texture."""
    noise = cells(256, 0.01)
    even = grain_level(view_of(flat()), Takes(noise), None)
    noise[:, 64:] *= 20
    assert grain_level(view_of(flat()), Takes(noise), None) < 1.5 * even


def test_a_jpeg_is_worth_a_share_of_its_step():
    still = Takes(np.zeros((256, 256, 3), np.float32))
    assert grain_level(view_of(flat()), still, None) == 0
    assert grain_level(view_of(flat()), still, 24 / 255) == pytest.approx(7 / 255)
    assert grain_level(view_of(flat()), still, 3 / 255) == 0
    grain = Takes(cells(256, 0.01))
    assert grain_level(view_of(flat()), grain, 24 / 255) > 14 / 255  # the larger one


def test_grain_that_may_be_texture_is_bounded_by_the_jpeg():
    grain = Takes(cells(256, 0.02))
    found = [255 * grain_level(view_of(flat()), grain, s / 255, sure=False) for s in (0, 14, 54)]
    assert found == [0, pytest.approx(1.6 * 3.5), pytest.approx(17.5 + 5)]
    faint = Takes(cells(256, 0.001))
    assert grain_level(view_of(flat()), faint, 54 / 255, sure=False) == pytest.approx(17.5 / 255)


def test_a_window_is_looked_at():
    still = Takes(np.zeros((MOST, MOST, 3), np.float32))
    grain_level(view_of(np.full((2000, 1500, 1), 0.5, np.float32)), still_gray(), None)
    for size in ((40, 30), (256, 256), (2000, 100)):
        grain_level(view_of(np.full((*size, 3), 0.5, np.float32)), still, None)
    assert still.seen == [(40, 30), (128, 128), (223, 100)]
    assert BLOCK <= 40


def still_gray():
    return Takes(np.zeros((MOST, MOST, 1), np.float32))


@pytest.mark.slow
@pytest.mark.parametrize("gain", [1, 2, 4])
def test_grain_of_cameras_is_told_by_its_strength(gain):
    """Grain of the same picture made stronger: the level follows, within a factor of 1.5."""
    x = samples.clean("chelsea").astype(np.float32) / 255
    y = samples.shot(samples.clean("chelsea")).astype(np.float32) / 255
    camera = DenoiseSettings().camera().denoiser
    one, more = (grain_level(view_of(x + k * (y - x)), camera, None) for k in (1, gain))
    assert gain / 1.5 < more / one < gain * 1.5
