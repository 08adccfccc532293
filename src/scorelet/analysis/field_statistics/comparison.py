"""Do two sets of fields have the same law? A difference in units of chance, and its threshold.

Symbols: A and B, two sets; s = values(A) - values(B), a vector of points; the same for sets of the
same sizes into which all fields of A and B are dealt at random (1,000 "relabelings"); e, root mean
square of s over relabelings, per point.

    distance = root mean square over points of s / e
    threshold = the largest distance among the relabelings

If A and B have the same law, the given labels are as likely as any others, so the distance exceeds
the threshold with a probability of at most 1/1001. No law is assumed, nor independent points. What
is dealt are blocks: fields, or chains. A mean over a long chain varies less than one over a short
chain, so blocks are cut to one length first: else longer chains would differ from shorter ones.
"""

import math
from dataclasses import dataclass
from functools import lru_cache

import torch
from jaxtyping import Bool, Float
from torch import Tensor

from scorelet.analysis.field_statistics.fields import scale_of
from scorelet.analysis.field_statistics.memorisation import NearestNeighbours
from scorelet.analysis.field_statistics.statistic import (
    Finish,
    Sample,
    Statistic,
    root_mean_square,
)
from scorelet.analysis.field_statistics.table import STATISTICS
from scorelet.core.errors import InputError
from scorelet.core.random import generator

RELABELINGS = 1000

_ROUNDING = 1e-11  # of the scale of a value: what float32 leaves where there is nothing
_UNITS = {"moments": (1.0, (1, 1, 0, 0)), "critical": (0.5, (1, 2, 0, 0))}
"""Where numbers have several units: the power of the second number, the standard deviation or chi,
that has the unit of x, and the powers of that unit in each number."""

_POSITIVE = frozenset({"power", "structure"})
"""Statistics whose values are positive for every law, so that chance has a size beside them."""
_UNCLEAR = 0.5  # of such a statistic, above which chance hides what matters

_PIECE = 100  # relabelings that are worked on at once
_NEIGHBOURS = 400  # at most so many fields of each set are searched for copies


@dataclass(frozen=True)
class Comparison:
    """How far apart two statistics are.

    Attributes:
        distance: in units of chance: about 1 for sets of the same law.
        threshold: what no relabeling exceeds.
        decidable: whether the sets have enough relabelings for the threshold to mean anything.
        sizes: how large the difference is, by measure, see `difference_sizes`.
        floor: medians of the same measures over relabelings: what chance alone makes.
        blur: the unit of chance relative to a, by the first measure (of powers at the worst wave
            number): a difference of that size is a distance of about 1; 0 for statistics that are
            not positive for every law.
    """

    distance: float
    threshold: float
    decidable: bool
    sizes: dict[str, float]
    floor: dict[str, float]
    blur: float = 0.0

    @property
    def varies(self) -> bool:
        """Whether anything differs from relabeling to relabeling, beyond rounding."""
        return self.threshold > 0  # and is a number

    @property
    def undecided(self) -> bool:
        """Whether nothing is found, and chance would hide a difference of half the statistic."""
        hidden = self.blur > _UNCLEAR and not self.differs
        return not self.decidable or not self.varies or hidden

    @property
    def differs(self) -> bool:
        """Whether the two laws are found to differ."""
        return self.decidable and self.distance > self.threshold


