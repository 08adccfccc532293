"""Denoisers from energies of noisy fields: Gaussians in closed form, and fitted to them."""

import pytest
import torch

from scorelet.core.errors import InputError
from scorelet.data.fields.ensembles import ensemble
from scorelet.models.field_energy import (
    Band,
    ConditionalEnergy,
    Couplings,
    FieldEnergy,
    NoisyEnergies,
    SplinePotential,
    WholeField,
)
from scorelet.models.gaussian_details import GaussianDetailsDenoiser
from scorelet.models.multiscale_denoiser import fold
from scorelet.training.score_matching import Family, fit_noisy
from scorelet.wavelets import OrthogonalWavelet
from scorelet.wavelets.orthogonal.spectral import gaussian_levels

VARIANCE = 2.0
LEVELS = [0.5, 0.7, 1.0]


def white_energy(level, band):
    """Of white fields of a variance, with noise."""
    couplings = Couplings(((0, 0),), noise(1) * 0 + 1 / (VARIANCE + level**2))
    knots = torch.linspace(-1, 1, 3, dtype=torch.float64)
    return ConditionalEnergy(FieldEnergy(couplings, SplinePotential(knots)), band)


def model(band):
    return NoisyEnergies(LEVELS, [white_energy(level, band) for level in LEVELS])


def noise(*shape):
    return torch.randn(shape, dtype=torch.float64, generator=torch.Generator().manual_seed(0))


@pytest.mark.parametrize("band", [WholeField(), Band("db2")])
def test_white_fields_are_shrunk_by_the_wiener_gain(band):
    """Exactly at the levels, each image by its own; in between up to the interpolation."""
    f, y = model(band), noise(3, band.channels, 4, 4)
    cond = noise(3, 1, 4, 4) if f.needs_cond else None
    sigma = torch.tensor(LEVELS, dtype=torch.float64)
    gain = (VARIANCE / (VARIANCE + sigma**2))[:, None, None, None]
    torch.testing.assert_close(f(y, sigma, cond=cond), gain * y, rtol=1e-12, atol=1e-12)
    for beyond, end in ((0.4, 0.5), (3.0, 1.0)):  # the energy of the end
        share = beyond * end / (VARIANCE + end**2)
        torch.testing.assert_close(f(y, beyond, cond=cond), (1 - share) * y)
    between = f(y, 0.6, cond=cond)
    torch.testing.assert_close(between, VARIANCE / (VARIANCE + 0.36) * y, rtol=0.01, atol=0)


@pytest.mark.slow
def test_energies_that_are_fitted_to_a_gaussian_give_its_conditional_mean():
    """E[d | y, a] of 4,000 fields, to a tenth of its size, and what the low band adds to it."""
    law, side = ensemble("power_law", eta=2.0), 8
    x = law.sample(4000, side, 0).double()
    found = fit_noisy(Band("haar"), Family(knots=3, reach=3), x, [0.3], seed=1)
    (level,) = gaussian_levels(law.power(side), "haar", 1)
    exact = GaussianDetailsDenoiser(level)
    low, (details,) = OrthogonalWavelet("haar", 1).analyze(law.sample(200, side, 1).double())
    clean = fold(details)
    y = clean + 0.3 * noise(*clean.shape)
    expected = exact(y, 0.3, cond=low)
    error = found(y, 0.3, cond=low) - expected
    assert error.square().mean() < 0.01 * expected.square().mean()
    told = [f(torch.zeros_like(y), 0.3, cond=low).flatten() for f in (found, exact)]
    assert torch.corrcoef(torch.stack(told))[0, 1] > 0.8  # what the low band alone says


def test_what_is_no_denoiser_of_energies():
    with pytest.raises(InputError, match="2 energies for the noise levels"):
        NoisyEnergies(LEVELS, [white_energy(level, WholeField()) for level in LEVELS[:2]])
    with pytest.raises(InputError, match="positive and rise"):
        NoisyEnergies([1.0, 0.5], [white_energy(level, WholeField()) for level in LEVELS[:2]])
    with pytest.raises(InputError, match="give octaves"):
        NoisyEnergies([1.0], [white_energy(1.0, Band("db2", subdivisions=2, index=1))])
    with pytest.raises(InputError, match="expected 1 channels of 4x4"):
        model(Band("db2"))(noise(1, 3, 4, 4), 0.5, cond=noise(1, 1, 8, 8))
