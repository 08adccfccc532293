"""Noise laws of sensors: exact moments."""

import numpy as np
import pytest
import torch

from scorelet.core.errors import InputError
from scorelet.core.random import generator
from scorelet.models import CorrelatedNoise, PoissonGaussianNoise


@pytest.mark.parametrize(("a", "b"), [(0.02, 1e-3), (0.2, 0.0), (0.0, 4e-3)])
def test_mean_variance_and_skewness_of_poisson_gaussian_noise(a, b):
    law = PoissonGaussianNoise(a, b)
    count = 200_000
    for signal in (0.0, 0.1, 0.7):
        x = torch.full((1, 1, 1, count), signal, dtype=torch.float64)
        y = law.add(x, rng=generator(3))
        variance = a * signal + b
        assert float(law.variance(x).mean()) == pytest.approx(variance, rel=1e-12)
        assert abs(float(y.mean()) - signal) <= 4 * (variance / count) ** 0.5
        # the fourth cumulant a^3 x enters the error of the variance, the third is a^2 x
        spread = ((2 * variance**2 + a**3 * signal) / count) ** 0.5
        assert abs(float((y - signal).square().mean()) - variance) <= 4 * spread
        third = float((y - signal).pow(3).mean())
        assert third == pytest.approx(a**2 * signal, abs=0.1 * variance**1.5 + 1e-12)


def test_noise_is_a_function_of_its_generator():
    x = torch.rand(1, 1, 8, 8, generator=generator(0))
    law = PoissonGaussianNoise(0.01, 1e-4)
    first, second = (law.add(x, rng=generator(5)) for _ in range(2))
    assert torch.equal(first, second)
    assert first.dtype == x.dtype


def test_counts_of_unit_gain_are_whole_numbers():
    y = PoissonGaussianNoise(1.0).add(torch.full((1, 1, 16, 16), 3.3), rng=generator(0))
    assert torch.equal(y, y.round())


def test_covariance_of_filtered_noise_is_that_of_its_kernel():
    kernel = torch.tensor([[1.0, 1.0]], dtype=torch.float64)  # neighbours in a row correlate by 1/2
    law = CorrelatedNoise.filtered(kernel, 0.2, (6, 8))
    exact = torch.zeros(6, 8, dtype=torch.float64)
    exact[0, 0], exact[0, 1], exact[0, -1] = 0.04, 0.02, 0.02
    torch.testing.assert_close(law.covariance(), exact, atol=1e-15, rtol=0)


def test_samples_have_the_covariance():
    kernel = torch.tensor([[1.0, 0.5], [0.25, 0.0]], dtype=torch.float64)
    law = CorrelatedNoise.filtered(kernel, 1.0, (4, 4))
    n = law.add(torch.zeros(40_000, 1, 4, 4, dtype=torch.float64), rng=generator(1))
    for down in range(4):
        for across in range(4):
            measured = (n * n.roll((-down, -across), (2, 3))).mean()
            assert abs(measured - law.covariance()[down, across]) < 0.01


def test_white_spectrum_is_white_noise():
    law = CorrelatedNoise(torch.full((5, 7), 0.09))
    expected = np.zeros((5, 7))
    expected[0, 0] = 0.09
    np.testing.assert_allclose(law.covariance().numpy(), expected, atol=1e-7)


@pytest.mark.parametrize("power", [torch.ones(3), torch.full((4, 4), -1.0), torch.eye(4)[:, :3]])
def test_spectra_that_are_none_are_refused(power):
    with pytest.raises(InputError):
        CorrelatedNoise(power)


def test_impossible_laws_are_refused():
    with pytest.raises(InputError, match="a is -1"):
        PoissonGaussianNoise(-1.0)
    with pytest.raises(InputError, match="one size"):
        CorrelatedNoise(torch.ones(4, 4)).add(torch.zeros(1, 1, 4, 5), rng=generator(0))
