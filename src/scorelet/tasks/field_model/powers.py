"""The shape of the power spectrum of samples beside that of the fields, and what chance does to it.

With the powers P of fields and of samples at |k| = f,

    d(f) = r(f) - mean_f r(f),      r(f) = log(P_fields(f) / P_samples(f))

d says what is missing at f more than elsewhere. What all frequencies have in common is left out: it
is most of what chance does to fields of which few are bright, whose powers rise together. So the
standard error e(f) of d, a jackknife over fields and over samples, is far below that of r.

Estimates are shrunk to d max(0, 1 - e^2 / d^2), the non-negative garrote: below e nothing is left
of a difference, far above e nearly all. Of differences by chance a third of the variance stays.

References: Breiman 1995, Technometrics 37, Better subset regression using the nonnegative garrote.
"""

import warnings
from dataclasses import dataclass, replace

import torch
from torch import Tensor

from scorelet.analysis.field_statistics import NotPeriodicWarning, Statistic, power_spectrum
from scorelet.analysis.field_statistics.statistic import jackknife_errors
from scorelet.core.typing import Fields, OtherFields

# the first ring that is used: 0 is of means, and 1 of tapered fields of the taper
_FIRST = {"none": 1, "hann": 2}
_TINY = torch.finfo(torch.float64).tiny
_LEAST = 1e-12  # of the largest power of the fields, below which it is rounding


@dataclass(frozen=True)
class ShapeDifference:
    """What the power spectrum of samples lacks of the shape of that of the fields.

    Args:
        frequencies: f in cycles per pixel, rising, (m), where fields have power.
        differences: d(f), (m), float64.
        variances: e(f)^2, (m); infinite if it is not known.
        level: mean of r over f.
    """

    frequencies: tuple[float, ...]
    differences: Tensor
    variances: Tensor
    level: float

    @property
    def mean_square(self) -> float:
        """Of r, over rings of frequencies."""
        return float(self.differences.square().mean()) + self.level**2

    @property
    def shrunk(self) -> Tensor:
        """d less what chance explains, (m)."""
        d = self.differences
        return d * (1 - self.variances / d.square()).clamp_min(0).nan_to_num(0.0)

    @property
    def chance(self) -> float:
        """Probability that fields of one law are as far apart; 1 if there is nothing to compare.

        The sum of d is 0: with m rings of equal errors (m - 1) / m times the sum of d^2 / e^2 is
        chi-squared of m - 1 degrees of freedom.
        """
        rings = len(self.differences)
        if rings < 2:
            return 1.0
        square = (self.differences.square() / self.variances).nan_to_num(0.0).mean() * (rings - 1)
        return float(torch.special.gammaincc(square.new_tensor(rings - 1) / 2, square / 2))


def shape_difference(x: Fields, y: OtherFields, *, cut_out: bool) -> ShapeDifference:
    """Compare powers of fields x and of samples y, both (n, h, w).

    Args:
        x, y: fields and samples, of one unit.
        cut_out: opposite sides do not meet, so that a window is needed.
    """
    window = "hann" if cut_out else "none"
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", NotPeriodicWarning)  # fits say what they take borders for
        fields = power_spectrum(x, window=window)
        samples = power_spectrum(y, window=window, like=fields)
    power, other = fields.values[0], samples.values[0].clamp_min(_TINY)
    rings = (power > _LEAST * power.max()).nonzero()[:, 0]
    rings = rings[rings >= _FIRST[window]]
    logs = (power / other)[rings].log()
    variances = sum(_errors(s, rings).square() for s in (fields, samples))
    return ShapeDifference(
        tuple((fields.axis.x[rings].double() / min(x.shape[1:])).tolist()),
        logs - logs.mean(),
        torch.as_tensor(variances).nan_to_num(torch.inf),
        float(logs.mean()),
    )


def _errors(power: Statistic, rings: Tensor) -> Tensor:
    """Return standard errors of log P(f) less its mean over rings, (m); NaN of one field."""

    def finish(mean: Tensor) -> Tensor:
        logs = mean[..., None, rings].clamp_min(_TINY).log()
        return logs - logs.mean(-1, keepdim=True)

    return jackknife_errors(replace(power.sample, finish=finish))[0]
