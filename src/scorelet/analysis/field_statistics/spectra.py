"""Power spectrum, two-point function, and fields whose phases are drawn anew.

Symbols: X(k), orthonormal Fourier transform of x minus the mean over all fields and pixels;
P(k) = E |X(k)|^2, so that the variance of a pixel is the mean of P over all k.
"""

from collections.abc import Callable

import torch
from jaxtyping import Float
from torch import Generator, Tensor

from scorelet.analysis.field_statistics.bins import distance_rings, frequency_rings
from scorelet.analysis.field_statistics.fields import (
    by_pieces,
    mean_and_deviation,
    prepare,
    taper,
    transform,
)
from scorelet.analysis.field_statistics.statistic import Axis, Sample, Statistic, curves, summarize
from scorelet.analysis.field_statistics.units import in_units
from scorelet.core.random import randn
from scorelet.core.typing import Fields

Power = Float[Tensor, "height width"]


def power_spectrum(
    x: Tensor,
    *,
    window: str = "none",
    like: Statistic | None = None,
    spacing: float | None = None,
) -> Statistic:
    """Radial power P(k), the mean of |X|^2 over rings round(|k|) = k.

    Args:
        x: fields, (n, h, w) or (n, 1, h, w).
        window: see `Window`. Tapered fields have no meaningful P at k below 2.
        like: take the mean that is removed from this statistic of another set.
        spacing: side of a pixel in any unit: |k| is in radians per unit then, and P a density, the
            square of the unit times as large: the variance is its integral d^2k / (2 pi)^2.

    Returns:
        x axis: |k| in cycles per shorter side, 0 to half of it; rings are wider above k = 16.
        Values in the square of the unit of x; P(0) is N times the variance of the mean.
    """
    fields = prepare(x, window)
    frame = mean_and_deviation(fields) if like is None else like.sample.frame
    rings = frequency_rings(*fields.shape[1:])
    contributions = by_pieces(
        fields,
        lambda u: rings.means(transform(u - frame[0].to(u), window).abs().square()),
    )
    axis = Axis(rings.radius, "|k|", "cycles per side", log=True)
    found = summarize("power", axis, Sample(contributions, curves(1), frame), unit="[x]^2")
    return found if spacing is None else in_units(found, spacing, min(fields.shape[1:]))


