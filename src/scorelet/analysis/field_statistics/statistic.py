"""What a statistic of fields is: a function of means over fields, with its errors.

Symbols: every field u gives a vector of contributions c_u, (m); a statistic is

    values = F( mean_u c_u )        for example c = (m^2, m^4), F = <m^4> / <m^2>^2

so that resampling fields (errors) and exchanging fields between two sets (comparisons) costs one
matrix product, whatever the statistic.
"""

from collections.abc import Callable
from dataclasses import dataclass, field, replace

import torch
from jaxtyping import Float
from torch import Tensor

from scorelet.core.errors import InputError
from scorelet.core.random import generator

RESAMPLES = 200
"""Bootstrap resamples: errors are known to 1/sqrt(400), 5 %."""

Finish = Callable[[Tensor], Tensor]
"""F: (..., m) to (..., curve, point)."""


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
        contributions: c, (field, m), float64.
        finish: F.
        frame: numbers that a set which is compared must share: bin edges, or the mean and the
            standard deviation that thresholds are in.
    """

    contributions: Float[Tensor, "field m"]
    finish: Finish
    frame: Tensor


@dataclass(frozen=True)
class Statistic:
    """A statistic of a set of fields.

    Attributes:
        name: the key in `STATISTICS`.
        axis: of the points.
        values: (curve, point), float64.
        errors: standard errors over fields, (curve, point); NaN for a single field.
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
    def fields(self) -> int:
        """How many fields it was made from."""
        return len(self.sample.contributions)


def summarize(
    name: str, axis: Axis, sample: Sample, *, unit: str = "", labels: tuple[str, ...] = ("",)
) -> Statistic:
    """Return the statistic of a sample, with bootstrap errors."""
    values = sample.finish(sample.contributions.mean(0))
    return Statistic(name, axis, values, bootstrap_errors(sample), unit, labels, sample)


def by_chain(statistic: Statistic, chain: Tensor) -> Statistic:
    """Return the statistic with errors over Markov chains: fields of one need not be independent.

    Args:
        statistic: of the fields.
        chain: a number for each field, (field), that says which chain drew it.

    Raises:
        InputError: another count of numbers, or chains that drew different numbers of fields.
    """
    if len(chain) != statistic.fields:
        raise InputError(
            f"Got the chains of {len(chain)} fields for a statistic of {statistic.fields}."
        )
    _, row, counts = chain.unique(return_inverse=True, return_counts=True)
    if counts.min() != counts.max():
        raise InputError(
            f"Chains drew {int(counts.min())} to {int(counts.max())} fields: give as many of each."
        )
    sums = torch.zeros(len(counts), statistic.sample.contributions.shape[1], dtype=torch.float64)
    sums.index_add_(0, row, statistic.sample.contributions)
    sample = replace(statistic.sample, contributions=sums / counts[0])
    return replace(statistic, errors=bootstrap_errors(sample), sample=sample)


def bootstrap_errors(sample: Sample, *, resamples: int = RESAMPLES) -> Float[Tensor, "curve point"]:
    """Return the standard deviation of the statistic over resampled sets of fields.

    Fields are drawn with replacement, always by the same random numbers.
    """
    count = len(sample.contributions)
    if count == 1:
        return torch.full_like(sample.finish(sample.contributions[0]), torch.nan)
    weights = torch.zeros(resamples, count, dtype=torch.float64)
    drawn = torch.randint(count, (resamples, count), generator=generator(0))
    weights.scatter_add_(1, drawn, torch.ones_like(weights))
    return sample.finish(weights @ sample.contributions / count).std(0)


def curves(count: int) -> Finish:
    """Return the F that only splits the mean contributions into `count` curves."""
    return lambda mean: mean.unflatten(-1, (count, -1))
