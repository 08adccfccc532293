"""How far samples of a model are from pictures of the data: spectra by octave, kernel distance.

Symbols: x, y two sets of pictures; P_x(k) their mean power at frequency k; φ features, d of them.

    band ratio: mean of P_y over mean of P_x, over frequencies a ≤ |k| < b; in an octave b = 2a
    kernel distance: MMD² = E K(φ(x), φ(x')) + E K(φ(y), φ(y')) - 2 E K(φ(x), φ(y)),
                     K(a, b) = (a·b/d + 1)³, without the pairs of a picture with itself

The features are means over space of scattering coefficients, each divided by its standard
deviation over x. The estimate has no bias: for two halves of one set it scatters around 0, so that
nothing is a multiple of it. With the pairs of a picture with itself it is biased, and never
negative: of two halves of n pictures each it is about 2/n (E K(a, a) - E K(a, a')), which distances
of n other pictures can be held against.

References: Bińkowski, Sutherland, Arbel, Gretton, ICLR 2018, arXiv 1801.01401 (kernel distance);
Andreux, Mallat, arXiv 1805.06621 (scattering in the place of a trained network).
"""

import math
from collections.abc import Sequence
from itertools import pairwise

import torch
from jaxtyping import Float
from torch import Tensor

from scorelet.core.errors import InputError
from scorelet.core.typing import Image
from scorelet.wavelets.scattering.transform import Scattering2d

_PIECE = 250


def octave_ratios(x: Image, y: Tensor) -> Float[Tensor, " octave"]:
    """Return the power of y over that of x in every octave of frequency, coarse to fine, float64.

    The mean of each picture is taken off, and a Hann window removes the step across the border.

    Args:
        x, y: (n, channel, height, width), of one size.

    Raises:
        InputError: pictures of different sizes, or smaller than 4 pixels.
    """
    if x.shape[1:] != y.shape[1:] or min(x.shape[-2:]) < 4:
        raise InputError(
            f"Pictures of shapes {tuple(x.shape[1:])} and {tuple(y.shape[1:])} are compared: "
            "expected one shape, of 4 pixels a side at least."
        )
    edges = [2.0**o for o in range(int(math.log2(min(x.shape[-2:]) / 2)) + 2)]
    return band_powers(y, edges).mean(0) / band_powers(x, edges).mean(0)


def band_powers(x: Tensor, edges: Sequence[float]) -> Float[Tensor, "n band"]:
    """Return the mean power of each picture between neighbouring edges, float64.

    Args:
        x: (n, channel, height, width); windowed as in `octave_ratios`.
        edges: |k| in cycles per shorter side, rising; a band without frequency is NaN.
    """
    radius = _radius(*x.shape[-2:])
    inside = torch.stack([(radius >= a) & (radius < b) for a, b in pairwise(edges)])
    share = inside.flatten(1).double()
    share = share / share.sum(1, keepdim=True)
    return torch.cat(
        [_powers(x[k : k + _PIECE]).flatten(1) @ share.T for k in range(0, len(x), _PIECE)]
    )


def scattering_features(x: Image, *, scales: int = 4, angles: int = 8) -> Float[Tensor, "n path"]:
    """Return means over space of scattering coefficients of order 0, 1 and 2, channel by channel.

    Args:
        x: (n, channel, height, width) in [0, 1].
        scales, angles: J and L.
    """
    transform = Scattering2d(J=scales, L=angles)
    with torch.no_grad():
        parts = [transform(x[k : k + _PIECE]).mean((-2, -1)) for k in range(0, len(x), _PIECE)]
    return torch.cat(parts).flatten(1)


def kernel_distance(
    x: Float[Tensor, "n path"], y: Float[Tensor, "m path"], *, biased: bool = False
) -> float:
    """Return an estimate of MMD² with the cubic kernel.

    Args:
        x: features of the data, which give the unit of each; y: of the samples.
        biased: with the pairs of a picture with itself; never negative.

    Raises:
        InputError: fewer than two rows of either.
    """
    if min(len(x), len(y)) < 2:
        raise InputError(f"{len(x)} and {len(y)} rows are compared: two of each are needed.")
    a, b = x.double(), y.double()
    mean, deviation = a.mean(0), a.std(0)
    scale = torch.where(deviation > 0, deviation, torch.ones_like(deviation))
    a, b = (a - mean) / scale, (b - mean) / scale
    inside = sum(_mean_of_pairs(_k(rows, rows), biased=biased) for rows in (a, b))
    return float(inside - 2 * _k(a, b).mean())


def _mean_of_pairs(kernel: Tensor, *, biased: bool) -> Tensor:
    """Return the mean of a square of kernel values, without its diagonal unless biased."""
    if biased:
        return kernel.mean()
    return (kernel.sum() - kernel.diagonal().sum()) / (len(kernel) * (len(kernel) - 1))


def _k(a: Tensor, b: Tensor) -> Tensor:
    return (a @ b.mT / a.shape[1] + 1) ** 3


def _powers(x: Tensor) -> Tensor:
    """Return P(k) of each picture, channels added, (n, height, width)."""
    windows = [torch.hann_window(n, periodic=False, dtype=torch.float64) for n in x.shape[-2:]]
    x = x.double()
    x = (x - x.mean((-2, -1), keepdim=True)) * torch.outer(*windows)
    return torch.fft.fft2(x).abs().square().sum(1)


def _radius(height: int, width: int) -> Tensor:
    """Return |k| in cycles per shorter side."""
    side = min(height, width)
    rows, columns = (torch.fft.fftfreq(n, 1 / side, dtype=torch.float64) for n in (height, width))
    return torch.hypot(rows[:, None], columns[None])
