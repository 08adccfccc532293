"""One band fitted: a family of energies, its equations, its solution."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import torch
from torch import Tensor

from scorelet.core.errors import InputError
from scorelet.core.random import Noise
from scorelet.models.field_energy import (
    Band,
    ConditionalEnergy,
    Couplings,
    FieldEnergy,
    Potential,
    WholeField,
    half_plane,
    potential_kinds,
)
from scorelet.models.field_energy.band import AnyBand
from scorelet.models.field_energy.couplings import Shift
from scorelet.models.field_energy.energy import pixels_of
from scorelet.training.score_matching.concavity import SHARE, project_log_concave
from scorelet.training.score_matching.normal_equations import BandMoments, Equations
from scorelet.training.score_matching.smoothing import can_be_smoothed, heavier, smoothed
from scorelet.training.score_matching.solve import (
    RIDGE,
    Solution,
    penalised_variance,
    total_of,
)
from scorelet.training.score_matching.tails import gaussian_curvature, solve_confined

PLACEMENTS = "quantile", "linspace"
PIXELS = "finer", "own"
MOST_KNOTS, MOST_REACH = 64, 32
_SEED = 1009
_FELT = 1e-6  # of the largest force; what cancels leaves 1e-16
_SORTED = 1 << 18  # pixels are enough for quantiles of 1e-3


@dataclass(frozen=True)
class Family:
    """Which energies are fitted.

    Args:
        basis: the kind of the potentials, see `scorelet.models.field_energy.potentials`.
        knots: how many.
        placement: "quantile": at quantiles of the pixels that are equally spaced in deviations of a
            normal law, denser where pixels are; "linspace": equally spaced from the least to the
            largest pixel.
        reach: couplings of pixels at most so far apart along each axis.
        pixels: on which potentials of coarse fields act: "finer": those of the grid of one octave
            more, "own"; see `scorelet.models.field_energy.energy`.
        ridge: of the scaled normal equations.
        concave: conditional laws are made strongly log-concave everywhere, see
            `project_log_concave`.
        smooth: potentials of splines are as far from quadratic as fields that are left out call
            for, see `scorelet.training.score_matching.smoothing`; False is the published fit.
    """

    basis: str = "spline"
    knots: int = 12
    placement: str = "quantile"
    reach: int = 4
    pixels: str = "finer"
    ridge: float = RIDGE
    concave: bool = False
    smooth: bool = True

    def __post_init__(self) -> None:
        if self.basis not in potential_kinds() or self.placement not in PLACEMENTS:
            raise InputError(
                f"basis={self.basis!r}, placement={self.placement!r}: use "
                f"{' or '.join(potential_kinds())}, and {' or '.join(PLACEMENTS)}."
            )
        if self.concave and not self._quadratic:
            raise InputError("Log-concavity can be enforced on splines only: use basis='spline'.")
        if self.pixels not in PIXELS:
            raise InputError(f"pixels={self.pixels!r}: use finer or own.")
        fits = 3 <= self.knots <= MOST_KNOTS and 0 <= self.reach <= MOST_REACH
        if not fits or not self.ridge >= 0:
            raise InputError(
                f"knots={self.knots}, reach={self.reach}, ridge={self.ridge}: expected 3 to "
                f"{MOST_KNOTS} knots, a reach of 0 to {MOST_REACH} pixels and a ridge that is not "
                "negative."
            )

    def potential(self, pixels: Tensor, *, even: bool = False) -> Potential:
        """Return the family of potentials, at weights 0, for pixels of these values.

        Args:
            pixels: (n), a sample of them.
            even: knots symmetric about 0.
        """
        values = pixels.double().flatten()
        kind = potential_kinds()[self.basis]
        if even:  # splines with a knot at 0, where v' is 0; a sigmoid there would be a constant
            count = self.knots + (self.knots % 2 != kind.quadratic)
            knots = self._places(torch.cat([values, -values]), count)
            knots = (knots - knots.flip(0)) / 2
        else:
            knots = self._places(values, self.knots)
        return kind(knots)

    def shifts(self, height: int, width: int, *, details: bool = True) -> tuple[Shift, ...]:
        """Return the shifts on a grid; without (0, 0) where v contains it, as splines do.

        On grids of at least 8 pixels the reach is below half of a side: farther shifts repeat
        nearer ones among the frequencies of details. Where it covers a grid the farthest is left
        out: all shifts together add up to a constant, so for details they are (0, 0) once more.
        """
        side = min(height, width)
        reach = min(self.reach, side // 2 - 1) if side >= 8 else self.reach
        shifts = half_plane(reach, height, width, centre=not self._quadratic)
        covered = 2 * reach + 1 >= max(height, width)
        return shifts[:-1] if covered and details and len(shifts) > 1 else shifts

    @property
    def _quadratic(self) -> bool:
        return potential_kinds()[self.basis].quadratic

    def _places(self, values: Tensor, count: int) -> Tensor:
        ends = torch.stack([values.min(), values.max()])
        if self.placement == "linspace":
            return torch.linspace(*ends.tolist(), count, dtype=torch.float64)
        tail = min(1e-3, max(4e-4, 100 / len(values)))
        edge = -float(torch.special.ndtri(torch.tensor(tail, dtype=torch.float64)))
        levels = torch.special.ndtr(torch.linspace(-edge, edge, count, dtype=torch.float64))
        some = values[:: max(1, len(values) // _SORTED)].sort().values
        knots = some[(levels * (len(some) - 1)).round().long()]
        if not self._quadratic:
            knots[0], knots[-1] = ends + 1e-9 * ends.diff() * torch.tensor([-1, 1])  # holds all
        return _kept_apart(knots)


def _kept_apart(knots: Tensor) -> Tensor:
    """Leave out knots that are equal or nearly so, as where many pixels have one value."""
    least = 1e-3 * float(knots[-1] - knots[0]) / len(knots)
    kept = torch.cat([knots.new_ones(1, dtype=torch.bool), knots.diff() > least])
    if int(kept.sum()) < 3:
        raise InputError(
            "Nearly all pixels of one scale have one or two values, beside their range: expected "
            "fields that vary without steps; take out copies of one, mask pixels that do not vary "
            "or are no data, and average fields of two values, such as spins, over blocks first."
        )
    return knots[kept]


@dataclass(frozen=True)
class BandFit:
    """A band that was fitted.

    Args:
        factor: the conditional energy.
        solution: parameters with errors.
        moments: which equations they solve.
        margin: by which energies of this band are made to confine, see `solve_confined`.
        held: whether the tails of the potential had to be held for that.
        paid: loss that log-concavity has cost; None where it is not enforced.
        smoothing: λ, see `smoothed`.
        groups: the equations.
        family: the choices.
    """

    factor: ConditionalEnergy
    solution: Solution
    moments: BandMoments
    margin: float = 0.0
    held: bool = False
    paid: float | None = None
    smoothing: float = 0.0
    groups: Sequence[Equations] = ()
    family: Family = field(default_factory=Family)

    @property
    def replicas(self) -> list[FieldEnergy]:
        """The energies without each group of fields: what differs between them is not known."""
        return [self.moments.energy(theta) for theta in self.solution.replicas]

    def moved_to(self, theta: Tensor) -> "BandFit":
        """Return the same band at other parameters, with the errors of these."""
        solution = self.solution.moved_to(theta)
        factor = ConditionalEnergy(self.moments.energy(theta), self.moments.band)
        return replace(self, factor=factor, solution=solution)

    def stiffened(self) -> "BandFit | None":
        """Return the fit with a heavier λ, a potential nearer to a quadratic one, or None."""
        smooths = self.family.smooth and can_be_smoothed(self.moments, self.groups)
        weight = heavier(self.smoothing) if smooths else None
        if weight is None:
            return None
        return fit_band(self.moments, self.groups, self.family, smoothing=weight)

    def projected(self) -> "BandFit | None":
        """Return the best fit that is log-concave everywhere; None if this one is, or none can be.

        Chains of an energy that is not may leave the fields, from where no moments lead back.
        """
        if not self.family._quadratic:
            return None
        family = replace(self.family, concave=True)
        fit = fit_band(self.moments, self.groups, family, smoothing=self.smoothing)
        return replace(fit, family=self.family, paid=None) if fit.paid else None


def fit_band(
    moments: BandMoments,
    groups: Sequence[Equations],
    family: Family,
    *,
    smoothing: float | None = None,
) -> BandFit:
    """Return the energy that minimises the score-matching loss of one band.

    Args:
        moments: what has made the equations.
        groups: of disjoint groups of fields.
        family: ridge, concave and smooth of it.
        smoothing: λ, if it is not to be chosen, see `smoothed`.

    Raises:
        InputError: singular equations.
    """
    weight, penalty, given, plain = 0.0, None, groups, total_of(groups)
    if family.smooth:
        groups, weight, penalty = smoothed(moments, groups, ridge=family.ridge, weight=smoothing)
    solution, margin, held = solve_confined(moments, groups, ridge=family.ridge)
    solution = replace(solution, loss=plain.loss(solution.theta))  # without the penalty
    if penalty is not None:
        variance = penalised_variance(given, penalty, ridge=family.ridge)
        solution = replace(solution, variance=variance)
    factor = ConditionalEnergy(moments.energy(solution.theta), moments.band)
    fit = BandFit(
        factor, solution, moments, margin, held, smoothing=weight, groups=given, family=family
    )
    if not family.concave:
        return fit
    alpha = SHARE * gaussian_curvature(moments, groups)
    theta = project_log_concave(moments, total_of(groups), solution.theta, alpha)
    return replace(fit.moved_to(theta), paid=plain.loss(theta) - solution.loss)


def moments_of(
    band: AnyBand, family: Family, x: Tensor, *, even: bool = False, finer: Band | None = None
) -> BandMoments:
    """Return empty moments for a band, with knots at places that fields x (n, 1, h, w) show.

    Args:
        band: whose details vary.
        family: which energies.
        x: some fields, without frequencies above the band.
        even: p(x) = p(-x).
        finer: the octave whose coarse square x is; None where x is the finest field.
    """
    size = (int(x.shape[-2]), int(x.shape[-1]))
    finer = finer if family.pixels == "finer" else None
    potential = family.potential(pixels_of(x, finer), even=even)
    slope = isinstance(band, WholeField) and not even
    shifts = family.shifts(*size, details=isinstance(band, Band))
    if isinstance(band, Band) and band.subdivisions > 1:
        shifts = felt_shifts(band, shifts, size)
    return BandMoments(band, shifts, potential, size, slope=slope, even=even, finer=finer)


def felt_shifts(band: Band, shifts: tuple[Shift, ...], size: tuple[int, int]) -> tuple[Shift, ...]:
    """Return the shifts whose couplings act on the details of a band, B K_s x ≠ 0 for some x.

    In the second quarter of the octave of 8 x 8 pixels those of two rows and two columns cancel,
    with every wavelet: equations would have rounding in their place.
    """
    x = band.truncate(Noise(_SEED, (0,)).normal(torch.empty(1, 1, *size, dtype=torch.float64)))
    one = torch.ones(1, dtype=torch.float64)
    forces = [float(band.analyze(Couplings((s,), one).product(x)).norm()) for s in shifts]
    return tuple(s for s, f in zip(shifts, forces, strict=True) if f > _FELT * max(forces))
