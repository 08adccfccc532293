"""Denoisers from energies of noisy details: one energy for each of some noise levels.

Symbols: d details of a band, a the low band, without noise; y = d + σ z; x = A a + Bᵀ y the field
whose low band is a and whose details are y; E_σ an energy of the family of `FieldEnergy`, fitted to
such fields. With n_σ(y) = σ B grad E_σ(x), an estimate of z,

    f(y, a) = y - σ n_σ(y),

and between two levels n is interpolated along log σ. Beyond the ends the energy of the end is
taken, as if the noise had its level.

References: Guth, Coste, De Bortoli, Mallat 2022, arXiv 2208.05003, section 4 (φ⁴: an exponential
family for each time of the diffusion).
"""

import math
from collections.abc import Sequence

import numpy as np
import torch
from torch import Tensor, nn

from scorelet.core.errors import InputError
from scorelet.core.typing import Image, Labels, NoiseLevel
from scorelet.models.conditional import beside
from scorelet.models.denoiser import Denoiser
from scorelet.models.field_energy.band import Band
from scorelet.models.field_energy.conditional import ConditionalEnergy


class NoisyEnergies(Denoiser):
    """E[d | y, a] of the details of an octave, as three channels; or E[x | y] of whole fields.

    Args:
        levels: σ, rising, in the unit of the details.
        energies: one for each level, all of one band: a whole octave, or `WholeField`.

    Raises:
        InputError: no level, levels that do not rise, another number of energies, or a band that is
            a part of an octave.
    """

    needs_noise = True

    def __init__(self, levels: Sequence[float], energies: Sequence[ConditionalEnergy]) -> None:
        super().__init__()
        rising = all(a < b for a, b in zip((0.0, *levels), levels, strict=False))
        if not levels or not rising or len(levels) != len(energies):
            raise InputError(
                f"There are {len(energies)} energies for the noise levels {list(levels)}: expected "
                "one for each level, and levels that are positive and rise."
            )
        band = energies[0].band
        if isinstance(band, Band) and band.subdivisions != 1:
            raise InputError("Energies of a part of an octave denoise no details: give octaves.")
        self.levels, self.band = tuple(map(float, levels)), band
        self.energies = nn.ModuleList(energies)
        self.needs_cond = isinstance(band, Band)
        self.channels = (band.channels,)

    def _denoise(
        self, y: Image, sigma: NoiseLevel, cond: Tensor | None, label: Labels | None
    ) -> Image:
        coarse = self._coarse(y, cond)
        x = torch.empty_like(y)
        for level in sigma.unique().tolist():
            own = sigma == level
            x[own] = y[own] - level * self._noise(y[own], coarse[own], level)
        return x

    def _coarse(self, y: Image, cond: Tensor | None) -> Tensor:
        """Return A a."""
        if not isinstance(self.band, Band):
            return torch.zeros_like(y)
        assert cond is not None
        return self.band.lift(beside(y, cond, 1))

    def _noise(self, y: Image, coarse: Tensor, sigma: float) -> Image:
        """Return n_σ(y), from the levels on both sides of σ."""
        place = np.interp(math.log(sigma), np.log(self.levels), range(len(self.levels)))
        below, share = int(place), float(place % 1)
        n = self._at(below, y, coarse)
        return n if share == 0 else n.lerp(self._at(below + 1, y, coarse), share)

    def _at(self, number: int, y: Image, coarse: Tensor) -> Image:
        factor = self.energies[number]
        assert isinstance(factor, ConditionalEnergy)
        return self.levels[number] * factor.given(coarse).force(y)
