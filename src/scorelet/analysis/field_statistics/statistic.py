"""What a statistic of fields is: a function of means over fields, with its errors.

Symbols: every field u gives a vector of contributions c_u, (m); a statistic is

    values = F( mean_u c_u )        for example c = (m^2, m^4), F = <m^4> / <m^2>^2

so that leaving out fields (errors) and exchanging fields between two sets (comparisons) costs one
matrix product, whatever the statistic. A block is what is independent: a field, or all fields of a
Markov chain.
"""

from collections.abc import Callable
from dataclasses import dataclass, field, replace

import torch
from jaxtyping import Float
from torch import Tensor

from scorelet.core.errors import InputError

MOST_BLOCKS = 400
"""Blocks that are left out one by one: errors are known to 1/sqrt(800), 4 %."""

Finish = Callable[[Tensor], Tensor]
"""F: (..., m) to (..., curve, point)."""

Reframe = Callable[[Tensor, Tensor], tuple[Tensor, Finish]]
"""Contributions (block, m) and another frame: the contributions there, and their F."""


@dataclass(frozen=True)
class Axis:
    """The horizontal axis of a statistic.

    Attributes:
        x: (point), float64.
        label: what x is.
        unit: of x; empty for pure numbers.
        names: of the points, where x only counts them.
        log: whether x is best drawn on a logarithmic scale.
    """

    x: Float[Tensor, " point"]
    label: str
    unit: str = ""
    names: tuple[str, ...] = ()
    log: bool = False


@dataclass(frozen=True)
class Sample:
    """What a set of fields contributes.

    Attributes:
        contributions: mean of c over the fields of each block, (block, m), float64.
        finish: F.
        frame: numbers that a set which is compared must share: bin edges, or the mean and the
            standard deviation that thresholds are in.
        sizes: how many fields each block has, (block); None if each is one field.
        fields: c of each field, (field, m), one block after the other; None if blocks are fields.
        reframe: where each set has a frame of its own, (mean, standard deviation): to another one.
    """

    contributions: Float[Tensor, "block m"]
    finish: Finish
    frame: Tensor
    sizes: Float[Tensor, " block"] | None = None
    fields: Float[Tensor, "field m"] | None = None
    reframe: Reframe | None = None

    def first(self, length: int) -> Float[Tensor, "block m"]:
        """Return the mean of c over the first `length` fields of each block that has so many."""
        if self.fields is None or self.sizes is None:
            return self.contributions
        sizes = self.sizes.long()
        start = (sizes.cumsum(0) - sizes)[sizes >= length]
        return self.fields[start[:, None] + torch.arange(length)].mean(1)

    @property
    def weights(self) -> Float[Tensor, " block"]:
        """How many fields each block has, (block)."""
        ones = torch.ones(len(self.contributions), dtype=torch.float64)
        return ones if self.sizes is None else self.sizes


@dataclass(frozen=True)
class Statistic:
    """A statistic of a set of fields.

    Attributes:
        name: the key in `STATISTICS`.
        axis: of the points.
        values: (curve, point), float64.
        errors: standard errors over blocks, (curve, point); NaN for a single one.
        unit: of the values, in terms of the unit [x] of the fields.
        labels: one per curve.
        sample: what it was made from.
    """

    name: str
    axis: Axis
    values: Float[Tensor, "curve point"]
    errors: Float[Tensor, "curve point"]
    unit: str
    labels: tuple[str, ...]
    sample: Sample = field(repr=False)

    @property
    def blocks(self) -> int:
        """How many independent parts it was made from: fields, or chains."""
        return len(self.sample.contributions)


def summarize(
    name: str, axis: Axis, sample: Sample, *, unit: str = "", labels: tuple[str, ...] = ("",)
) -> Statistic:
    """Return the statistic of a sample, with jackknife errors."""
    values = sample.finish(sample.contributions.mean(0))
    return Statistic(name, axis, values, jackknife_errors(sample), unit, labels, sample)


def by_chain(statistic: Statistic, chain: Tensor) -> Statistic:
    """Return the statistic with errors over Markov chains: fields of one need not be independent.

    Args:
        statistic: of the fields.
        chain: a number for each field, (field), that says which chain drew it.

    Raises:
        InputError: another count of numbers.
    """
    sample = statistic.sample
    if len(chain) != len(sample.contributions):
        raise InputError(
            f"Got the chains of {len(chain)} fields for a statistic of "
            f"{len(sample.contributions)}: expected one number for each."
        )
    _, row = chain.cpu().unique(return_inverse=True)
    fields = sample.contributions[row.argsort(stable=True)]
    sample = replace(_pooled(sample, row), fields=fields)
    return replace(statistic, errors=jackknife_errors(sample), sample=sample)


def jackknife_errors(sample: Sample) -> Float[Tensor, "curve point"]:
    """Return the standard errors of a statistic, by leaving out one block after the other.

    With values v, and v_j without block j of m_j fields, h_j = n / m_j, n the number of fields:

        p_j = h_j v - (h_j - 1) v_j,      error² = mean_j (p_j - sum_j p_j / h_j)² / (h_j - 1)

    For equal blocks it is the usual jackknife. The square is unbiased where F is linear, and too
    large rather than too small where it is not. More than 400 blocks are joined into 400.

    Reference: Busing, Meijer, van der Leeden, Statistics and Computing 1999; Efron, Stein 1981.
    """
    blocks = len(sample.contributions)
    if blocks == 1:
        return torch.full_like(sample.finish(sample.contributions[0]), torch.nan)
    if blocks > MOST_BLOCKS:
        sample = _pooled(sample, torch.arange(blocks) % MOST_BLOCKS)
    weights = sample.weights[:, None]
    total, whole = weights.sum(), (weights * sample.contributions).sum(0)
    without = sample.finish((whole - weights * sample.contributions) / (total - weights))
    ratio = (total / weights)[..., None]
    pseudo = ratio * sample.finish(whole / total) - (ratio - 1) * without
    centre = (pseudo / ratio).sum(0)
    return root_mean_square((pseudo - centre) / (ratio - 1).sqrt())


def root_mean_square(x: Tensor) -> Tensor:
    """Return the root mean square over the first axis, of numbers whose squares may overflow."""
    largest = x.abs().amax(0)
    scale = torch.where(largest > 0, largest, 1)
    return scale * (x / scale).square().mean(0).sqrt()


def _pooled(sample: Sample, row: Tensor) -> Sample:
    """Return the sample with blocks joined: `row` says for each the number of its new block."""
    count = int(row.max()) + 1
    weights = torch.zeros(count, dtype=torch.float64).index_add_(0, row, sample.weights)
    sums = torch.zeros(count, sample.contributions.shape[1], dtype=torch.float64)
    sums.index_add_(0, row, sample.weights[:, None] * sample.contributions)
    return replace(sample, contributions=sums / weights[:, None], sizes=weights, fields=None)


def curves(count: int) -> Finish:
    """Return the F that only splits the mean contributions into `count` curves."""
    return lambda mean: mean.unflatten(-1, (count, -1))
