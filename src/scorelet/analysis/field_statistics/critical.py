"""Order parameter, susceptibility, Binder ratio and correlation length of lattice fields.

Symbols: m, mean of the pixels of a field; L, side; N = h w;

    chi = N <m^2>     U = <m^4> / <m^2>^2, 3 for a Gaussian m and 1 for m = +-1
    xi = sqrt(chi / P(2 pi / L) - 1) / (2 sin(pi / L))            second-moment correlation length

with P at the lowest frequency along an axis. Nothing is subtracted from x: 0 is its symmetry.
"""

import math

import torch
from jaxtyping import Float
from torch import Tensor

from scorelet.analysis.field_statistics.fields import (
    by_pieces,
    mean_and_variance,
    prepare,
    refuse_constant,
)
from scorelet.analysis.field_statistics.spectra import Power
from scorelet.analysis.field_statistics.statistic import (
    Axis,
    Finish,
    Sample,
    Statistic,
    summarize,
)
from scorelet.core.errors import InputError
from scorelet.core.typing import Fields

_ROUNDING = 1e-11  # of the variance of pixels: m^2 where single precision has taken means away


def critical(x: Tensor, *, window: str = "none", like: Statistic | None = None) -> Statistic:
    """Mean |m|, chi, the Binder ratio U and the correlation length xi.

    Args:
        x: fields, (n, h, w) or (n, 1, h, w), periodic. L is the longer side.
        window: makes no difference here: there is no such theory of fields that were cut out.
        like: lends nothing here; without it constant fields are refused.

    Returns:
        The four numbers; xi is 0 where chi is below P(2 pi / L).

    Raises:
        InputError: fields that `prepare` refuses, that do not vary, or whose means are all 0.
    """
    fields = prepare(x, window)
    if like is None:
        refuse_constant(fields)
    height, width = fields.shape[1:]
    moments = by_pieces(fields, _moments)
    _refuse_without_mean(float(moments[:, 1].mean()), fields)
    sample = Sample(moments, _figures(height, width), torch.empty(0))
    axis = Axis(
        torch.arange(4, dtype=torch.float64),
        "quantity",
        names=("mean |m|", "chi", "Binder ratio", "xi"),
    )
    return summarize("critical", axis, sample, unit="[x], [x]^2, 1, pixels")


def gaussian_critical(power: Power, statistic: Statistic) -> Float[Tensor, "1 point"]:
    """The same of a Gaussian field of mean zero: <|m|> = sqrt(2 P(0) / (pi N)), U = 3.

    Powers below 0, which `covariance_spectrum` may have, count as next to nothing.
    """
    height, width = power.shape
    mean_power, *along = power[[0, 1, 0], [0, 0, 1]].clamp(min=1e-12 * power.mean())
    variance = mean_power / power.numel()
    mean = torch.stack([(2 * variance / math.pi).sqrt(), variance, 3 * variance.square(), *along])
    return _figures(height, width)(mean)


def _refuse_without_mean(square: float, x: Fields) -> None:
    """Raise InputError if <m^2> is nothing but rounding."""
    variance = by_pieces(x, mean_and_variance)[:, 1].mean()
    if square <= _ROUNDING * float(variance):
        raise InputError(
            "Every field has the mean 0, to rounding, so that there is no order parameter: "
            "expected fields whose mean was not taken away."
        )


def _moments(u: Fields) -> Tensor:
    """Return |m|, m^2, m^4, and |X|^2 at the lowest frequency along rows and columns."""
    m = u.double().mean((1, 2))
    rows, columns = u.double().mean(2), u.double().mean(1)
    powers = [
        torch.fft.rfft(line)[:, 1].abs().square() * u[0].numel() / line.shape[1] ** 2
        for line in (rows, columns)
    ]
    return torch.stack([m.abs(), m.square(), m**4, *powers], 1)


def _figures(height: int, width: int) -> Finish:
    side = max(height, width)
    longest = [n == side for n in (height, width)]

    def finish(mean: Tensor) -> Tensor:
        size, square, fourth, *along = mean.unbind(-1)
        kept = [p for p, long in zip(along, longest, strict=True) if long]
        lowest = sum(kept) / len(kept)
        chi = height * width * square
        xi = (chi / lowest - 1).clamp(min=0).sqrt() / (2 * math.sin(math.pi / side))
        return torch.stack([size, chi, fourth / square.square(), xi], -1)[..., None, :]

    return finish
