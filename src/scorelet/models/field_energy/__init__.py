"""Energies of fields that are linear in their parameters, whole and given coarse fields."""

from scorelet.models.field_energy.band import Band, WholeField, descend
from scorelet.models.field_energy.conditional import BandEnergy, ConditionalEnergy
from scorelet.models.field_energy.couplings import Couplings, half_plane
from scorelet.models.field_energy.energy import FieldEnergy
from scorelet.models.field_energy.noisy import NoisyEnergies
from scorelet.models.field_energy.potential import Potential
from scorelet.models.field_energy.potentials import potential_kinds
from scorelet.models.field_energy.scalar_density import ScalarDensity
from scorelet.models.field_energy.sigmoid_potential import SigmoidPotential
from scorelet.models.field_energy.spline_potential import SplinePotential
from scorelet.models.field_energy.whole import WholeEnergy

__all__ = [
    "Band",
    "BandEnergy",
    "ConditionalEnergy",
    "Couplings",
    "FieldEnergy",
    "NoisyEnergies",
    "Potential",
    "ScalarDensity",
    "SigmoidPotential",
    "SplinePotential",
    "WholeEnergy",
    "WholeField",
    "descend",
    "half_plane",
    "potential_kinds",
]
