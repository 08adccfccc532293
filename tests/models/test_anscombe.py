"""The generalised Anscombe transform against direct summation."""

import math

import numpy as np
import pytest
import torch
from scipy.stats import poisson

from scorelet.core.errors import InputError
from scorelet.core.random import generator
from scorelet.models import (
    Locality,
    PoissonGaussianDenoiser,
    PoissonGaussianNoise,
    anscombe,
    inverse_anscombe,
)
from scorelet.models.denoiser import Denoiser


def summed(mean, deviation):
    """E[f(P + s z)] by scipy's Poisson law and Gauss-Legendre quadrature on [-9, 9]."""
    counts = np.arange(int(mean + 15 * math.sqrt(mean + 1) + 15))
    law = poisson.pmf(counts, mean)
    z, w = np.polynomial.legendre.leggauss(400)
    z, w = 9 * z, 9 * w * np.exp(-((9 * z) ** 2) / 2) / math.sqrt(2 * math.pi)
    f = 2 * np.sqrt(np.maximum(counts[:, None] + 3 / 8 + deviation**2 + deviation * z, 0))
    return float(law @ f @ w)


@pytest.mark.parametrize("deviation", [0.0, 0.5, 2.0])
@pytest.mark.parametrize("mean", [0.1, 1.0, 3.0, 30.0, 190.0, 400.0])
def test_inverse_takes_expectations_back_to_means(mean, deviation):
    noise = PoissonGaussianNoise(0.25, (0.25 * deviation) ** 2)
    found = inverse_anscombe(torch.tensor(summed(mean, deviation)).double(), noise)
    assert float(found) / 0.25 == pytest.approx(mean, rel=2e-3, abs=5e-4)


def test_bias_at_one_photon_is_below_a_percent_where_the_algebraic_inverse_has_many():
    noise = PoissonGaussianNoise(1.0)
    expected = summed(1.0, 0.0)
    exact = float(inverse_anscombe(torch.tensor(expected).double(), noise))
    assert abs(exact - 1) < 0.01
    assert abs((expected / 2) ** 2 - 3 / 8 - 1) > 0.1


def test_inverse_is_monotone_and_continuous_where_the_table_ends():
    noise = PoissonGaussianNoise(1.0, 0.5)
    d = torch.linspace(0, 60, 4000, dtype=torch.float64)
    steps = inverse_anscombe(d, noise).diff()
    assert bool((steps >= 0).all())
    assert float(steps.diff().abs().max()) < 0.02  # a jump of the value would be one of the slope


def test_transform_makes_the_variance_one():
    noise = PoissonGaussianNoise(0.1, 0.01)
    for signal in (1.0, 5.0):
        x = torch.full((1, 1, 1, 100_000), signal, dtype=torch.float64)
        assert float(anscombe(noise.add(x, rng=generator(0)), noise).var()) == pytest.approx(
            1, abs=0.03
        )


class Mean(Denoiser):
    """Every pixel becomes the mean of the image: the best denoiser of constant images."""

    blind = True

    def _denoise(self, y, sigma, cond, label):
        self.level = sigma
        return y.mean((2, 3), keepdim=True).expand_as(y)


@pytest.mark.parametrize("photons", [1.0, 5.0, 40.0])
def test_wrapped_denoiser_is_unbiased_on_constant_images(photons):
    noise = PoissonGaussianNoise(2.0, 1.0)
    x = torch.full((1, 1, 400, 400), 2.0 * photons)
    found = PoissonGaussianDenoiser(Mean(), noise)(noise.add(x, rng=generator(2)))
    # four standard errors of the mean; the inverse adds none of its own
    error = 4 * ((2.0 * 2 * photons + 1 + (2 * 0.5) ** 2) / 400**2) ** 0.5  # dither adds its own
    assert abs(float(found.mean()) - 2 * photons) < error + 1e-3 * photons


def test_wrapped_denoiser_is_told_the_level_in_its_own_unit():
    noise, inner = PoissonGaussianNoise(0.01), Mean()
    wrapped = PoissonGaussianDenoiser(inner, noise, low=0.0, high=1.0, dither=0.0)
    y = torch.rand(2, 1, 8, 8, generator=generator(0))
    wrapped(y)
    ends = anscombe(torch.tensor([0.0, 1.0]), noise)
    torch.testing.assert_close(inner.level, (1 / (ends[1] - ends[0])).expand(2))
    assert wrapped.locality == Locality() == Mean().locality


def test_dither_is_a_function_of_its_seed():
    y = torch.full((1, 1, 8, 8), 3.0)
    first, again, other = (
        PoissonGaussianDenoiser(Mean(), PoissonGaussianNoise(1.0), seed=seed)(y)
        for seed in (1, 1, 2)
    )
    assert torch.equal(first, again)
    assert not torch.equal(first, other)


def test_noise_without_photons_needs_no_transform():
    with pytest.raises(InputError, match="does not depend on the signal"):
        PoissonGaussianDenoiser(Mean(), PoissonGaussianNoise(0.0, 1.0))
