"""What linear filters make of the same pictures: below them a network has not learned enough.

Symbols: x pictures, d numbers of each. Two filters, each the best linear one of what it knows:

- places are alike: m the mean of all numbers, S(k) = E |X(k)|² of x - m, X the orthonormal
  discrete Fourier transform, filter S / (S + σ²);
- nothing: μ the mean picture, C the covariance of all d numbers, filter C (C + σ²)⁻¹.

The second is the better one of pictures that stand in one place, as aligned faces, if there are
enough to find C; the first of few pictures, and of pictures in any place.
"""

import torch

from scorelet.core.typing import Image
from scorelet.models import Denoiser, GaussianDenoiser, StationaryGaussianDenoiser
from scorelet.models.gaussian import LARGEST_COVARIANCE


def wiener_filter(images: Image) -> StationaryGaussianDenoiser:
    """Fit the stationary Wiener filter of a set of images, channel by channel.

    Args:
        images: (n, channel, height, width), at least one.
    """
    mean = images.double().mean()
    power = torch.fft.fft2(images.double() - mean, norm="ortho").abs().square().mean(0)
    mirrored = power.flip(-2, -1).roll((1, 1), dims=(-2, -1))
    return StationaryGaussianDenoiser((power + mirrored) / 2, mean=float(mean))


def covariance_filter(images: Image) -> GaussianDenoiser:
    """Fit the Wiener filter of the mean and the covariance of all numbers of a set of images.

    Args:
        images: (n, channel, height, width), at least one; C takes d² numbers of 8 bytes and is
            diagonalised in a time that grows as d³.
    """
    mean = images.double().mean(0)
    rows = (images.double() - mean).flatten(1)
    return GaussianDenoiser(mean, rows.mT @ rows / len(rows))


def linear_filters(images: Image) -> tuple[Denoiser, ...]:
    """Fit both filters, the stationary one first, or that one alone if d is too large to store C.

    Args:
        images: (n, channel, height, width), at least one.
    """
    if images[0].numel() > LARGEST_COVARIANCE:
        return (wiener_filter(images),)
    return wiener_filter(images), covariance_filter(images)
