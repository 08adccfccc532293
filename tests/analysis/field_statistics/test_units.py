"""Spectra in a unit of length: the integrals that define them, white noise, waves, variances."""

import math

import pytest
import torch

from field_samples import gaussian, smooth_power, white
from scorelet.analysis.field_statistics import (
    STATISTICS,
    by_chain,
    compare_statistics,
    in_units,
    power_spectrum,
)
from scorelet.analysis.field_statistics.bins import frequency_rings
from scorelet.core.errors import InputError

A = 0.37  # side of a pixel


@pytest.mark.parametrize("shape", [(24, 24), (24, 36)])
def test_the_power_is_that_of_an_integral_over_the_area(shape):
    """|integral x exp(-i k r) d^2r|^2 / area by sums over pixels, as cosmology defines it."""
    x = white(2, *shape)
    x -= x.mean()
    rows, columns = (A * torch.arange(n, dtype=torch.float64) for n in shape)
    k = [2 * math.pi * torch.fft.fftfreq(n, d=A, dtype=torch.float64) for n in shape]
    waves = [torch.exp(-1j * axis[:, None] * r) for axis, r in zip(k, (rows, columns), strict=True)]
    integral = A**2 * torch.einsum("pi,nij,qj->npq", waves[0], x.to(torch.complex128), waves[1])
    density = integral.abs().square().mean(0) / (A**2 * x[0].numel())
    size = (k[0][:, None].square() + k[1].square()).sqrt()
    found, step = power_spectrum(x, spacing=A), 2 * math.pi / (A * min(shape))
    for ring in range(1, min(shape) // 2 + 1):
        inside = (size >= (ring - 0.5) * step) & (size < (ring + 0.5) * step)
        torch.testing.assert_close(found.values[0, ring], density[inside].mean())
        torch.testing.assert_close(found.axis.x[ring], size[inside].mean())
    assert found.axis.unit == "radians / unit"
    assert found.unit == "[x]^2 unit^2"


def test_white_noise_has_its_variance_times_the_area_of_a_pixel():
    found = power_spectrum(3 * white(100, 32, 32), spacing=A)
    assert ((found.values - 9 * A**2).abs() / found.errors)[0, 1:].max() < 4


@pytest.mark.parametrize("window", ["none", "hann"])
def test_a_wave_stands_at_two_pi_over_its_length(window):
    length = 32 * A / 4
    r = A * torch.arange(32, dtype=torch.float64)
    x = torch.cos(2 * math.pi * r / length).expand(1, 32, 32)
    found = power_spectrum(x, window=window, spacing=A)
    assert found.axis.x[found.values[0].argmax()] == pytest.approx(2 * math.pi / length, rel=0.03)


@pytest.mark.parametrize("shape", [(32, 32), (16, 24)])
def test_the_integral_of_the_power_is_the_variance(shape):
    """Of fields without power in the corners, which no ring holds: (2 pi)^2 / area a frequency."""
    size = [n * torch.fft.fftfreq(n, dtype=torch.float64) for n in shape]
    x = gaussian(((size[0][:, None] ** 2 + size[1] ** 2) < 36).double(), 3)
    found, rings = power_spectrum(x, spacing=A), frequency_rings(*shape)
    counts = torch.bincount(rings.index.flatten(), rings.weight.flatten())[: len(rings.radius)]
    cell = (2 * math.pi) ** 2 / (A**2 * x[0].numel())
    integral = (counts * found.values[0]).sum() * cell / (2 * math.pi) ** 2
    torch.testing.assert_close(integral, x.var(correction=0))


def test_errors_and_chains_are_in_the_same_unit():
    x, chain = gaussian(smooth_power(32), 12), torch.arange(12) // 3
    plain, found = power_spectrum(x), power_spectrum(x, spacing=A)
    torch.testing.assert_close(found.errors, A**2 * plain.errors)
    torch.testing.assert_close(by_chain(found, chain).errors, A**2 * by_chain(plain, chain).errors)
    other = power_spectrum(x.flip(0) + 1, like=found, spacing=A)
    assert compare_statistics(found, other).sizes["relative L2"] == pytest.approx(
        compare_statistics(plain, power_spectrum(x.flip(0) + 1, like=plain)).sizes["relative L2"]
    )
    with pytest.raises(InputError, match="measured in different units or bins"):
        compare_statistics(found, power_spectrum(x, like=found))


@pytest.mark.parametrize("name", ["two_point", "structure", "flatness", "bispectrum", "moments"])
def test_distances_are_in_units_and_values_as_they_were(name):
    plain = STATISTICS[name].measure(white(2, 24, 32))
    found = in_units(plain, A, 24)
    factor = {"bispectrum": 2 * math.pi / (24 * A), "moments": 1}.get(name, A)
    torch.testing.assert_close(found.axis.x, factor * plain.axis.x)
    assert torch.equal(found.values, plain.values)


@pytest.mark.parametrize("spacing", [0.0, -1.0, math.nan, math.inf])
def test_a_pixel_has_a_side(spacing):
    with pytest.raises(InputError, match="expected the side of a pixel in a unit of length"):
        power_spectrum(white(1, 8, 8), spacing=spacing)