def compare_statistics(a: Statistic, b: Statistic) -> Comparison:
    """Compare a statistic of two sets.

    Args:
        a: of the data; sizes are relative to it.
        b: of what is compared to the data, measured with ``like=a``.

    Raises:
        InputError: two statistics, two sizes of fields, bins of two sets, or values that are not
            finite.
    """
    one, two = a.sample, b.sample
    if a.name != b.name or one.contributions.shape[1:] != two.contributions.shape[1:]:
        raise InputError(
            f"The statistics are {a.name} with {a.values[0].numel()} points and {b.name} with "
            f"{b.values[0].numel()}: expected the same one of fields of one size."
        )
    alike = (one.reframe and two.reframe) or torch.equal(one.frame, two.frame)
    if not (alike and torch.equal(a.axis.x, b.axis.x)):
        raise InputError(
            f"The {a.name} of the two sets were measured in different units or bins: give like=, "
            "the first statistic, where the second is measured."
        )
    length = common_length(one.weights, two.weights)
    parts = one.first(length), two.first(length)
    sizes = len(parts[0]), len(parts[1])
    values = [s.finish(part.mean(0)) for s, part in zip((one, two), parts, strict=True)]
    pooled, finish = _pooled((one, two), parts)
    dealt = [_both(pooled, some, finish) for some in relabelings(*sizes).split(_PIECE)]
    first, second = (torch.cat(side) for side in zip(*dealt, strict=True))
    _refuse_not_finite(a.name, *values, first, second)
    chance = root_mean_square(first - second)
    largest = torch.stack([values[0].abs(), values[1].abs(), chance]).amax(0)
    if a.name == "power":
        largest[:, 0] = 0  # at k = 0 it is the square of the level, which moments compare
    kept = (chance > 0) & (largest > _ROUNDING * _scales(a.name, largest))
    given = ((values[0] - values[1]) / chance)[kept].square().mean().sqrt()
    others = ((first - second) / chance)[:, kept].square().mean(-1).sqrt()
    floor = difference_sizes(a.name, first, second, kept)
    blurs = difference_sizes(a.name, values[0], values[0] - chance, kept)
    return Comparison(
        distance=float(given.nan_to_num(0)),  # no point varies
        threshold=float(others.nan_to_num(0).max()),
        decidable=enough(*sizes),
        sizes={k: float(v) for k, v in difference_sizes(a.name, *values, kept).items()},
        floor={k: float(v.median()) for k, v in floor.items()},
        blur=float(next(iter(blurs.values()))) if a.name in _POSITIVE else 0.0,
    )


def compare_neighbours(found: NearestNeighbours) -> Comparison:
    """Compare distances to the data with distances among the data: are fields too close?

    The distance is the mean of log d among the data minus that of the examined fields, over its
    root mean square over relabelings. It is positive if fields are nearer to the data than the
    data to each other: copies, or fields that vary less.
    """
    n, m = len(found.among_data), len(found.to_data)
    index = torch.cat([torch.arange(min(n, _NEIGHBOURS)), n + torch.arange(min(m, _NEIGHBOURS))])
    pairs = found.pairs[index][:, index].clone().fill_diagonal_(torch.inf)
    pairs = pairs.clamp(min=1e-6 * float(found.among_data.median())).log().float()
    n, m = min(n, _NEIGHBOURS), min(m, _NEIGHBOURS)
    given = _nearness(pairs, torch.arange(n + m) < n)
    others = torch.stack([_nearness(pairs, label) for label in relabelings(n, m)])
    chance = others.square().mean().sqrt()
    return Comparison(
        distance=float(given / chance),
        threshold=float(others.max() / chance),
        decidable=enough(n, m),
        sizes={"median distance ratio": found.ratio, "copies": float(found.copies)},
        floor={"median distance ratio": 1.0, "copies": 0.0},
    )


def difference_sizes(
    name: str, a: Tensor, b: Tensor, kept: Bool[Tensor, "curve point"]
) -> dict[str, Tensor]:
    """Return how large the difference of (..., curve, point) values is, relative to a.

    Only points that are kept differ: others are rounding.

    relative L2: |a - b| / |a|, root mean square over curves, where moments are in units of the
    standard deviation and critical quantities in units of chi. In |a| moments are without the mean,
    and quantiles about the median, so that it does not depend on the zero of the unit. The power
    spectrum has besides the largest and the root-mean-square relative difference over k > 0, and
    the largest difference over the largest power; the marginal has its total variation.
    """
    gap = torch.where(kept, a - b, 0)
    scales = _scales(name, a)
    relative = (gap / scales).norm(dim=-1) / (_without_level(name, a) / scales).norm(dim=-1)
    sizes = {"relative L2": relative.square().mean(-1).sqrt()}
    if name == "marginal":
        return {"total variation": gap[..., 0, :].abs().sum(-1) / 2} | sizes
    if name == "power":
        shares = torch.where(kept, gap / a, 0)[..., 0, 1:].abs()
        count = kept[0, 1:].sum().clamp(min=1)
        return {
            "largest relative difference": shares.amax(-1),
            "rms relative difference": (shares.square().sum(-1) / count).sqrt(),
            "largest difference / largest power": gap.abs().amax((-1, -2)) / a.amax((-1, -2)),
        } | sizes
    return sizes


