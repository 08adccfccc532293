"""Critical quantities: by hand, and where the propagator is known."""

import math

import pytest
import torch

from field_samples import gaussian, white
from scorelet.analysis.field_statistics import critical, gaussian_reference, power_map
from scorelet.core.errors import InputError


def propagator(height, width, mass):
    """P = 1 / (mass^2 + lattice Laplacian): its second-moment correlation length is 1 / mass."""
    w = [2 * math.pi * torch.fft.fftfreq(n, dtype=torch.float64) for n in (height, width)]
    return 1 / (mass**2 + 4 - 2 * w[0].cos()[:, None] - 2 * w[1].cos())


def test_they_are_means_over_fields():
    x = white(20, 12, 12) + 0.1
    m = x.mean((1, 2))
    power = torch.fft.fft2(x, norm="ortho").abs().square().mean(0)
    chi = 144 * m.square().mean()
    lowest = (power[0, 1] + power[1, 0]) / 2
    xi = (chi / lowest - 1).clamp(min=0).sqrt() / (2 * math.sin(math.pi / 12))
    expected = [m.abs().mean(), chi, (m**4).mean() / m.square().mean() ** 2, xi]
    torch.testing.assert_close(critical(x).values[0], torch.stack(expected))


@pytest.mark.parametrize("shape", [(32, 32), (16, 48)])
def test_the_correlation_length_of_a_free_field(shape):
    power = propagator(*shape, mass=0.25)
    x = gaussian(power, 400, seed=1)
    found = critical(x)
    reference = gaussian_reference(power, found)
    assert float(reference[0, 3]) == pytest.approx(4, rel=1e-12)
    assert float(reference[0, 1]) == pytest.approx(16, rel=1e-12)  # chi = P(0)
    assert ((found.values - reference) / found.errors).abs().max() < 4
    assert power_map(x).shape == shape


def test_two_phases_have_binder_ratio_one():
    signs = torch.tensor([1.0, -1, 1, -1, 1, 1]).double()[:, None, None]
    found = critical(signs * (1 + 0 * white(6, 8, 8)))
    assert float(found.values[0, 2]) == pytest.approx(1)
    assert float(found.values[0, 1]) == pytest.approx(64)


@pytest.mark.parametrize("unit", [1.0, 1e-20, 1e9])
def test_fields_without_a_mean_have_none(unit):
    """Whatever is left of the mean is rounding, in either precision and as either set."""
    x = unit * white(6, 16, 16)
    none, like = x - x.mean((1, 2), keepdim=True), critical(x)
    for fields in (none, none.float(), torch.zeros_like(x)):
        with pytest.raises(InputError, match=r"^Every field has the mean 0, to rounding"):
            critical(fields, like=like)
    assert critical(none + 1e-4 * unit).values.isfinite().all()


def test_a_reference_without_power_at_the_mean():
    """Spectra of fields that were cut out may be negative there: U stays 3, and xi is a number."""
    power = torch.ones(8, 8, dtype=torch.float64)
    power[0, 0] = -0.5
    reference = gaussian_reference(power, critical(white(2, 8, 8)))[0]
    assert float(reference[2]) == pytest.approx(3)
    assert reference.isfinite().all()
