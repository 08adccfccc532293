"""Free energies: what a conditional law leaves to the coarse field.

Symbols: x field, c the field below a band, d its details; E(x) the energy of p(d | c),
F(c) = log of the integral of exp(-E) over d, so that -log p(d | c) = E(x) + F(c) and

    grad F(c) = -E[ grad_c E(x) | c ]

F is fitted in a family of energies, F = sum_i θ_i U_i(c), by least squares on its gradient:

    θ = -(E grad U grad U^T)^-1 E[ grad U . grad_c E ]

The energy of the whole field is the sum of all E and F, and of that of the coarsest field. The sign
is that of log Z: for Gaussian fields F(c) = c^T (B A^-1 B^T - C) c / 2, with A the precision of
details, C that of the coarse field given d = 0, and B between both.
"""

import torch
from torch import Tensor

from scorelet.models.field_energy import Band, ConditionalEnergy, WholeField, descend
from scorelet.models.field_energy.energy import pixels_of
from scorelet.training.score_matching.fit import Family, moments_of
from scorelet.training.score_matching.normal_equations import BandMoments, Equations, at_lags
from scorelet.training.score_matching.solve import solve


def fit_free_energy(
    factor: ConditionalEnergy, x: Tensor, family: Family, *, even: bool = False
) -> ConditionalEnergy:
    """Return F of an ordinary band (one for each octave) as an energy of whole coarse fields.

    Args:
        factor: the conditional law.
        x: fields, (n, 1, h, w), float64.
        family: of F.
        even: p(x) = p(-x).
    """
    band = _octave(factor)
    below, pull = band.lower(x), band.lower(factor.field.force(x))
    moments = moments_of(WholeField(), family, below, even=even, finer=band)
    moments.add(below)
    equations = moments.take()
    right = -_products(moments, below, pull)
    theta = solve([Equations(equations.matrix, right, len(x))], ridge=family.ridge).theta
    return ConditionalEnergy(moments.energy(theta), WholeField())


def fit_free_energies(
    details: list[ConditionalEnergy], x: Tensor, family: Family, *, even: bool = False
) -> list[ConditionalEnergy]:
    """Return F of all bands, coarse to fine; none if an octave has several bands."""
    if any(getattr(factor.band, "subdivisions", 1) > 1 for factor in details):
        return []
    pairs = zip(reversed(details), descend([f.band for f in details], x), strict=True)
    return [fit_free_energy(factor, y, family, even=even) for factor, y in pairs][::-1]


def _products(moments: BandMoments, c: Tensor, pull: Tensor) -> Tensor:
    """E[grad U_i(c) . pull] of all terms."""
    crossed = (torch.fft.rfft2(pull[:, 0]).conj() * torch.fft.rfft2(c[:, 0])).mean(0)
    lags = torch.fft.irfft2(crossed, s=moments.size)[None]
    pixels, pulled = pixels_of(c, moments.finer), pixels_of(pull, moments.finer)
    terms = [
        (moments.derivatives(pixels, k)[0] * pulled).sum((1, 2, 3)).mean()
        for k in range(moments.knots)
    ]
    if moments.slope:
        terms.append(pull.sum((1, 2, 3)).mean())
    return torch.cat([at_lags(lags, moments.shifts)[0], torch.stack(terms)])


def _octave(factor: ConditionalEnergy) -> Band:
    """Return the band of a factor, which is a whole octave."""
    band = factor.band
    assert isinstance(band, Band)
    assert band.subdivisions == 1
    return band
