"""Structure functions and flatness: direct sums and Gaussian closed forms."""

import pytest
import torch

from field_samples import gaussian, smooth_power, white
from scorelet.analysis.field_statistics import (
    covariance_spectrum,
    flatness,
    gaussian_reference,
    minkowski,
    structure_functions,
)
from scorelet.analysis.field_statistics.increments import ORDERS, lags
from scorelet.data.fields.ensembles import ensemble


def test_lags_are_powers_of_two_and_their_means():
    assert lags(32) == [1, 2, 3, 4, 6, 8, 12, 16]
    assert lags(9) == [1, 2, 3, 4]


@pytest.mark.parametrize("shape", [(16, 16), (12, 17)])
def test_periodic_structure_functions_are_means_of_rolled_differences(shape):
    x = white(3, *shape)
    found = structure_functions(x)
    for i, r in enumerate(lags(min(shape))):
        d = torch.stack([(x.roll(r, axis) - x).abs() for axis in (1, 2)])
        expected = torch.stack([(d**p).mean() for p in ORDERS])
        torch.testing.assert_close(found.values[:, i], expected, atol=0, rtol=1e-12)


def test_cut_fields_are_not_wrapped():
    """On a ramp |d| = r along one axis and 0 along the other: S_p = r^p / 2."""
    x = torch.arange(16.0).double().expand(1, 16, 16)
    found = structure_functions(x, window="hann")
    expected = torch.stack([found.axis.x**p / 2 for p in ORDERS])
    torch.testing.assert_close(found.values, expected)


def test_flatness_is_the_ratio_of_structure_functions():
    x = white(5, 16, 16).exp()
    s = structure_functions(x).values
    torch.testing.assert_close(flatness(x).values[0], s[3] / (3 * s[1] ** 2))


@pytest.mark.slow
@pytest.mark.parametrize("measure", [structure_functions, flatness])
def test_gaussian_fields_have_the_closed_form(measure):
    power = smooth_power(64, 1.0)
    found = measure(gaussian(power, 100, seed=2))
    z = (found.values - gaussian_reference(power, found)) / found.errors
    assert z.abs().max() < 4


@pytest.mark.parametrize("shape", [(16, 16), (12, 17)])
def test_the_reference_of_cut_fields_has_their_second_moments(shape):
    """Of any fields, periodic or not: S_2 is what it is compared with."""
    x = white(3, *shape).cumsum(1).cumsum(2)
    found = structure_functions(x, window="hann")
    reference = gaussian_reference(covariance_spectrum(x, window="hann"), found)
    torch.testing.assert_close(reference[1], found.values[1])


@pytest.mark.slow
@pytest.mark.parametrize("measure", [structure_functions, flatness, minkowski])
@pytest.mark.parametrize("slope", [2.0, 4.0])
def test_cut_gaussian_fields_have_the_closed_form(measure, slope):
    """Most of the power of these lies in waves that are longer than a field."""
    law = ensemble("power_law", eta=slope, length=64)
    x = law.sample(200, 256, seed=1)[:, 0, :64, :64].double()
    found = measure(x, window="hann")
    reference = gaussian_reference(covariance_spectrum(x, window="hann"), found)
    often = found.values.abs() > 0.1 * found.values.abs().amax(1, keepdim=True)
    gap = ((found.values - reference) / found.errors)[often]
    assert gap.abs().max() < 4


def test_independent_pixels_have_flatness_one_half_above_their_excess():
    """d = a - b: E d^4 = 2 m4 + 6 m2^2, so F = (kurtosis + 3) / 6; Laplace: kurtosis 6."""
    u = torch.rand(64, 64, 64, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
    x = -(2 * u - 1).sign() * torch.log1p(-(2 * u - 1).abs())
    found = flatness(x)
    assert ((found.values - 1.5) / found.errors).abs().max() < 4
