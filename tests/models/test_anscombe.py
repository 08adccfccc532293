"""The generalised Anscombe transform against direct summation."""

import math

import numpy as np
import pytest
import torch
from scipy.stats import poisson

from scorelet.core.errors import InputError
from scorelet.core.random import generator
from scorelet.models import PoissonGaussianNoise, anscombe, inverse_anscombe


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


@pytest.mark.parametrize("deviation", [0.0, 0.5, 2.0])
@pytest.mark.parametrize("mean", [201.0, 400.0])
def test_many_photons_are_taken_back_to_a_ten_thousandth_of_one(mean, deviation):
    """Beyond the table: the terms that are left out are of order s^4 / l."""
    noise = PoissonGaussianNoise(1.0, deviation**2)
    found = inverse_anscombe(torch.tensor(summed(mean, deviation)).double(), noise)
    assert abs(float(found) - mean) < 1e-4


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


def test_noise_without_photons_needs_no_transform():
    with pytest.raises(InputError, match="does not depend on the signal"):
        anscombe(torch.ones(1), PoissonGaussianNoise(0.0, 1.0))