def power_map(x: Tensor, *, window: str = "none") -> Power:
    """Return P(k) for every k, (h, w) in the order of `torch.fft.fftfreq`, float64.

    It is what the `gaussian_...` functions take, as does `StationaryGaussianDenoiser`. That of
    tapered fields has other increments than the fields: there `covariance_spectrum` is what the
    `gaussian_...` functions take.
    """
    fields = prepare(x, window)
    mean, width = mean_and_deviation(fields)[0], fields.shape[-1]
    half = _mean_over_fields(fields, lambda u: transform(u - mean.to(u), window).abs().square())
    mirrored = half[:, 1 : (width + 1) // 2].flip(1)
    mirrored = torch.cat([mirrored[:1], mirrored[1:].flip(0)])  # P(-k) = P(k)
    return torch.cat([half, mirrored], 1)


def covariance_spectrum(x: Tensor, *, window: str = "none") -> Power:
    """Return the transform of the covariance C(r), r up to half a side, (h, w), float64.

    Of periodic fields it is `power_map`. Of fields that were cut out, with V the variance of a
    pixel and the mean over all pairs of pixels inside,

        C(r) = V - mean (x(u + r) - x(u))^2 / 2

    so that a Gaussian field of this covariance has the variance and the increments of the data.
    It ends at half a side: where C has not fallen to 0 there, the transform is no power, and may
    be negative.
    """
    if window == "none":
        return power_map(x)
    fields = prepare(x, window)
    mean = mean_and_deviation(fields)[0]
    shape = [2 * n for n in fields.shape[1:]]

    def transformed(u: Tensor) -> Tensor:
        return torch.fft.rfft2(u.double(), s=shape)

    square = _mean_over_fields(fields, lambda u: (u.double() - mean.to(u.device)).square())
    power = _mean_over_fields(
        fields, lambda u: transformed(u.double() - mean.to(u.device)).abs().square()
    )
    ones = transformed(torch.ones_like(square))
    both = (transformed(square) * ones.conj()).real  # of x(u)^2 + x(u + r)^2, halved
    sums, pairs = (torch.fft.irfft2(s, s=shape) for s in (both - power, ones.abs().square()))
    covariance = square.mean() - sums / pairs.clamp(min=1)
    rows, columns = (torch.fft.fftfreq(n, 1 / n).round().long() for n in fields.shape[1:])
    return torch.fft.fft2(covariance[rows[:, None], columns]).real


def two_point(x: Tensor, *, window: str = "none", like: Statistic | None = None) -> Statistic:
    """Covariance C(r) of two pixels at distance r, the mean over rings round(r).

    C is the inverse transform of |X|^2. Tapered fields are padded by zeros, and divided by the
    same function of the taper, so that nothing wraps.

    Args:
        x: fields, (n, h, w) or (n, 1, h, w).
        window: see `Window`.
        like: take the mean that is removed from this statistic of another set.

    Returns:
        x axis: r in pixels, 0 to half the shorter side. Values in the square of the unit of x.
    """
    fields = prepare(x, window)
    frame = mean_and_deviation(fields) if like is None else like.sample.frame
    height, width = fields.shape[1:]
    grow = 2 if window == "hann" else 1
    weight = taper(fields) if window == "hann" else torch.ones_like(fields[0])
    overlap = _autocorrelation(weight[None], grow)
    rings, limit = distance_rings(grow * height, grow * width), min(height, width) // 2
    kept = rings.radius <= limit + 0.5
    contributions = by_pieces(
        fields,
        lambda u: rings.means(
            _autocorrelation(weight * (u - frame[0].to(u)), grow) / overlap.clamp(min=1e-6)
        )[:, kept.to(u.device)],
    )
    axis = Axis(rings.radius[kept], "r", "pixels")
    return summarize("two_point", axis, Sample(contributions, curves(1), frame), unit="[x]^2")


def phase_randomized(x: Tensor, *, rng: Generator) -> Fields:
    """Return fields with the same |X(k)| each, and phases of white noise.

    What remains is the power spectrum and the mean; what makes fields non-Gaussian is gone. Fields
    that were cut out have power by their jump at the border, which is spread, too: take `mixtures`.

    Args:
        x: fields, (n, h, w) or (n, 1, h, w).
        rng: draws the phases, one field after the other.
    """
    fields = prepare(x, "hann")  # whether they are periodic does not matter here
    return torch.cat([_with_new_phases(u[None], rng) for u in fields])


def _with_new_phases(u: Fields, rng: Generator) -> Fields:
    noise = torch.fft.rfft2(randn(tuple(u.shape), rng=rng, like=u))
    size = torch.fft.rfft2(u.double())  # squares of float32 may be out of range
    turned = size.abs() * noise / noise.abs()
    turned[:, 0, 0] = size[:, 0, 0]
    return torch.fft.irfft2(turned, s=u.shape[1:]).to(u.dtype)


def _mean_over_fields(x: Fields, of: Callable[[Fields], Tensor]) -> Tensor:
    """Return the mean over fields of what `of` makes of them, float64 on the CPU."""
    shape = of(x[:1]).shape[1:]
    sums = by_pieces(x, lambda u: of(u).double().mean(0).flatten()[None] * len(u))
    return sums.sum(0).reshape(shape) / len(x)


def _autocorrelation(x: Fields, grow: int) -> Tensor:
    """Mean over u of x(u) x(u + r), circular on a grid `grow` times as large."""
    shape = [grow * n for n in x.shape[1:]]
    power = torch.fft.rfft2(x, s=shape).abs().square()
    return torch.fft.irfft2(power, s=shape) / x[0].numel()
