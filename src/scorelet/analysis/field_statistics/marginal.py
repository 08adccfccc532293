"""The law of one pixel: density, quantiles, moments.

Symbols: p_i, share of pixels in bin i; total variation of two laws = 1/2 sum_i |p_i - q_i|.
"""

import math
from functools import partial

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor

from scorelet.analysis.field_statistics.bins import histogram
from scorelet.analysis.field_statistics.fields import by_pieces, mean_and_deviation, prepare
from scorelet.analysis.field_statistics.spectra import Power
from scorelet.analysis.field_statistics.statistic import Axis, Sample, Statistic, curves, summarize
from scorelet.core.typing import Fields, Scalar

BINS = 60
TAIL = 5e-4
"""Bins of `marginal` span the quantiles TAIL to 1 - TAIL; the outer two hold what is beyond."""

LEVELS = (0.0005, 0.005, 0.025, 0.16, 0.5, 0.84, 0.975, 0.995, 0.9995)
"""Probabilities of `quantiles`: the median and the tails beyond 1, 2, 2.6 and 3.3 sigma."""

_FINE = 4096  # bins from which quantiles are read, equal in asinh((x - mean) / deviation)
_WIDEST = 8.0  # asinh of 1,490 deviations


def marginal(x: Tensor, *, window: str = "none", like: Statistic | None = None) -> Statistic:
    """Share of pixels in 60 bins over the quantiles 0.05 % to 99.95 %.

    Args:
        x: fields, (n, h, w) or (n, 1, h, w).
        window: see `Window`; makes no difference here.
        like: take the bins from this statistic of another set.

    Returns:
        x axis: centre of the bin, in the unit of x. Values are probabilities, sum 1: `x` beyond
        the bins counts in the first and the last.
    """
    fields = prepare(x, window)
    frame = _mean_and_edges(fields) if like is None else like.sample.frame
    edges = frame[1:]
    inside = float((edges[1] - edges[0]) / 2)
    low, high = float(edges[0]) + inside, float(edges[-1]) - inside
    contributions = by_pieces(fields, lambda u: histogram(u.clamp(low, high), edges) / u[0].numel())
    axis = Axis((edges[1:] + edges[:-1]) / 2, "x", "unit of the fields")
    return summarize("marginal", axis, Sample(contributions, curves(1), frame))


def total_variation(p: Tensor, q: Tensor) -> Scalar:
    """Return 1/2 sum |p - q| of two laws on the same bins, in [0, 1]."""
    return (p - q).abs().sum() / 2


def gaussian_marginal(power: Power, statistic: Statistic) -> Float[Tensor, "1 point"]:
    """`marginal` of a Gaussian with the mean of the data and the variance mean P."""
    mean, edges = statistic.sample.frame[0], statistic.sample.frame[1:]
    cumulative = torch.special.ndtr((edges - mean) / power.mean().sqrt())
    cumulative[0], cumulative[-1] = 0, 1
    return cumulative.diff()[None]


def quantiles(x: Tensor, *, window: str = "none", like: Statistic | None = None) -> Statistic:
    """Quantiles of the pixels at `LEVELS`, interpolated in bins of 0.004 standard deviations.

    Bins grow in the tails, in proportion to the distance from the mean.

    Args:
        x: fields, (n, h, w) or (n, 1, h, w).
        window: see `Window`; makes no difference here.
        like: take the bins from this statistic of another set.

    Returns:
        x axis: the level. Values in the unit of x.
    """
    fields = prepare(x, window)
    frame = mean_and_deviation(fields) if like is None else like.sample.frame
    edges = torch.linspace(-_WIDEST, _WIDEST, _FINE + 1, dtype=torch.float64)

    def contribute(u: Fields) -> Tensor:
        scaled = ((u - frame[0].to(u)) / frame[1].to(u)).asinh()
        return histogram(scaled.clamp(-_WIDEST, _WIDEST * (1 - 1e-6)), edges) / u[0].numel()

    levels = torch.tensor(LEVELS, dtype=torch.float64)
    sample = Sample(
        by_pieces(fields, contribute),
        lambda mean: frame[0] + frame[1] * _read_quantiles(mean, edges, levels).sinh(),
        frame,
    )
    axis = Axis(levels, "probability", names=tuple(f"{100 * level:g} %" for level in LEVELS))
    return summarize("quantiles", axis, sample, unit="[x]")


