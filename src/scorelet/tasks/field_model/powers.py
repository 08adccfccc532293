"""Powers of samples beside those of the fields, and a filter of samples that brings them nearer.

Samples of transformed fields z = T(x) have powers near those of z. The powers of x are others:
bright parts add most to them, and may vary more than T says (samples of a map of dust have half of
its power at the smallest scales). With the powers P of x at |k| = f, samples of z are filtered by

    g(f) = (r(f) - mean_f r(f)) / 2,      r(f) = log(P_fields(f) / P_samples(f))

less what chance explains: of a difference d = r(f) - mean r with standard error e, that of the
estimate of James and Stein is left, its positive part d max(0, 1 - e^2 / d^2). What all frequencies
have in common is left to the quantiles. It is most of what chance does to fields of which few are
bright: where one of them is, all powers rise. So e is the error of the difference, over fields.

References: James, Stein 1961, Estimation with quadratic loss, Proc. 4th Berkeley Symposium 1.
"""

import warnings
from dataclasses import dataclass

from torch import Tensor

from scorelet.analysis.field_statistics import NotPeriodicWarning, Statistic, power_spectrum
from scorelet.core.typing import Fields
from scorelet.data.fields.radial_filter import RadialFilter

_FIRST = {"none": 1, "hann": 2}  # ring whose power is one of the fields, and not of their window
_MOST = 1.5  # of |log ratio| at once: the inverse of a transform makes much of little


@dataclass(frozen=True)
class PowerRatios:
    """Logarithms of ratios of powers, those of fields over those of samples, less their mean.

    Args:
        frequencies: in cycles per pixel.
        logs: of the ratios, less their mean, and less chance.
    """

    frequencies: tuple[float, ...]
    logs: Tensor

    @property
    def off(self) -> float:
        """Their mean square."""
        return float(self.logs.square().mean())

    def added_to(self, old: RadialFilter, share: float = 1.0) -> RadialFilter:
        """Return a filter whose samples have a share of this difference less.

        Args:
            old: which samples have gone through, of the same frequencies if of any.
            share: 1 is all of it.
        """
        gains = share * self.logs.clamp(-_MOST, _MOST) / 2
        gains = gains + gains.new_tensor(old.gains) if old else gains
        return RadialFilter(self.frequencies, tuple(gains.tolist()))


def power_ratios(x: Fields, y: Tensor, *, cut_out: bool) -> PowerRatios:
    """Compare powers of fields x and of samples y, both (n, h, w), in the units of the data.

    Args:
        x, y: fields and samples.
        cut_out: opposite sides do not meet, so that a window is needed.
    """
    window = "hann" if cut_out else "none"
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", NotPeriodicWarning)  # fits say what they take borders for
        fields = power_spectrum(x, window=window)
        samples = power_spectrum(y, window=window, like=fields)
    first = _FIRST[window]
    r = (fields.values[0] / samples.values[0]).log().double()[first:].nan_to_num(0.0, 0.0, 0.0)
    apart = r - r.mean()
    chance = sum((_squared_errors(s, first) for s in (fields, samples)), start=r.new_zeros(()))
    kept = (1 - chance / apart.square()).clamp_min(0).nan_to_num(0.0)
    places = fields.axis.x[first:].double() / min(x.shape[1:])
    return PowerRatios(tuple(places.tolist()), apart * kept)


def _squared_errors(s: Statistic, first: int) -> Tensor:
    """Return those of log P(f) less its mean over f, from the ring `first` on.

    A field of powers c moves it by c(f) / P(f) - mean_f c(f) / P(f), over the number of fields.
    """
    moved = (s.sample.contributions / s.values[0])[:, first:].nan_to_num(1.0, 1.0, 1.0)
    moved = moved - moved.mean(1, keepdim=True)
    return (moved.var(0) / len(moved)).nan_to_num(0.0)
