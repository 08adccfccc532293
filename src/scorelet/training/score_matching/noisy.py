"""Energies of noisy fields: score matching once more at each noise level, a linear system each.

Symbols: x fields of a band (for an octave x = A a + Bᵀ d), w white noise; what is fitted at level σ
are x + σ Π w, whose details are d + σ z and whose low band has no noise.

References: Guth, Coste, De Bortoli, Mallat 2022, arXiv 2208.05003, section 4.
"""

from collections.abc import Sequence
from dataclasses import replace

from torch import Tensor

from scorelet.core.random import generator, randn
from scorelet.models.field_energy import ConditionalEnergy, NoisyEnergies
from scorelet.models.field_energy.band import AnyBand
from scorelet.training.score_matching.fit import Family, fit_band, moments_of


def fit_noisy(
    band: AnyBand,
    family: Family,
    x: Tensor,
    levels: Sequence[float],
    *,
    seed: int,
    even: bool = False,
) -> NoisyEnergies:
    """Return the denoiser of a band from an energy of the family at each noise level.

    Args:
        band: a whole octave, or `WholeField`.
        family: which energies; knots are placed anew at each level.
        x: fields, (n, 1, h, w), float64.
        levels: σ, rising, in the unit of x.
        seed: of the noise.
        even: p(x) = p(-x).

    Raises:
        InputError: singular equations, as those of too few fields are.
    """
    energies = [_fit(band, family, x, level, seed, k, even) for k, level in enumerate(levels)]
    return NoisyEnergies(levels, energies)


def _fit(
    band: AnyBand, family: Family, x: Tensor, level: float, seed: int, number: int, even: bool
) -> ConditionalEnergy:
    white = randn(tuple(x.shape), rng=generator(seed, number), like=x)
    noisy = x + level * band.project(white)
    moments = moments_of(band, family, noisy, even=even)
    moments.add(noisy)
    return fit_band(moments, [moments.take()], replace(family, concave=False)).factor