def gaussian_quantiles(power: Power, statistic: Statistic) -> Float[Tensor, "1 point"]:
    """`quantiles` of a Gaussian with the mean of the data and the variance mean P."""
    normal = torch.special.ndtri(statistic.axis.x)[None]
    return statistic.sample.frame[0] + power.mean().sqrt() * normal


def moments(x: Tensor, *, window: str = "none", like: Statistic | None = None) -> Statistic:
    """Mean, standard deviation, skewness and kurtosis (3 for a Gaussian) of all pixels.

    Args:
        x: fields, (n, h, w) or (n, 1, h, w).
        window: see `Window`; makes no difference here.
        like: makes no difference here: powers of another level or unit would cancel.
    """
    fields = prepare(x, window)
    frame = mean_and_deviation(fields)
    contributions = by_pieces(fields, lambda u: _powers((u.double() - frame[0]) / frame[1]))
    axis = Axis(
        torch.arange(4, dtype=torch.float64),
        "moment",
        names=("mean", "standard deviation", "skewness", "kurtosis"),
    )
    sample = Sample(
        contributions,
        partial(_central, frame=frame),
        frame,
        reframe=lambda raw, other: (_moved(raw, frame, other), partial(_central, frame=other)),
    )
    return summarize("moments", axis, sample, unit="[x], [x], 1, 1")


def gaussian_moments(power: Power, statistic: Statistic) -> Float[Tensor, "1 point"]:
    """`moments` of a Gaussian with the mean of `statistic` and the variance mean P."""
    rest = [float(power.mean().sqrt()), 0.0, 3.0]
    return torch.tensor([[float(statistic.values[0, 0]), *rest]], dtype=torch.float64)


def _mean_and_edges(fields: Tensor) -> Tensor:
    mean, deviation = mean_and_deviation(fields)
    low, high = np.quantile(fields.cpu().numpy(), [TAIL, 1 - TAIL])
    if not high > low:  # more than 99.9 % of the pixels are equal
        low, high = float(mean - 4 * deviation), float(mean + 4 * deviation)
    edges = torch.linspace(float(low), float(high), BINS + 1, dtype=torch.float64)
    return torch.cat([mean[None], edges])


def _read_quantiles(mass: Tensor, edges: Tensor, levels: Tensor) -> Tensor:
    """Invert the piecewise linear distribution function of (..., bin) masses."""
    cumulative = mass.cumsum(-1)
    cumulative = cumulative / cumulative[..., -1:]
    wanted = levels.expand(*mass.shape[:-1], -1).contiguous()
    right = torch.searchsorted(cumulative, wanted).clamp(max=mass.shape[-1] - 1)
    above = cumulative.gather(-1, right)
    share = mass.gather(-1, right)
    back = ((above - wanted) / share.clamp(min=1e-300)).clamp(0, 1)
    return (edges[right + 1] - back * (edges[1] - edges[0]))[..., None, :]


def _powers(z: Tensor) -> Tensor:
    square = z * z
    return torch.stack([m.mean((1, 2)) for m in (z, square, square * z, square * square)], 1)


def _moved(raw: Tensor, frame: Tensor, other: Tensor) -> Tensor:
    """Return powers of z' = a + b z, with z and z' the pixels in two frames."""
    a, b = float((frame[0] - other[0]) / other[1]), float(frame[1] / other[1])
    rows = [[math.comb(p, k) * a ** max(p - k, 0) * b**k for k in range(5)] for p in range(1, 5)]
    powers = torch.cat([torch.ones_like(raw[:, :1]), raw], 1)
    return powers @ torch.tensor(rows, dtype=raw.dtype).mT


def _central(raw: Tensor, frame: Tensor) -> Tensor:
    m1, m2, m3, m4 = raw.unbind(-1)
    variance = m2 - m1.square()
    third = m3 - 3 * m1 * m2 + 2 * m1**3
    fourth = m4 - 4 * m1 * m3 + 6 * m1.square() * m2 - 3 * m1**4
    fourth = fourth.maximum(variance.square())  # else rounding may make it less
    root = variance.sqrt()
    rows = [frame[0] + frame[1] * m1, frame[1] * root, third / root**3, fourth / variance.square()]
    return torch.stack(rows, -1)[..., None, :]
