"""The Fisher ratio of classes: how far their means lie apart, in units of the spread within them.

Symbols: K classes, N samples, D features, Σ_W and Σ_B of `fisher_moments`, r = rank Σ_W, ν degrees
of freedom of Σ_W, ν_c of Σ_c.

    FR = K⁻¹ tr(Σ_W⁺ Σ_B)

It does not change under invertible linear maps of the features, and no linear map raises it.
Redundant features have a singular Σ_W: Σ_W⁺ is its inverse where eigenvalues are above a tolerance.

A finite number of samples raises it. For Gaussian classes of one covariance and n_c = N/K, Σ_W is
Wishart and independent of the means, E Σ_W⁻¹ = m Σ⁻¹ with m = ν/(ν - r - 1), and so

    E FR = m (FR_true + (K - 1)/K · r/N):

even classes of equal means have the *floor* m (K - 1)/K · r/N. Solved for FR_true it gives an
estimate without bias. For other n_c, Σ_W is a mean of Wishart matrices of ν_c degrees of freedom,
and m solves

    1/m = Ave_c 1 / (1 + (r + 1) m / (K ν_c)),

which is exact for classes of one size, and in the limit of many features. Another one takes the
means of the two halves of every class,

    FR_held = 1/m K⁻² Σ_c (μ_c¹ - μ¹)^T Σ_W⁺ (μ_c² - μ²),

in which errors of the means do not add up, and knows no floor.

References: Zarka, Guth, Mallat, ICLR 2021, arXiv 2012.10424; Walther et al., NeuroImage 137, 2016
(products of halves).
"""

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from scorelet.analysis.fisher_moments import ClassMoments
from scorelet.core.errors import InputError

TOLERANCE = 1e-8
_ROUNDING = 1e-13  # relative, of sums of numbers in float64


@dataclass(frozen=True)
class FisherRatio:
    """The Fisher ratio of one set of features.

    Attributes:
        ratio: K⁻¹ tr(Σ_W⁺ Σ_B).
        floor: what it would be in the mean if all classes had one mean; None where samples are
            too few for the rank (Σ_c ν_c ≤ r + 1).
        corrected: estimate of the ratio without bias, below zero now and then if it is small.
        held_out: another one from halves; None if moments know no halves.
        rank: r of Σ_W.
        dimension: D.
        classes: K.
        trace_ratio: tr Σ_B / tr Σ_W without the bias of finite samples; it needs no inverse, but
            changes with the units of the features.
        outside: share of tr Σ_B in directions without any spread within classes, 0 to 1; where it
            is not 0 classes are perfectly separated, and the ratio, which leaves it out, is too
            small.
    """

    ratio: float
    floor: float | None
    corrected: float | None
    held_out: float | None
    rank: int
    dimension: int
    classes: int
    trace_ratio: float
    outside: float

    @property
    def trace(self) -> float:
        """tr(Σ_W⁺ Σ_B), without the 1/K."""
        return self.ratio * self.classes


class ConstantFeatures(InputError):
    """Features that do not vary within any class."""


def fisher_ratio(moments: ClassMoments, *, tolerance: float = TOLERANCE) -> FisherRatio:
    """Return the Fisher ratio of features whose moments are known.

    Args:
        moments: with full covariances.
        tolerance: directions whose share of the variance is below it, relative to the largest
            and after every feature is scaled to one variance, do not count.

    Raises:
        InputError: moments of variances only.
        ConstantFeatures: all features are constant within every class.
    """
    if moments.diagonal:
        raise InputError("These moments hold variances only: make them with diagonal=False.")
    root, scale = _inverse_root(_without_rounding(moments), tolerance)
    deviations = moments.deviations() / scale
    whitened = deviations @ root
    classes, rank = moments.classes, root.shape[1]
    ratio = float(whitened.square().sum()) / classes**2
    inflation = _inflation(moments.freedom, rank)
    floor = finite_sample_floor(rank, moments.counts, parts=moments.parts)
    held = None
    if moments.parts == 2 and inflation:
        halves = [moments.deviations(part) / scale @ root for part in (0, 1)]
        held = float((halves[0] * halves[1]).sum()) / classes**2 / inflation
    return FisherRatio(
        ratio=ratio,
        floor=floor,
        corrected=None if floor is None or not inflation else (ratio - floor) / inflation,
        held_out=held,
        rank=rank,
        dimension=moments.dimension,
        classes=classes,
        trace_ratio=_trace_ratio(moments),
        outside=_outside(deviations, root),
    )


