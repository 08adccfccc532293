"""Small energies and fields for tests."""

import torch

from scorelet.core.random import Noise
from scorelet.models.field_energy import Couplings, FieldEnergy, SplinePotential, half_plane


def white(*shape, seed=0):
    """Standard normal fields, float64."""
    return Noise(seed, range(shape[0])).normal(torch.empty(shape, dtype=torch.float64))


def small_energy(height=8, width=8, *, reach=1, slope=0.3):
    """An energy with couplings and a potential that has no symmetry."""
    shifts = half_plane(reach, height, width)
    strengths = white(len(shifts), seed=1) / 4
    strengths[0] = 3.0
    knots = torch.tensor([-1.5, -0.4, 0.1, 0.7, 2.0], dtype=torch.float64)
    weights = torch.tensor([1.0, -0.5, 0.3, 2.0, 0.7], dtype=torch.float64)
    return FieldEnergy(Couplings(shifts, strengths), SplinePotential(knots, weights), slope=slope)
