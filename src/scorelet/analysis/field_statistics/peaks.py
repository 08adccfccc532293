"""Counts of peaks and minima by height.

Symbols: nu, height in standard deviations of the smoothed field; n(nu), peaks per pixel and unit
of nu; sigma_0, sigma_1, sigma_2 as in `smoothing`; gamma = sigma_1^2 / (sigma_0 sigma_2);
theta = sqrt(2) sigma_1 / sigma_2.

An isotropic Gaussian field has, in the continuum,

    n(nu) = exp(-nu^2/2) G(gamma nu) / ((2 pi)^(3/2) theta^2),

    G(y) = (y^2 - gamma^2) Phi(y / sqrt(1 - gamma^2))
         + y (1 - gamma^2) exp(-y^2 / (2 (1 - gamma^2))) / sqrt(2 pi (1 - gamma^2))
         + exp(-y^2 / (3 - 2 gamma^2)) / sqrt(3 - 2 gamma^2)
           Phi(y / sqrt((1 - gamma^2) (3 - 2 gamma^2)))

with Phi the normal distribution function: 1 / (4 pi sqrt(3) theta^2) peaks in all. A pixel above
its 8 neighbours is rarer than a peak of the continuum: of Gaussian fields, white ones to those of
a steep power law, 32 to 128 pixels a side, 2 to 5 % fewer are counted, in single bins 1 to 8 %.
Fields that are not isotropic have fewer: by 8 to 14 % where they are stretched 3 to 8 times.

References: Bond and Efstathiou, MNRAS 226, 1987, appendix 1.
"""

import math

import torch
import torch.nn.functional as F
from jaxtyping import Float
from torch import Tensor

from scorelet.analysis.field_statistics.bins import histogram
from scorelet.analysis.field_statistics.fields import border, by_pieces, interior, prepare
from scorelet.analysis.field_statistics.smoothing import (
    smoothed,
    smoothed_scale,
    spectral_moments,
)
from scorelet.analysis.field_statistics.spectra import Power
from scorelet.analysis.field_statistics.statistic import (
    Axis,
    Sample,
    Statistic,
    curves,
    summarize,
)
from scorelet.core.typing import Fields

SMOOTHING = 2.0
"""Width of the Gaussian filter, in pixels."""
PEAKS_NOTE = (
    "The Gaussian curve is that of isotropic fields in the continuum: of isotropic Gaussian fields "
    "on a grid 2 to 5 % fewer are counted, of others fewer still."
)
"""What to say where `gaussian_peaks` is drawn."""

_EDGES = torch.arange(49, dtype=torch.float64) / 4 - 6  # -6, -5.75, ..., 6


def peaks(x: Tensor, *, window: str = "none", like: Statistic | None = None) -> Statistic:
    """Densities of pixels above, and below, all their 8 neighbours, by height.

    Args:
        x: fields, (n, h, w) or (n, 1, h, w). They are smoothed by a Gaussian of 2 pixels.
        window: hann leaves out 12 pixels at every border.
        like: take mean and standard deviation from this statistic of another set.

    Returns:
        x axis: height in standard deviations of the smoothed fields, bins of 1/4 from -6 to 6;
        what is beyond counts in the outer bins. Values per pixel and standard deviation.
    """
    fields, margin = prepare(x, window), border(window, SMOOTHING)
    frame = smoothed_scale(fields, SMOOTHING, margin) if like is None else like.sample.frame

    def contribute(u: Fields) -> Tensor:
        height = smoothed((u - frame[0].to(u)) / frame[1].to(u), SMOOTHING)
        found = [_counts(height, margin), _counts(-height, margin).flip(1)]
        return torch.cat(found, 1)

    axis = Axis((_EDGES[1:] + _EDGES[:-1]) / 2, "height", "standard deviations")
    sample = Sample(by_pieces(fields, contribute), curves(2), frame)
    labels = ("maxima", "minima")
    return summarize("peaks", axis, sample, unit="1/pixel^2", labels=labels)


def gaussian_peaks(power: Power, statistic: Statistic) -> Float[Tensor, "2 point"]:
    """n(nu) of maxima and n(-nu) of minima, Gaussian, isotropic, in the continuum, see above."""
    s0, s1, s2 = (float(s) for s in spectral_moments(power, SMOOTHING))
    gamma, theta = s1**2 / (s0 * s2), math.sqrt(2) * s1 / s2
    return torch.stack([_density(nu, gamma, theta) for nu in (statistic.axis.x, -statistic.axis.x)])


def _counts(height: Fields, margin: int) -> Tensor:
    """Return maxima per pixel and unit of height, (field, bin)."""
    around = F.max_pool2d(F.pad(height[:, None], (1, 1, 1, 1), mode="circular"), 3, 1)[:, 0]
    height, around = interior(height, margin), interior(around, margin)
    step = float(_EDGES[1] - _EDGES[0])
    inside = height.clamp(float(_EDGES[0]) + step / 2, float(_EDGES[-1]) - step / 2)
    nowhere = torch.full_like(height, float(_EDGES[0]) - step)
    count = histogram(torch.where(height == around, inside, nowhere), _EDGES)
    return count / (step * height[0].numel())


def _density(nu: Tensor, gamma: float, theta: float) -> Tensor:
    rest, both = 1 - gamma**2, 3 - 2 * gamma**2
    y, normal = gamma * nu, torch.special.ndtr
    shape = (y**2 - gamma**2) * normal(y / math.sqrt(rest))
    shape = shape + y * rest * (-(y**2) / (2 * rest)).exp() / math.sqrt(2 * math.pi * rest)
    last = (-(y**2) / both).exp() / math.sqrt(both)
    shape = shape + last * normal(y / math.sqrt(rest * both))
    return (-(nu**2) / 2).exp() * shape / ((2 * math.pi) ** 1.5 * theta**2)
