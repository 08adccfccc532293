"""The scattering covariance as a statistic of fields."""

from collections.abc import Callable

import torch
from torch import Tensor

from scorelet.analysis.field_statistics.fields import by_pieces, mean_and_deviation, prepare, taper
from scorelet.analysis.field_statistics.statistic import Axis, Sample, Statistic, curves, summarize
from scorelet.core.typing import Fields


def measure_by(transform: Callable[[Tensor], Tensor]) -> Callable[..., Statistic]:
    """Turn a function of fields (n, 1, h, w) to moments (n, m) into a `Measure`.

    Fields are brought to mean 0 and standard deviation 1 first, as a set; then those that were cut
    out are tapered, so that no wavelet sees a jump at the border. Coefficients of tapered fields
    are not those of periodic ones: S1 of fine scales is 2/3 of what it was, the mean of the taper,
    and moduli of long waves see the taper itself.
    """

    def scattering(x: Tensor, *, window: str = "none", like: Statistic | None = None) -> Statistic:
        fields = prepare(x, window)
        frame = mean_and_deviation(fields) if like is None else like.sample.frame

        def contribute(u: Fields) -> Tensor:
            scaled = (u - frame[0].to(u)) / frame[1].to(u)
            scaled = scaled * taper(u) if window == "hann" else scaled
            return transform(scaled[:, None].to(fields.dtype))

        contributions = by_pieces(fields, contribute)
        axis = Axis(torch.arange(contributions.shape[1], dtype=torch.float64), "coefficient")
        return summarize("scattering", axis, Sample(contributions, curves(1), frame))

    return scattering
