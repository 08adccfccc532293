"""Free energies of Gaussian fields: the precision of the coarse field, and the sign."""

import pytest
import torch

from scorelet.data.fields.ensembles import ensemble
from scorelet.models.field_energy import (
    Band,
    ConditionalEnergy,
    Couplings,
    FieldEnergy,
    SplinePotential,
    WholeEnergy,
)
from scorelet.models.multiscale import Multiscale
from scorelet.training.score_matching import (
    CascadePlan,
    Family,
    fit_cascade,
    fit_free_energies,
)
from scorelet.training.score_matching.free_energy import fit_free_energy

M, B = 1.0, 0.2


@pytest.mark.slow
def test_the_free_energy_of_a_gaussian_is_the_schur_complement():
    """F(c) = -c^T (C - B A^-1 B^T) c / 2: minus the energy of c alone, C that of c given d = 0."""
    knots = torch.tensor([-1.0, 0.0, 1.0], dtype=torch.float64)
    couplings = Couplings(((0, 1), (1, 0)), torch.tensor([-B, -B], dtype=torch.float64))
    field = FieldEnergy(couplings, SplinePotential(knots, torch.full_like(knots, M)))
    band = Band("db4")
    x = ensemble("lattice_ou", mass=M, coupling=B).sample(8000, 8, 3).double()
    family = Family(knots=3, reach=4, ridge=1e-9)
    found = fit_free_energy(ConditionalEnergy(field, band), x, family, even=True).field
    unit = torch.eye(64, dtype=torch.float64).reshape(64, 1, 8, 8)
    precision = field.force(unit).reshape(64, 64)
    low = band.lower(unit).reshape(64, 16)
    marginal = torch.linalg.inv(low.T @ torch.linalg.inv(precision) @ low)
    c = band.lower(x[:50])
    expected = -(c.reshape(50, 16) @ marginal).reshape(c.shape)
    assert float((found.force(c) - expected).norm() / expected.norm()) < 0.02


def curved(count: int, rng: torch.Generator) -> tuple[torch.Tensor, torch.Tensor]:
    """Return x = 2 sinh(g / 2) of steep Gaussian fields g, and -log p."""
    w = 2 * torch.pi * torch.fft.fftfreq(16, dtype=torch.float64)
    power = 1 / (0.1**4 + torch.hypot(w[:, None], w) ** 4)
    power = power / power.mean()
    white = torch.randn(count, 16, 16, dtype=torch.float64, generator=rng)
    waves = torch.fft.fft2(white, norm="ortho")
    g = torch.fft.ifft2(waves * power.sqrt()).real
    energy = waves.abs().square().sum((1, 2)) / 2 + (g / 2).cosh().log().sum((1, 2))
    return (2 * (g / 2).sinh())[:, None], energy


@pytest.mark.slow
def test_free_energies_take_away_what_energies_have_of_coarse_fields_far_out():
    """E is curved at pixels that coarse fields alone hardly have: F has to be so there, too."""
    rng = torch.Generator().manual_seed(2)
    (x, _), (new, exact) = curved(200, rng), curved(200, rng)
    family = Family()
    found = fit_cascade(
        CascadePlan("db4", (1,) * 4), family, lambda: enumerate(x.split(10)), x, even=True
    )
    model = found.model
    free = fit_free_energies(model.details, x, family, even=True)
    whole = WholeEnergy(Multiscale(model.transform, model.coarse, model.details, free=free))
    assert float((whole.energy(new) - exact).std() / exact.std()) < 0.25  # 0.14


def test_knots_that_no_coarse_field_reaches_leave_the_free_energy_what_it_is():
    """There F is minus the energy of the coarse field alone."""
    knots = torch.tensor([-9.0, -1.0, 0.0, 1.0, 9.0], dtype=torch.float64)
    couplings = Couplings(((0, 1),), torch.tensor([-B], dtype=torch.float64))
    field = FieldEnergy(couplings, SplinePotential(knots, 1 + knots.abs()))
    band = Band("haar")
    x = torch.rand(30, 1, 8, 8, dtype=torch.float64, generator=torch.Generator().manual_seed(0))
    found = fit_free_energy(ConditionalEnergy(field, band), x - 0.5, Family(), even=True).field
    outer, inner = found.potential.weights[:2].tolist()
    assert outer - inner == pytest.approx(-8, abs=0.1)
