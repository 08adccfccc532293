"""Structure functions and flatness: the law of differences at a distance.

Symbols: S_p(r) = E |x(u + r e) - x(u)|^p, mean over u and over both axes e; flatness
F(r) = S_4 / (3 S_2^2), 1 for a Gaussian field.
"""

import math

import torch
from jaxtyping import Float
from torch import Tensor

from scorelet.analysis.field_statistics.fields import by_pieces, prepare, refuse_constant
from scorelet.analysis.field_statistics.spectra import Power
from scorelet.analysis.field_statistics.statistic import (
    Axis,
    Sample,
    Statistic,
    curves,
    summarize,
)
from scorelet.core.typing import Fields

ORDERS = (1, 2, 3, 4, 6)


def structure_functions(
    x: Tensor, *, window: str = "none", like: Statistic | None = None
) -> Statistic:
    """S_p(r) for p = 1, 2, 3, 4, 6.

    Args:
        x: fields, (n, h, w) or (n, 1, h, w).
        window: hann leaves out pairs across the border, see `Window`.
        like: lends nothing here; without it constant fields are refused.

    Returns:
        x axis: r = 1, 2, 3, 4, 6, 8, 12, ... pixels, up to half the shorter side. A curve per p,
        in the p-th power of the unit of x.
    """
    fields = prepare(x, window)
    if like is None:
        refuse_constant(fields)
    axis, contributions = _moments(fields, ORDERS, window)
    sample = Sample(contributions, curves(len(ORDERS)), torch.empty(0))
    labels = tuple(f"p = {p}" for p in ORDERS)
    return summarize("structure", axis, sample, unit="[x]^p", labels=labels)


def flatness(x: Tensor, *, window: str = "none", like: Statistic | None = None) -> Statistic:
    """F(r) = S_4 / (3 S_2^2); arguments and x axis as in `structure_functions`."""
    fields = prepare(x, window)
    if like is None:
        refuse_constant(fields)
    axis, contributions = _moments(fields, (2, 4), window)
    return summarize("flatness", axis, Sample(contributions, _ratio, torch.empty(0)))


def gaussian_structure(power: Power, statistic: Statistic) -> Float[Tensor, "curve point"]:
    """S_p = E|z|^p S_2^(p/2), z ~ N(0, 1), with S_2(r) = 2 (C(0) - C(r)) along both axes."""
    covariance = torch.fft.ifft2(power).real
    r = statistic.axis.x.long()
    squares = [2 * (covariance[0, 0] - c) for c in (covariance[r, 0], covariance[0, r])]
    return torch.stack(
        [sum(_absolute_moment(p) * s.clamp(min=0) ** (p / 2) for s in squares) / 2 for p in ORDERS]
    )


def gaussian_flatness(power: Power, statistic: Statistic) -> Float[Tensor, "1 point"]:
    """F of a Gaussian field; 1 where both axes have the same S_2."""
    _, second, _, fourth, _ = gaussian_structure(power, statistic)
    return (fourth / (3 * second.square()))[None]


def lags(side: int) -> list[int]:
    """Return 1, 2, 3, 4, 6, 8, 12, ..., up to half of `side`."""
    powers = [2**j for j in range(side.bit_length())]
    return sorted({r for q in powers for r in (q, 3 * q // 2) if 1 <= r <= side // 2})


def _moments(fields: Fields, orders: tuple[int, ...], window: str) -> tuple[Axis, Tensor]:
    """Return the axis and the contributions (field, order * lag)."""
    distances = lags(min(fields.shape[1:]))

    def contribute(u: Fields) -> Tensor:
        rows = [_at_lag(u, r, orders, window) for r in distances]
        return torch.stack(rows, -1).flatten(1)

    axis = Axis(torch.tensor(distances, dtype=torch.float64), "r", "pixels", log=True)
    return axis, by_pieces(fields, contribute)


def _at_lag(u: Fields, r: int, orders: tuple[int, ...], window: str) -> Tensor:
    """Return the mean over both axes of |difference|^p, (field, order)."""
    total = u.new_zeros(len(u), len(orders), dtype=torch.float64)
    for x in (u, u.transpose(1, 2)):
        d = x[:, r:] - x[:, :-r]
        sums, count = _power_sums(d, orders), d[0].numel()
        if window == "none":
            d = x[:, :r] - x[:, -r:]
            sums, count = sums + _power_sums(d, orders), count + d[0].numel()
        total += sums / (2 * count)
    return total


def _power_sums(d: Tensor, orders: tuple[int, ...]) -> Tensor:
    d = d.abs()
    square = d * d
    powers = {1: d, 2: square, 4: square * square}
    if 3 in orders:
        powers[3] = square * d
        powers[6] = powers[3] * powers[3]
    return torch.stack([powers[p].sum((1, 2)) for p in orders], 1).double()


def _ratio(mean: Tensor) -> Tensor:
    second, fourth = mean.chunk(2, -1)
    return (fourth / (3 * second.square()))[..., None, :]


def _absolute_moment(p: int) -> float:
    """E |z|^p of a standard normal z."""
    return 2 ** (p / 2) * math.gamma((p + 1) / 2) / math.sqrt(math.pi)
