"""The energy of a whole field, from the factors of its law.

Symbols: E_j energy of the details between x_j and x_{j-1}; F_j free energy, the logarithm of what
makes exp(-E_j) a density of the details; E_J energy of the coarsest field;

    -log p(x) = E_J(x_J) + sum_j [ E_j(x_{j-1}) + F_j(x_j) ] + const
"""

from torch import Tensor

from scorelet.core.typing import PerSample
from scorelet.models.field_energy.band import Band
from scorelet.models.field_energy.conditional import ConditionalEnergy
from scorelet.models.field_energy.scalar_density import ScalarDensity
from scorelet.models.multiscale import Multiscale


def whole_energy(model: Multiscale[ConditionalEnergy], x: Tensor) -> PerSample:
    """Return -log p up to a constant, (batch).

    Args:
        model: with free energies of all its bands, each a whole octave.
        x: standardised fields, (batch, 1, h, w).
    """
    total = x.new_zeros(len(x))
    for factor, free in zip(reversed(model.details), reversed(model.free), strict=True):
        band = factor.band
        assert isinstance(band, Band)
        assert isinstance(free, ConditionalEnergy)
        total = total + factor.field.energy(x)
        x = band.lower(x)
        total = total + free.field.energy(x)
    if isinstance(model.coarse, ConditionalEnergy):
        return total + model.coarse.field.energy(x)
    assert isinstance(model.coarse, ScalarDensity)
    return total + model.coarse.energy(x)
