"""Free energies: what a conditional law leaves to the coarse field.

Symbols: x field, c the field below a band, d its details; E(x) the energy of p(d | c),
F(c) = log of the integral of exp(-E) over d, so that -log p(d | c) = E(x) + F(c) and

    grad F(c) = -E[ grad_c E(x) | c ]

F is fitted in a family of energies, F = sum_i θ_i U_i(c), by least squares on its gradient:

    θ = -(E grad U grad U^T)^-1 E[ grad U . grad_c E ]

The energy of the whole field is the sum of all E and F, and of that of the coarsest field. The sign
is that of log Z: for Gaussian fields F(c) = c^T (B A^-1 B^T - C) c / 2, with A the precision of
details, C that of the coarse field given d = 0, and B between both.

Details show E up to a function of c, which may be large and far from quadratic, and which F has to
take away. So F is a sum,

    F(c) = -E(G^T c) + δ(c),

of what is known, G^T c the field of c alone, and of δ, which is fitted to what E[ grad_c E | c ]
has beside it, and smoothed as energies are, for fields that are few. One family has both: its
potential has knots where pixels of c lie, and those of E, at twice their value where its pixels are
those of one octave less; couplings of F reach as far as those of E do on the grid of c.
"""

from dataclasses import replace

import torch
from torch import Tensor

from scorelet.models.field_energy import (
    Band,
    ConditionalEnergy,
    Couplings,
    FieldEnergy,
    WholeField,
    descend,
    half_plane,
)
from scorelet.models.field_energy.energy import pixels_of
from scorelet.training.score_matching.cascade import GROUPS
from scorelet.training.score_matching.fit import Family, moments_of
from scorelet.training.score_matching.normal_equations import BandMoments, at_lags
from scorelet.training.score_matching.smoothing import GRID, smoothed
from scorelet.training.score_matching.solve import solve, total_of

_FELT = 1e-9  # of the largest coupling
_APART = 0.1  # of the least distance of knots


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
    plain = moments_of(WholeField(), family, below, even=even, finer=band)
    known = _known(factor.field, band, plain, family.reach)
    moments = BandMoments(
        *(WholeField(), plain.shifts, known.potential, plain.size),
        slope=plain.slope,
        even=even,
        finer=plain.finer,
    )
    groups = []
    for c, rest in zip(below.chunk(GROUPS), (pull + known.force(below)).chunk(GROUPS), strict=True):
        moments.add(c)
        groups.append(replace(moments.take(), right=-_products(moments, c, rest)))
    penalised, weight, _ = smoothed(moments, groups, ridge=family.ridge)
    if not weight:  # there are knots without pixels
        penalised = smoothed(moments, groups, ridge=family.ridge, weight=GRID[1])[0]
    theta = solve([total_of(penalised)], ridge=family.ridge).theta
    return ConditionalEnergy(_sum(known, moments.energy(theta)), WholeField())


def fit_free_energies(
    details: list[ConditionalEnergy], x: Tensor, family: Family, *, even: bool = False
) -> list[ConditionalEnergy]:
    """Return F of all bands, coarse to fine; none if an octave has several bands."""
    if any(getattr(factor.band, "subdivisions", 1) > 1 for factor in details):
        return []
    pairs = zip(reversed(details), descend([f.band for f in details], x), strict=True)
    return [fit_free_energy(factor, y, family, even=even) for factor, y in pairs][::-1]


def _known(field: FieldEnergy, band: Band, moments: BandMoments, reach: int) -> FieldEnergy:
    """Return -E(G^T c), up to a slope; 0 where E is infinite outside a window."""
    if not field.potential.quadratic:
        zero = torch.zeros(len(moments.shifts) + moments.terms, dtype=torch.float64)
        return moments.energy(zero)
    height, width = moments.size
    unit = torch.zeros(1, 1, height, width, dtype=torch.float64)
    unit[..., 0, 0] = 1
    kernel = -band.lower(field.couplings.product(band.lift(unit)))[0, 0]
    shifts = half_plane(_reach(kernel, reach), height, width, centre=False)
    alone = [2 * a % height == 2 * b % width == 0 for a, b in shifts]  # s and -s are one shift
    strengths = [kernel[s] / (2 if one else 1) for s, one in zip(shifts, alone, strict=True)]
    scale = 1 if field.finer is None and moments.finer is not None else 2
    knots = _both(scale * field.potential.knots, moments.potential.knots)
    return FieldEnergy(
        Couplings(shifts, kernel.new_tensor(strengths)),
        type(field.potential)(knots, kernel[0, 0] - field.potential.second(knots / scale)),
        finer=moments.finer,
    )


def _both(knots: Tensor, others: Tensor) -> Tensor:
    """Return these knots, and those of the others that are not next to one of them."""
    apart = (others[:, None] - knots).abs().min(1).values > _APART * knots.diff().min()
    return torch.cat([knots, others[apart]]).sort().values


def _sum(known: FieldEnergy, rest: FieldEnergy) -> FieldEnergy:
    """Return the sum of energies on the same knots; shifts of the second are among the first's."""
    shifts, strengths = known.couplings.shifts, known.couplings.strengths
    added = dict(zip(rest.couplings.shifts, rest.couplings.strengths.tolist(), strict=True))
    strengths = strengths + strengths.new_tensor([added.get(s, 0.0) for s in shifts])
    return FieldEnergy(
        Couplings(shifts, strengths),
        known.potential.with_weights(known.potential.weights + rest.potential.weights),
        slope=float(rest.slope),
        finer=known.finer,
    )


def _reach(kernel: Tensor, least: int) -> int:
    """Return how far couplings of E reach on the grid of c, at most twice as far as on its own."""
    places = (kernel.abs() > _FELT * kernel.abs().max()).nonzero()
    sides = torch.tensor(kernel.shape)
    far = int(torch.minimum(places, sides - places).max()) if len(places) else 0
    return max(least, min(far, 2 * least))


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
