"""The energy of a whole field, from the factors of its law.

Symbols: x_0 = x, x_j = G_j x_{j-1} coarse fields; E_j energy of the details between x_j and
x_{j-1}; F_j free energy, the logarithm of what makes exp(-E_j) a density of the details; E_J energy
of the coarsest field;

    U(x) = -log p(x) = E_J(x_J) + sum_j [ E_j(x_{j-1}) + F_j(x_j) ] + const
    grad U_{j-1} = grad E_j(x_{j-1}) + G_j^T [ grad F_j(x_j) + grad U_j(x_j) ]
"""

from collections.abc import Sequence

from torch import Tensor

from scorelet.core.errors import InputError
from scorelet.core.typing import Image, PerSample
from scorelet.models.energy import Energy
from scorelet.models.field_energy.band import Band
from scorelet.models.field_energy.conditional import ConditionalEnergy
from scorelet.models.field_energy.energy import FieldEnergy
from scorelet.models.field_energy.scalar_density import ScalarDensity
from scorelet.models.multiscale import Multiscale


class WholeEnergy:
    """U of standardised fields (batch, 1, h, w), as `Energy`.

    Args:
        model: with free energies of all its bands, each a whole octave.

    Raises:
        InputError: octaves with several bands, whose free energies are not fitted.
    """

    def __init__(self, model: Multiscale[ConditionalEnergy]) -> None:
        if not model.free:
            raise InputError(
                "The energy of whole fields needs free energies, which are fitted for octave bands "
                "only: fit with bands='octave'."
            )
        self._scales: Sequence[tuple[Band, FieldEnergy, FieldEnergy]] = [
            _scale_of(factor, free)
            for factor, free in zip(reversed(model.details), reversed(model.free), strict=True)
        ]
        coarse = model.coarse
        coarsest = coarse.field if isinstance(coarse, ConditionalEnergy) else coarse
        assert isinstance(coarsest, FieldEnergy | ScalarDensity)
        self._coarsest: Energy = coarsest

    def energy(self, x: Tensor) -> PerSample:
        """Return U up to a constant, (batch,)."""
        return self.energy_and_force(x)[0]

    def force(self, x: Tensor) -> Image:
        """Return F = +grad U."""
        return self.energy_and_force(x)[1]

    def score(self, x: Tensor) -> Image:
        """Return -F."""
        return -self.force(x)

    def energy_and_force(self, x: Tensor) -> tuple[PerSample, Image]:
        """Return U and F, which share their terms."""
        return self._from(0, x)

    def _from(self, scale: int, x: Tensor) -> tuple[PerSample, Image]:
        if scale == len(self._scales):
            return self._coarsest.energy(x), self._coarsest.force(x)
        band, field, free = self._scales[scale]
        below = band.lower(x)
        (here, force), (freed, pull) = field.energy_and_force(x), free.energy_and_force(below)
        energy, coarser = self._from(scale + 1, below)
        return here + freed + energy, force + band.lift(pull + coarser)


def _scale_of(factor: ConditionalEnergy, free: object) -> tuple[Band, FieldEnergy, FieldEnergy]:
    assert isinstance(factor.band, Band)
    assert isinstance(free, ConditionalEnergy)
    return factor.band, factor.field, free.field