def enough(n: int, m: int) -> bool:
    """Return whether sets of n and m blocks have at least 100 times as many relabelings as used."""
    return math.comb(n + m, n) >= 100 * RELABELINGS


@lru_cache(maxsize=2)
def relabelings(n: int, m: int) -> Bool[Tensor, "relabeling all"]:
    """Return 1,000 random choices of n among n + m fields, always the same ones."""
    order = torch.rand(RELABELINGS, n + m, generator=generator(0, n, m)).argsort(1)
    return order < n


def common_length(a: Float[Tensor, " one"], b: Float[Tensor, " two"]) -> int:
    """Return to how many fields blocks of these sizes are cut; those with fewer are left out.

    It is the length that keeps most fields, n m / (n + m) with n and m of each set, among those
    that leave enough blocks for a verdict, if there are any.
    """

    def worth(length: float) -> tuple[bool, float]:
        n, m = int((a >= length).sum()), int((b >= length).sum())
        return enough(n, m), length * n * m / max(1, n + m)

    return int(max(torch.cat([a, b]).unique().tolist(), key=worth))


def _scales(name: str, values: Tensor) -> Tensor:
    """Return what makes pure numbers of (..., curve, point) values: the largest of a curve.

    Numbers of several units are taken in their own, of these values: see `_UNITS`.
    """
    scales = values.abs().amax(-1, keepdim=True)
    if name in _UNITS:
        root, powers = _UNITS[name]
        scales = (values[..., 1:2] ** root) ** torch.tensor(powers)
    return torch.where(scales > 0, scales, 1)


def _without_level(name: str, values: Tensor) -> Tensor:
    """Return (..., curve, point) values as they would be of fields about 0, of two statistics."""
    if name == "moments":
        return torch.cat([torch.zeros_like(values[..., :1]), values[..., 1:]], -1)
    if name == "quantiles":
        return values - values[..., [values.shape[-1] // 2]]
    return values


def _refuse_not_finite(name: str, *values: Tensor) -> None:
    if not all(bool(some.isfinite().all()) for some in values):
        raise InputError(
            f"A value of {STATISTICS[name].title!r}, of a set or of a part of both sets, is NaN or "
            "infinite: expected fields whose variance, mean and power are nowhere exactly 0, in a "
            "unit near to their size."
        )


def _pooled(samples: tuple[Sample, Sample], parts: tuple[Tensor, Tensor]) -> tuple[Tensor, Finish]:
    """Return the contributions of both sets in one frame, and their F."""
    one, two = samples
    if one.reframe is None or two.reframe is None:
        return torch.cat(parts), one.finish
    frames = torch.stack([one.frame, two.frame])
    frame = scale_of(torch.stack([frames[:, 0], frames[:, 1].square()], 1))
    (first, finish), (second, _) = one.reframe(parts[0], frame), two.reframe(parts[1], frame)
    return torch.cat([first, second]), finish


def _both(pooled: Tensor, labels: Tensor, finish: Finish) -> tuple[Tensor, Tensor]:
    """Return the values of the blocks that are labelled, and of the others."""
    shares = [chosen.to(pooled) for chosen in (labels, ~labels)]
    first, second = (finish(part @ pooled / part.sum(1, keepdim=True)) for part in shares)
    return first, second


def _nearness(logs: Float[Tensor, "all all"], data: Bool[Tensor, " all"]) -> Tensor:
    nearest = logs[:, data].min(1).values
    return nearest[data].mean() - nearest[~data].mean()
