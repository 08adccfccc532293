"""No more is taken out than the noise."""

import pytest
import torch

from scorelet.core.random import generator, randn
from scorelet.models import Locality, VarianceBoundDenoiser
from scorelet.models.denoiser import Denoiser


class Zero(Denoiser):
    """Takes everything for noise."""

    blind = True
    locality = Locality(0, 1)

    def _denoise(self, y, sigma, cond, label):
        return torch.zeros_like(y)


@pytest.mark.parametrize("level", [0.05, 0.1, 0.2, 0.3, 1.0])
def test_a_flat_signal_keeps_what_is_above_the_noise(level):
    sigma = 0.1
    y = torch.full((1, 2, 20, 24), level, dtype=torch.float64)
    move = min(level, 4 * sigma)
    expected = level - move * min(1, sigma**2 / move**2)
    found = VarianceBoundDenoiser(Zero())(y, sigma)
    torch.testing.assert_close(found, torch.full_like(y, expected))


def test_noise_alone_goes():
    y = 0.1 * randn((1, 1, 128, 128), rng=generator(0))
    found = VarianceBoundDenoiser(Zero())(y, 0.1)
    assert float(found.square().mean()) < 0.02 * 0.01


def test_a_texture_as_strong_as_ten_times_the_noise_keeps_most_of_itself():
    """The mean square error falls from 1 to below 0.01 + 0.1, of which 0.01 is the noise."""
    x = torch.ones(1, 1, 64, 64)
    x[..., ::2] = -1
    y = x + 0.1 * randn(x.shape, rng=generator(0))
    assert float((Zero()(y) - x).square().mean()) == 1
    assert float((VarianceBoundDenoiser(Zero())(y, 0.1) - x).square().mean()) < 0.02


def test_the_best_denoiser_is_left_alone():
    """Wiener's estimate of white images moves by less than the noise."""
    x = randn((1, 1, 64, 64), rng=generator(1), like=torch.zeros(1, dtype=torch.float64))
    y = x + 0.5 * randn(x.shape, rng=generator(0), like=x)
    best = _Wiener()
    torch.testing.assert_close(VarianceBoundDenoiser(best)(y, 0.5), best(y, 0.5))


class _Wiener(Denoiser):
    """E[x | y] of standard normal pixels."""

    def _denoise(self, y, sigma, cond, label):
        return y / (1 + sigma[:, None, None, None] ** 2)


def test_tiles_give_what_the_whole_gives():
    y = randn((1, 1, 60, 60), rng=generator(0))
    denoiser = VarianceBoundDenoiser(Zero())
    radius = denoiser.locality.receptive_radius
    part = denoiser(y[..., 20 - radius : 40 + radius, 20 - radius : 40 + radius], 0.5)
    expected = denoiser(y, 0.5)[..., 20:40, 20:40]
    torch.testing.assert_close(part[..., radius:-radius, radius:-radius], expected)
