"""The scattering covariance as a statistic of fields, where `scorelet.wavelets` offers it.

What it must offer: a function ``scattering_covariance`` of fields (n, 1, h, w) that returns a real
tensor (n, m), the moments of each field.
"""

from collections.abc import Callable
from importlib import import_module

import torch
from torch import Tensor

from scorelet.analysis.field_statistics.fields import by_pieces, mean_and_deviation, prepare
from scorelet.analysis.field_statistics.statistic import Axis, Sample, Statistic, curves, summarize


def scattering_measure() -> Callable[..., Statistic] | None:
    """Return the statistic, a `Measure`; None where the wavelets have no such function."""
    try:
        transform = getattr(import_module("scorelet.wavelets"), "scattering_covariance", None)
    except ModuleNotFoundError:
        return None
    return None if transform is None else measure_by(transform)


def measure_by(transform: Callable[[Tensor], Tensor]) -> Callable[..., Statistic]:
    """Turn a function of fields (n, 1, h, w) to moments (n, m) into a `Measure`.

    Fields are brought to mean 0 and standard deviation 1 first, as a set.
    """

    def scattering(x: Tensor, *, window: str = "none", like: Statistic | None = None) -> Statistic:
        fields = prepare(x, window)
        frame = mean_and_deviation(fields) if like is None else like.sample.frame
        scaled = (fields - frame[0].to(fields)) / frame[1].to(fields)
        contributions = by_pieces(scaled, lambda u: transform(u[:, None]))
        axis = Axis(torch.arange(contributions.shape[1], dtype=torch.float64), "coefficient")
        return summarize("scattering", axis, Sample(contributions, curves(1), frame))

    return scattering
