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
)
from scorelet.training.score_matching import Family
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
