"""What a linear filter makes of the same pictures: below it a network has not learned enough.

Symbols: x pictures, m the mean of all their numbers, S(k) = E |X(k)|² of x - m, X the orthonormal
discrete Fourier transform. The filter S / (S + σ²) is the best one that treats all places alike.
"""

import torch

from scorelet.core.typing import Image
from scorelet.models import StationaryGaussianDenoiser


def wiener_filter(images: Image) -> StationaryGaussianDenoiser:
    """Fit the stationary Wiener filter of a set of images, channel by channel.

    Args:
        images: (n, channel, height, width), at least one.
    """
    mean = images.double().mean()
    power = torch.fft.fft2(images.double() - mean, norm="ortho").abs().square().mean(0)
    mirrored = power.flip(-2, -1).roll((1, 1), dims=(-2, -1))
    return StationaryGaussianDenoiser((power + mirrored) / 2, mean=float(mean))
