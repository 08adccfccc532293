"""Oracle shrinkage and PSNR slopes against brute force and the laws that they state."""

import numpy as np
import pytest
import torch

from scorelet.analysis.psnr_slope import psnr_slope
from scorelet.analysis.shrinkage import (
    cosine_coefficients,
    oracle_shrinkage,
    wavelet_coefficients,
    wavelet_levels,
    with_levels,
)
from scorelet.core.errors import InputError
from scorelet.core.random import generator


def test_factors_minimise_the_expected_error():
    c, sigma = torch.tensor([3.0, 0.5, 0.01]), 0.7
    found = oracle_shrinkage(c, sigma)
    grid = torch.linspace(0, 1, 200_001, dtype=torch.float64)[:, None]
    risks = (1 - grid) ** 2 * c.double() ** 2 + grid**2 * sigma**2
    torch.testing.assert_close(
        found.factors, grid[risks.argmin(0), 0].sort(descending=True).values, rtol=0, atol=1e-5
    )
    assert found.error == pytest.approx(float(risks.min(0).values.sum()), rel=1e-6)


def test_error_lies_between_half_the_minimum_and_the_minimum():
    c = torch.randn(500, generator=generator(0), dtype=torch.float64)
    for sigma in (0.01, 0.3, 10.0):
        bound = float(torch.minimum(c**2, torch.tensor(sigma**2)).sum())
        assert bound / 2 <= oracle_shrinkage(c, sigma).error <= bound


@pytest.mark.parametrize("transform", [cosine_coefficients, wavelet_coefficients])
@pytest.mark.parametrize("shape", [(16, 16), (12, 20), (7, 8)])
def test_bases_are_orthonormal(transform, shape):
    x = torch.rand(1, 2, *shape, generator=generator(0), dtype=torch.float64)
    found = transform(x)
    assert found.numel() == x.numel()
    assert float(found.square().sum()) == pytest.approx(float(x.square().sum()), rel=1e-10)
    other = torch.rand(1, 2, *shape, generator=generator(1), dtype=torch.float64)
    assert float((found * transform(other)).sum()) == pytest.approx(float((x * other).sum()))


@pytest.mark.slow
@pytest.mark.parametrize(
    ("alpha", "slope"), [(1, 0.499), (2, 0.662), (3, 0.741), (4, 0.788), (5, 0.818)]
)
def test_power_laws_have_the_slopes_of_the_theory(alpha, slope):
    """c_k² ~ k^-(α+1), energy 6400 · 0.06: slopes near α/(α+1), from 0 to 45 dB."""
    power = torch.arange(1, 200_001, dtype=torch.float64) ** -(alpha + 1.0)
    c = (power * 6400 * 0.06 / power.sum()).sqrt()
    inputs = np.arange(0, 45.1, 2.5)
    errors = [oracle_shrinkage(c, 10 ** (-p / 20)).error / 6400 for p in inputs]
    found = psnr_slope(inputs, -10 * np.log10(errors), (0, 45))
    assert found.slope == pytest.approx(slope, abs=0.005)
    assert found.points == 19


def test_slope_has_the_window_and_the_error_of_least_squares():
    x = np.arange(0, 40, 1.0)
    noise = np.random.default_rng(0).normal(size=40)
    found = psnr_slope(x, 3 + 0.6 * x + noise, (10, 30))
    inside = (x >= 10) & (x <= 30)
    fit, cov = np.polyfit(x[inside], (3 + 0.6 * x + noise)[inside], 1, cov=True)
    assert found.slope == pytest.approx(fit[0])
    assert found.intercept == pytest.approx(fit[1])
    assert found.error == pytest.approx(cov[0, 0] ** 0.5)
    with pytest.raises(InputError, match="at least 3"):
        psnr_slope(x, x, (0.5, 2.5))


@pytest.mark.parametrize(
    ("shape", "kept", "levels"),
    [
        ((33, 47), (32, 40), 3),
        ((64, 32), (64, 32), 5),
        ((40, 44), (40, 40), 3),
        ((7, 30), (4, 28), 2),
        ((1, 9), (1, 9), 0),
    ],
)
def test_sides_that_cannot_be_halved_lose_their_last_pixels(shape, kept, levels):
    x = torch.rand(1, 1, *shape, generator=generator(0))
    found = with_levels(x)
    assert torch.equal(found, x[..., : kept[0], : kept[1]])
    assert wavelet_levels(found) == levels


@pytest.mark.parametrize(
    ("c", "sigma", "words"),
    [
        (torch.full((4,), torch.nan), 0.1, "hold NaN or infinite"),
        (torch.zeros(0), 0.1, "no coefficients"),
        (torch.ones(4), 0.0, "positive and finite"),
        (torch.ones(4), float("inf"), "positive and finite"),
    ],
)
def test_coefficients_without_an_oracle_are_refused(c, sigma, words):
    with pytest.raises(InputError, match=words):
        oracle_shrinkage(c, sigma)


@pytest.mark.parametrize(
    ("noisy", "denoised", "window", "words"),
    [
        (np.array(["a", "b", "c"]), [1, 2, 3], (0, 25), "noisy holds <U1: expected real"),
        ([0, 1, 2], np.array([1j, 2, 3]), (0, 25), "denoised holds complex128: expected real"),
        ([0, np.nan, 10, 20], [0, 1, 5, 10], (0, 25), "is NaN"),
        ([0, 5, 10, 20], [0, 1, 5, 10], (np.nan, 25), "is NaN"),
    ],
)
def test_levels_that_have_no_slope_are_refused(noisy, denoised, window, words):
    with pytest.raises(InputError, match=words):
        psnr_slope(noisy, denoised, window)