def finite_sample_floor(rank: int, counts: Sequence[int], *, parts: int = 1) -> float | None:
    """Return E FR of Gaussian classes with one mean and one covariance, see the module.

    Exact for classes of one size; for others N/K is the harmonic mean of the n_c, and m as above.

    Args:
        rank: r.
        counts: n_c of each class.
        parts: of each class, as in `ClassMoments`.

    Returns:
        None where samples are too few for the mean to exist.

    Example:
        >>> from scorelet.analysis.fisher import finite_sample_floor
        >>> round(finite_sample_floor(128, [100] * 10), 4)
        0.1325
    """
    classes = len(counts)
    inflation = _inflation([n - parts for n in counts], rank)
    if inflation is None:
        return None
    return inflation * (classes - 1) / classes * rank / classes * _mean_inverse(counts)


@dataclass(frozen=True)
class KindSeparation:
    """How far class means lie apart in the channels of one kind, taken one by one.

    Attributes:
        kind: name of the kind.
        channels: their number.
        value: mean over their features of Σ_B,ii / Σ_W,ii, without the bias of finite samples.
    """

    kind: str
    channels: int
    value: float


def separation_by_kind(
    moments: ClassMoments, kinds: Sequence[str], *, tolerance: float = TOLERANCE
) -> tuple[KindSeparation, ...]:
    """Return the separation of class means for each kind of channel.

    Args:
        moments: of features (channel, ...) that were made flat, channels first.
        kinds: one name for each channel.
        tolerance: features whose variance is below this share of the largest do not count.

    Raises:
        InputError: another number of channels than the features have.
    """
    channels = len(kinds)
    if not channels or moments.dimension % channels:
        raise InputError(
            f"{channels} kinds of channels do not fit {moments.dimension} features: give one for "
            "each channel."
        )
    within = moments.within if moments.diagonal else moments.within.diagonal()
    between = moments.deviations().square().mean(0)
    inflation = _inflation(moments.freedom, 1)
    if inflation is None:
        raise InputError("There are too few samples to compare means: give more of each class.")
    noise = (1 - 1 / moments.classes) * _mean_inverse(moments.counts)
    counts = within > tolerance * within.max()
    values = between / within.clamp_min(torch.finfo(torch.float64).tiny) / inflation - noise
    rows, kept = values.reshape(channels, -1), counts.reshape(channels, -1)
    found = []
    for kind in dict.fromkeys(kinds):
        mine = torch.tensor([name == kind for name in kinds], device=rows.device)
        chosen = rows[mine][kept[mine]]
        if len(chosen):
            found.append(KindSeparation(kind, int(mine.sum()), float(chosen.mean())))
    return tuple(found)


def _trace_ratio(moments: ClassMoments) -> float:
    """Return tr Σ_B / tr Σ_W, less what errors of the means add to it."""
    between = moments.deviations().square().sum(1).mean()
    noise = (1 - 1 / moments.classes) * _mean_inverse(moments.counts)
    return float(between / moments.within.diagonal().sum()) - noise


def _without_rounding(moments: ClassMoments) -> Tensor:
    """Return Σ_W with 0 for features whose variance is no more than rounding of their means."""
    within = moments.within
    size = moments.means().square().mean(0)
    constant = within.diagonal() <= _ROUNDING**2 * size
    return within.masked_fill(constant[:, None] | constant, 0)


def _inverse_root(within: Tensor, tolerance: float) -> tuple[Tensor, Tensor]:
    """Return R (D, r) and scales s (D,) with Σ_W⁺ = s⁻¹ R R^T s⁻¹ above the tolerance."""
    scale = within.diagonal().sqrt()
    if not bool((scale > 0).any()):
        raise ConstantFeatures(
            "The features are constant within every class, so nothing measures how far classes "
            "lie apart: the ratio would be infinite."
        )
    scale = torch.where(scale > 0, scale, 1.0)
    values, vectors = torch.linalg.eigh(within / scale[:, None] / scale)
    kept = values > tolerance * values[-1]
    return vectors[:, kept] / values[kept].sqrt(), scale


def _outside(deviations: Tensor, root: Tensor) -> float:
    """Share of the squared deviations that is orthogonal to the columns of `root`."""
    total = float(deviations.square().sum())
    if not total:
        return 0.0
    basis = torch.linalg.qr(root).Q
    rest = deviations - deviations @ basis @ basis.mT
    return float(rest.square().sum()) / total


def _inflation(freedom: Sequence[int], rank: int) -> float | None:
    """Return m of E Σ_W⁻¹ = m Σ⁻¹ from the ν_c, see the module; None where it does not exist."""
    if sum(freedom) <= rank + 1:
        return None
    below, above = 0.0, 1.0  # of 1/m
    for _ in range(60):
        t = (below + above) / 2
        shares = (1 / (1 + (rank + 1) / (len(freedom) * n * t)) for n in freedom)
        below, above = (t, above) if sum(shares) / len(freedom) > t else (below, t)
    return 2 / (below + above)


def _mean_inverse(counts: Sequence[int]) -> float:
    return sum(1 / n for n in counts) / len(counts)
