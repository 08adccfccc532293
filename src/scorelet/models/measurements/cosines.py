"""The orthonormal cosine transform (DCT-II) of images, by fast Fourier transforms in torch.

    X(u) = w(u) Σ_n x(n) cos(π u (n + 1/2) / N),   w(0) = √(1/N), w(u) = √(2/N).

References: Makhoul 1980, IEEE ASSP 28(1).
"""

import math

import torch
from torch import Tensor

from scorelet.core.typing import Image


def cosine_transform(x: Image) -> Image:
    """Return the transform of the last two axes."""
    return _forward(_forward(x).mT).mT if len(x) else x


def inverse_cosine_transform(x: Image) -> Image:
    """Return the image with these coefficients."""
    return _backward(_backward(x).mT).mT if len(x) else x


def _forward(x: Tensor) -> Tensor:
    n = x.shape[-1]
    order = torch.cat([x[..., ::2], x[..., 1::2].flip(-1)], -1)
    spectrum = torch.fft.fft(order)
    return (spectrum * _turns(n, x)).real * _weights(n, x)


def _backward(x: Tensor) -> Tensor:
    n = x.shape[-1]
    half = n // 2 + 1
    scaled = x / _weights(n, x)
    mirrored = torch.cat([torch.zeros_like(scaled[..., :1]), scaled[..., 1:].flip(-1)], -1)
    spectrum = torch.complex(scaled[..., :half], -mirrored[..., :half])
    order = torch.fft.irfft(spectrum * _turns(n, x)[:half].conj(), n)
    result = torch.empty_like(order)
    half = (n + 1) // 2
    result[..., ::2] = order[..., :half]
    result[..., 1::2] = order[..., half:].flip(-1)
    return result


def _turns(n: int, like: Tensor) -> Tensor:
    angle = torch.arange(n, dtype=torch.float64, device=like.device) * (-math.pi / (2 * n))
    return torch.polar(torch.ones_like(angle), angle).to(
        torch.promote_types(like.dtype, torch.cfloat)
    )


def _weights(n: int, like: Tensor) -> Tensor:
    weights = like.new_full((n,), math.sqrt(2 / n))
    weights[0] = math.sqrt(1 / n)
    return weights
