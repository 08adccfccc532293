"""All bands of a cascade fitted in one pass over the fields.

Symbols: x_0 standardised fields; x_j coarse square of level j; octave j has the details between x_j
and x_{j-1}, in one or several bands. A survey of some fields finds where pixels lie; then blocks of
fields go through all levels, and each band adds what its normal equations need.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from scorelet.models.field_energy import Band, ConditionalEnergy, WholeField
from scorelet.models.multiscale import Multiscale
from scorelet.training.score_matching.fit import BandFit, Family, fit_band, moments_of
from scorelet.training.score_matching.normal_equations import BandMoments, Equations
from scorelet.training.score_matching.scalar import fit_scalar
from scorelet.wavelets.orthogonal.packet_plan import PacketPlan, Shell
from scorelet.wavelets.orthogonal.packets import WaveletPacket

GROUPS = 20

Blocks = Callable[[], Iterable[tuple[int, Tensor]]]
"""Gives blocks of fields, (batch, 1, h, w) float64, each with the number of its group."""


@dataclass(frozen=True)
class CascadePlan:
    """Which bands a cascade has.

    Args:
        wavelet: name.
        subdivisions: 1, 2 or 4 bands for each octave, fine to coarse; J is their number.
        align: see `OrthogonalWavelet`.
    """

    wavelet: str
    subdivisions: tuple[int, ...]
    align: str = "pywavelets"

    @property
    def transform(self) -> WaveletPacket:
        """The packet transform of all bands."""
        shells = []
        for octave in range(len(self.subdivisions), 0, -1):
            count = self.subdivisions[octave - 1]
            depth = octave + count.bit_length() - 1
            shells += [Shell(depth, b) for b in range(count, 2 * count)]
        return WaveletPacket(
            self.wavelet, PacketPlan(len(self.subdivisions), tuple(shells)), align=self.align
        )

    @property
    def octave_band(self) -> Band:
        """The band of a whole octave: what lies between a field and its coarse square."""
        return Band(self.wavelet, align=self.align)

    def bands(self, octave: int) -> list[Band]:
        """Return the bands of an octave, 1 the finest, coarse to fine."""
        count = self.subdivisions[octave - 1]
        return [
            Band(self.wavelet, subdivisions=count, index=k, align=self.align) for k in range(count)
        ]


@dataclass(frozen=True)
class CascadeFit:
    """A cascade that was fitted.

    Args:
        model: its factors.
        bands: what is known of each, coarse to fine; first the coarsest field if it has more than
            one pixel.
    """

    model: Multiscale[ConditionalEnergy]
    bands: list[BandFit]

    def with_bands(self, bands: list[BandFit]) -> "CascadeFit":
        """Return the cascade of other bands."""
        factors = [fit.factor for fit in bands]
        whole = len(factors) > len(self.model.details)
        coarse = factors.pop(0) if whole else self.model.coarse
        return CascadeFit(Multiscale(self.model.transform, coarse, factors), bands)


def fit_cascade(
    plan: CascadePlan, family: Family, blocks: Blocks, survey: Tensor, *, even: bool = False
) -> CascadeFit:
    """Return the cascade that minimises the score-matching loss of every band.

    Args:
        plan: which bands.
        family: which energies.
        blocks: called once; all fields.
        survey: some of the fields, (n, 1, h, w), float64; knots are at places that they show.
        even: p(x) = p(-x).

    Raises:
        InputError: singular equations, as those of too few fields are.
    """
    octaves = [_Octave(plan, 1 + j, family, even) for j in range(len(plan.subdivisions))]
    x = survey
    for octave in octaves:
        x = octave.begin(x)
    whole = None
    if x[0].numel() > 1:
        whole = moments_of(WholeField(), family, x, even=even, finer=plan.octave_band)
    coarsest: list[Tensor] = []
    equations = _Groups([m for o in octaves for m in o.moments] + ([whole] if whole else []))
    for group, block in blocks():
        equations.open(group)
        x = block
        for octave in octaves:
            x = octave.add(x)
        coarsest.append(x)
        if whole:
            whole.add(x)
    groups = equations.close()
    octave_fits = [[_fit(m, groups, family) for m in octave.moments] for octave in octaves]
    fits = [fit for octave in reversed(octave_fits) for fit in octave]
    details = [fit.factor for fit in fits]
    if whole:
        fits.insert(0, _fit(whole, groups, family))
        coarse: nn.Module = fits[0].factor
    else:
        coarse = fit_scalar(torch.cat(coarsest), even=even)
    return CascadeFit(Multiscale(plan.transform, coarse, details), fits)


class _Octave:
    """The moments of the bands of one octave."""

    def __init__(self, plan: CascadePlan, number: int, family: Family, even: bool) -> None:
        self.bands, self.family, self.even = plan.bands(number), family, even
        self.finer = plan.octave_band if number > 1 else None
        self.moments: list[BandMoments] = []

    def begin(self, x: Tensor) -> Tensor:
        """Place the knots of all bands; return the next coarser fields."""
        for band, field in self._truncated(x):
            self.moments.append(
                moments_of(band, self.family, field, even=self.even, finer=self.finer)
            )
        return self.bands[0].lower(x)

    def add(self, x: Tensor) -> Tensor:
        """Take fields; return the next coarser ones."""
        for moments, (_, field) in zip(self.moments, self._truncated(x), strict=True):
            moments.add(field)
        return self.bands[0].lower(x)

    def _truncated(self, x: Tensor) -> list[tuple[Band, Tensor]]:
        """Return each band with the fields that have no frequencies above it."""
        return [(band, x if band.top else band.truncate(x)) for band in self.bands]


class _Groups:
    """The equations of each group of fields, which come one after the other."""

    def __init__(self, moments: list[BandMoments]) -> None:
        self.moments, self.group = moments, -1
        self.taken: dict[int, list[Equations]] = {id(m): [] for m in moments}

    def open(self, group: int) -> None:
        """Begin a group; end the one before."""
        if group != self.group and self.group >= 0:
            self._take()
        self.group = group

    def close(self) -> dict[int, list[Equations]]:
        """Return the equations of all groups, by the identity of the moments."""
        self._take()
        return self.taken

    def _take(self) -> None:
        for moments in self.moments:
            self.taken[id(moments)].append(moments.take())


def _fit(moments: BandMoments, groups: dict[int, list[Equations]], family: Family) -> BandFit:
    return fit_band(moments, groups[id(moments)], family)
