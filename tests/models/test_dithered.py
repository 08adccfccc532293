"""White noise that drowns noise of another kind: closed forms."""

import pytest
import torch

from laws.denoiser_laws import assert_close
from samples import Pointwise
from scorelet.core.errors import InputError
from scorelet.core.random import generator, randn
from scorelet.models import CorrelatedNoise, DitheredDenoiser, StationaryGaussianDenoiser
from scorelet.models.denoiser import Denoiser

DOUBLE = torch.zeros((), dtype=torch.float64)


def image(*shape, seed=0):
    return randn(shape, rng=generator(seed), like=DOUBLE)


def test_what_is_linear_stays():
    """Opposite draws cancel, whatever they are."""
    y = image(2, 3, 8, 8)
    f = Pointwise(lambda y: 3 * y - 1)
    assert_close(DitheredDenoiser(f)(y, 0.7), 3 * y - 1, 1e-14)


def test_a_square_grows_by_the_variance_of_the_dither():
    """(y + t e)² and (y - t e)² have the mean y² + t² e², and E e² = 1."""
    y = image(1, 1, 64, 64)
    found = DitheredDenoiser(Pointwise(torch.square), pairs=50)(y, 0.5)
    grown = (found - y.square()) / 0.25
    assert float(grown.min()) > 0
    assert abs(float(grown.mean()) - 1) < 5 * (2 / (50 * 64 * 64)) ** 0.5


def test_level_zero_is_the_denoiser_and_levels_may_differ():
    y = image(2, 1, 8, 8)
    f = Pointwise(torch.square)
    found = DitheredDenoiser(f)(y, [0.0, 0.5])
    assert_close(found[0], f(y)[0], 1e-14)
    assert_close(found[1], DitheredDenoiser(f)(y[1:], 0.5)[0], 1e-14)


class Shrinkage(Denoiser):
    """The Wiener filter of white noise whose level is read off the fastest frequencies."""

    blind = True

    def __init__(self, prior):
        super().__init__()
        self.filter = prior

    def _denoise(self, y, sigma, cond, label):
        fast = torch.fft.fft2(y, norm="ortho")[..., 24:40, 24:40].abs().square()
        return self.filter(y, float(fast.mean().sqrt()))


def test_grain_that_a_blind_filter_leaves_goes_with_white_noise_that_covers_it():
    """Grain of 3x3 pixels has hardly any fast frequencies: the filter finds little noise. Dither
    whose level is the root of the grain's largest spectral density lets it see enough."""
    size = (64, 64)
    frequency = torch.fft.fftfreq(64, dtype=torch.float64)
    square = frequency[:, None] ** 2 + frequency[None] ** 2
    power = (1 / (square + 1e-3) ** 2.5)[None]
    power = power / power.mean()
    prior = StationaryGaussianDenoiser(power)
    x = prior.sample(20, rng=generator(1))
    law = CorrelatedNoise.filtered(torch.ones(3, 3), 0.2, size)
    y = law.add(x, rng=generator(2))
    blind = Shrinkage(prior)
    covering = 0.2 * 3  # 9 pixels are one draw: the density at frequency 0 is 9 times the variance

    def error(estimate):
        return float((estimate - x).square().mean())

    as_it_is, alone = error(y), error(blind(y))
    drowned = error(DitheredDenoiser(blind, pairs=4)(y, covering))
    assert alone > 0.8 * as_it_is
    assert drowned < 0.6 * as_it_is


def test_bad_arguments():
    with pytest.raises(InputError, match="needs a blind denoiser"):
        DitheredDenoiser(StationaryGaussianDenoiser(torch.ones(4, 4)))
    with pytest.raises(InputError, match="at least one pair"):
        DitheredDenoiser(Pointwise(torch.square), pairs=0)
    with pytest.raises(InputError, match="needs the noise level"):
        DitheredDenoiser(Pointwise(torch.square))(image(1, 1, 4, 4))
