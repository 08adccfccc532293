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
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor

from scorelet.core.errors import InputError
from scorelet.core.random import numpy_generator
from scorelet.core.typing import Image
from scorelet.wavelets.scattering.transform import Scattering2d

SPLITS = 20
_PIECE = 250
_MOST = 1000  # pictures of a half, whose pairs are taken for every split


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
    edges = octave_edges(*x.shape[-2:])
    return power_ratios(band_powers(x, edges), band_powers(y, edges))[0]


def octave_edges(height: int, width: int) -> list[float]:
    """Return |k| between octaves in cycles per shorter side: 1, 2, 4 and so on."""
    return [2.0**o for o in range(int(math.log2(min(height, width) / 2)) + 2)]


def power_ratios(
    x: Float[Tensor, "n band"], y: Float[Tensor, "m band"]
) -> tuple[Float[Tensor, " band"], Float[Tensor, " band"]]:
    """Return mean P_y over mean P_x by band, and its standard error, as both sets are random.

    The error is of first order, r² (v_x / n + v_y / m) of its square with r the ratio and v the
    variance of a picture's power over the square of their mean, 0 where none has power; NaN for a
    single picture.

    Args:
        x, y: what `band_powers` returns of two sets.
    """
    ratio = y.mean(0) / x.mean(0)
    first, second = (_scatter(p) / len(p) for p in (x, y))
    return ratio, ratio * (first + second).sqrt()


def _scatter(p: Float[Tensor, "n band"]) -> Float[Tensor, " band"]:
    """Return the variance of a picture's power over the square of their mean."""
    mean = p.mean(0)
    apart = (p - mean).square().sum(0) / (len(p) - 1)
    return torch.where(mean == 0, torch.zeros_like(apart), apart / mean.square())


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


def usual_scales(height: int, width: int) -> int:
    """Return J of `scattering_features` for such pictures: at most 4, and 1 from 8 pixels on."""
    return min(4, min(height, width).bit_length() - 3)


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
    return _kernel_distances(x, y)[biased]


def _kernel_distances(x: Tensor, y: Tensor) -> tuple[float, float]:
    """Return the estimate without bias, and the biased one."""
    if min(len(x), len(y)) < 2:
        raise InputError(f"{len(x)} and {len(y)} rows are compared: two of each are needed.")
    a, b = x.double(), y.double()
    mean, deviation = a.mean(0), a.std(0)
    scale = torch.where(deviation > 0, deviation, torch.ones_like(deviation))
    a, b = (a - mean) / scale, (b - mean) / scale
    own, other, across = _k(a, a), _k(b, b), 2 * _k(a, b).mean()
    rough, biased = (
        float(_mean_of_pairs(own, biased=bias) + _mean_of_pairs(other, biased=bias) - across)
        for bias in (False, True)
    )
    return rough, biased


@dataclass(frozen=True)
class SplitDistances:
    """Kernel distances to a half of the data, of samples and of the other half; equally many.

    Attributes:
        pictures: of each.
        samples, halves: means over the splits.
        samples_spread, halves_spread: standard deviations over them. If all samples take part in
            each split, the first one does not count that samples are random.
    """

    pictures: int
    samples: float
    samples_spread: float
    halves: float
    halves_spread: float


def split_distances(
    data: Float[Tensor, "n path"],
    samples: Float[Tensor, "m path"],
    *,
    splits: int = SPLITS,
    seed: int = 0,
) -> tuple[SplitDistances, SplitDistances]:
    """Draw halves of the data, and as many samples, again and again, and compare them.

    Returns what `kernel_distance` estimates without bias, and the biased estimates.

    Args:
        data, samples: features, see `scattering_features`. With fewer samples than half of the data
            halves are as small; they are of 1,000 pictures at most.
        splits: how often, at least 2.
        seed: of what is drawn.

    Raises:
        InputError: fewer than two samples or four pictures, or fewer than two splits.
    """
    if splits < 2:
        raise InputError(f"splits is {splits}: at least 2 have a spread.")
    rng, size = numpy_generator(seed), min(len(samples), len(data) // 2, _MOST)
    found = []
    for _ in range(splits):
        places, drawn = rng.permutation(len(data)), rng.permutation(len(samples))[:size]
        half = data[places[:size]]
        others = samples[drawn], data[places[size : 2 * size]]
        found.append([_kernel_distances(half, y) for y in others])
    figures = np.stack([np.mean(found, 0), np.std(found, 0, ddof=1)], 1)
    rough, biased = (SplitDistances(size, *figures[..., k].ravel().tolist()) for k in (0, 1))
    return rough, biased


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
