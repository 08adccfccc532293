"""Minkowski functionals of excursion sets: area, contour length, curvature.

Symbols: u = (x - mean) / deviation of the smoothed field; nu, threshold; D_nu, share of pixels
with |u - nu| < step / 2, over step, which stands for a delta function.

    V0 = mean 1(u > nu)                                    share of the area
    V1 = mean D_nu |grad u| / 4                            length of contours / 4, per pixel
    V2 = mean D_nu (2 u_x u_y u_xy - u_x^2 u_yy - u_y^2 u_xx) / |grad u|^2 / (2 pi)

A Gaussian field has, with l1 >= l2 the eigenvalues of the covariance of grad u and E the complete
elliptic integral of the second kind, so that E(0) = pi / 2,

    V0 = erfc(nu / sqrt 2) / 2       V1 = sqrt(l1) E(1 - l2/l1) exp(-nu^2/2) / (4 pi)
    V2 = sqrt(l1 l2) nu exp(-nu^2/2) / (2 pi)^(3/2)

References: Schmalzing and Gorski, MNRAS 297, 1998; Tomita, Prog. Theor. Phys. 76, 1986; Adler and
Taylor, Random Fields and Geometry, 2007.
"""

import math

import torch
from jaxtyping import Float
from torch import Tensor

from scorelet.analysis.field_statistics.bins import histogram
from scorelet.analysis.field_statistics.fields import border, by_pieces, interior, prepare
from scorelet.analysis.field_statistics.smoothing import (
    Derivatives,
    derivatives,
    gradient_covariance,
    smoothed_scale,
    spectral_moments,
)
from scorelet.analysis.field_statistics.spectra import Power
from scorelet.analysis.field_statistics.statistic import Axis, Sample, Statistic, summarize
from scorelet.core.typing import Fields

SMOOTHING = 1.5
"""Width of the Gaussian filter, in pixels."""

LOWEST, HIGHEST, STEP = -3.0, 4.0, 0.2
"""Thresholds, in standard deviations."""

_ANGLES = 1000  # of a mean over a quarter turn: 2e-7 off at worst, for l2 = 0


def minkowski(x: Tensor, *, window: str = "none", like: Statistic | None = None) -> Statistic:
    """V0, V1, V2 at thresholds -3, -2.8, ..., 4 in standard deviations of the smoothed fields.

    Args:
        x: fields, (n, h, w) or (n, 1, h, w). They are smoothed by a Gaussian of 1.5 pixels.
        window: hann leaves out 9 pixels at every border.
        like: take mean and standard deviation from this statistic of another set.

    Returns:
        Curves V0 (no unit), V1 (per pixel), V2 (per pixel^2).
    """
    fields, margin = prepare(x, window), border(window, SMOOTHING)
    frame = smoothed_scale(fields, SMOOTHING, margin) if like is None else like.sample.frame
    nu = torch.arange(round((HIGHEST - LOWEST) / STEP) + 1, dtype=torch.float64) * STEP + LOWEST
    # halves of the bins, so that thresholds are edges: one more at either end
    edges = torch.arange(2 * len(nu) + 1, dtype=torch.float64) * (STEP / 2) + LOWEST - STEP / 2

    def contribute(u: Fields) -> Tensor:
        parts = derivatives((u - frame[0].to(u)) / frame[1].to(u), SMOOTHING)
        return _functionals(Derivatives(*(interior(p, margin) for p in parts)), edges)

    sample = Sample(by_pieces(fields, contribute), _from_bins, frame)
    axis = Axis(nu, "threshold", "standard deviations")
    labels = ("V0 (area)", "V1 (length / 4)", "V2 (curvature)")
    return summarize("minkowski", axis, sample, unit="1, 1/pixel, 1/pixel^2", labels=labels)


def gaussian_minkowski(power: Power, statistic: Statistic) -> Float[Tensor, "3 point"]:
    """V0, V1, V2 of a Gaussian field, see above; it need not be isotropic."""
    variance = spectral_moments(power, SMOOTHING).value.square()
    small, large = torch.linalg.eigvalsh(gradient_covariance(power, SMOOTHING) / variance)
    small = small.clamp(min=0)
    nu = statistic.axis.x
    bell = (-nu.square() / 2).exp()
    return torch.stack(
        [
            torch.erfc(nu / math.sqrt(2)) / 2,
            large.sqrt() * _elliptic(small / large) * bell / (4 * math.pi),
            (small * large).sqrt() * nu * bell / (2 * math.pi) ** 1.5,
        ]
    )


def _elliptic(ratio: Tensor) -> Tensor:
    """Return E(1 - ratio), the integral of sqrt(cos^2 t + ratio sin^2 t) from 0 to pi / 2."""
    t = (torch.arange(_ANGLES, dtype=torch.float64) + 0.5) * (math.pi / 2 / _ANGLES)
    return (t.cos().square() + ratio * t.sin().square()).sqrt().mean() * (math.pi / 2)


def _functionals(d: Derivatives, edges: Tensor) -> Tensor:
    """Return means over pixels by half bin of 1, |grad|, curvature: (field, 3 * bin); first V0."""
    square = d.x * d.x + d.y * d.y
    turning = 2 * d.x * d.y * d.xy - d.x * d.x * d.yy - d.y * d.y * d.xx
    curvature = turning / square.clamp(min=torch.finfo(square.dtype).tiny)
    pixels, value = d.value[0].numel(), d.value
    above = histogram(value, edges)
    beyond = (value >= edges[-1]).sum((1, 2)).double()
    area = above.flip(1).cumsum(1).flip(1) + beyond.to(above)[:, None]
    length, turn = histogram(value, edges, square.sqrt()), histogram(value, edges, curvature)
    return torch.cat([area, length, turn], 1) / pixels


def _from_bins(mean: Tensor) -> Tensor:
    area, length, turn = mean.chunk(3, -1)
    v0 = area[..., 1::2]
    v1 = (length[..., 0::2] + length[..., 1::2]) / (4 * STEP)
    v2 = (turn[..., 0::2] + turn[..., 1::2]) / (2 * math.pi * STEP)
    return torch.stack([v0, v1, v2], -2)
