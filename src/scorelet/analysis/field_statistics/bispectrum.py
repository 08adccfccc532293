"""The bispectrum on equilateral and squeezed triangles.

Symbols: f_K, the field with only the frequencies of ring K; g_K, the same of a unit impulse;
B(K1, K2, K3) = sum_u f_K1 f_K2 f_K3 / sum_u g_K1 g_K2 g_K3, the mean of X(k1) X(k2) X(k3) over
closed triangles k1 + k2 + k3 = 0, times sqrt(N).

    b = B / sqrt(P(K1) P(K2) P(K3))

For independent pixels b is their skewness, on every triangle. For a Gaussian field its mean is 0.
A taper t multiplies B by the mean of t^3, which is divided out; P stays, as the mean of t^2 is 1.
"""

import math

import torch
from jaxtyping import Float
from torch import Tensor

from scorelet.analysis.field_statistics.fields import (
    by_pieces,
    mean_and_deviation,
    prepare,
    taper,
    transform,
)
from scorelet.analysis.field_statistics.spectra import Power
from scorelet.analysis.field_statistics.statistic import Axis, Sample, Statistic, summarize
from scorelet.core.typing import Fields

LOWEST = 0.75, 2.5
"""The lowest ring; a narrower one would hold no closed triangle."""

_RATIO = 1.5  # least ratio of the outer to the inner radius of the other rings


def bispectrum(x: Tensor, *, window: str = "none", like: Statistic | None = None) -> Statistic:
    """Normalised bispectrum b of equilateral triangles (K, K, K) and squeezed ones (K1, K, K).

    K1 is the lowest ring, 0.75 to 2.5. Rings end at a third of the side: beyond, triangles alias.

    Args:
        x: fields, (n, h, w) or (n, 1, h, w).
        window: see `Window`.
        like: take the mean that is removed from this statistic of another set.

    Returns:
        x axis: geometric centre of ring K in cycles per shorter side. Values have no unit.
    """
    fields = prepare(x, window)
    frame = mean_and_deviation(fields) if like is None else like.sample.frame
    masks, centres = _ring_masks(fields)
    impulse = torch.zeros_like(fields[:1])
    impulse[0, 0, 0] = fields[0].numel() ** 0.5  # its orthonormal transform is 1
    triangles = _products(torch.fft.rfft2(impulse, norm="ortho"), masks, fields.shape[1:])
    contributions = by_pieces(
        fields,
        lambda u: _products(transform(u - frame[0].to(u), window), masks, u.shape[1:]) / triangles,
    )
    root = fields[0].numel() ** 0.5
    if window == "hann":
        root /= float(taper(fields).pow(3).mean())
    sample = Sample(contributions, lambda mean: _normalised(mean, root), frame)
    axis = Axis(centres, "|k|", "cycles per side", log=True)
    return summarize("bispectrum", axis, sample, labels=("equilateral", "squeezed"))


def gaussian_bispectrum(power: Power, statistic: Statistic) -> Float[Tensor, "curve point"]:
    """Zero."""
    return torch.zeros_like(statistic.values)


def _ring_masks(x: Fields) -> tuple[list[Tensor], Tensor]:
    """Return rings as masks of `rfft2`, and their centres."""
    height, width = x.shape[1:]
    side = min(height, width)
    rows = side * torch.fft.fftfreq(height, device=x.device)
    columns = side * torch.fft.rfftfreq(width, device=x.device)
    radius = (rows[:, None].square() + columns.square()).sqrt()
    top = side / 3
    count = int(math.log(top / LOWEST[1]) / math.log(_RATIO))
    steps = torch.arange(count + 1, dtype=torch.float64) / max(count, 1)
    edges = torch.cat([torch.tensor(LOWEST[:1]), LOWEST[1] * (top / LOWEST[1]) ** steps])
    pairs = list(zip(edges[:-1].tolist(), edges[1:].tolist(), strict=True))
    masks = [(radius >= low) & (radius < high) for low, high in pairs]
    return masks, (edges[1:] * edges[:-1]).sqrt()


def _products(spectrum: Tensor, masks: list[Tensor], shape: tuple[int, ...]) -> Tensor:
    """Return (field, 3 K): sums of f^3, of f_1 f^2, and of f^2, for every ring."""
    parts = [torch.fft.irfft2(spectrum * mask, s=shape, norm="ortho") for mask in masks]
    squares = [part * part for part in parts]
    cubes = [(square * part).sum((1, 2)) for square, part in zip(squares, parts, strict=True)]
    squeezed = [(square * parts[0]).sum((1, 2)) for square in squares]
    return torch.stack([*cubes, *squeezed, *(square.sum((1, 2)) for square in squares)], 1)


def _normalised(mean: Tensor, root: float) -> Tensor:
    equilateral, squeezed, power = mean.chunk(3, -1)
    first = root * equilateral / power**1.5
    second = root * squeezed / (power[..., :1].sqrt() * power)
    return torch.stack([first, second], -2)
