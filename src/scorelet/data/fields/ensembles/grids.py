"""Frequencies of a square periodic lattice, and transforms with the convention of `base`."""

import math

import torch
from torch import Tensor

from scorelet.core.per_sample import map_fields


def frequencies(size: int) -> tuple[Tensor, Tensor]:
    """Return integer frequencies k of rows (L, 1) and columns (1, L), float64, in [-L/2, L/2)."""
    k = torch.fft.fftfreq(size, dtype=torch.float64) * size
    k = k.round()
    return k[:, None], k[None, :]


def radians(size: int) -> tuple[Tensor, Tensor]:
    """Return w = 2 pi k / L of rows (L, 1) and columns (1, L), radians per pixel."""
    rows, columns = frequencies(size)
    return 2 * math.pi / size * rows, 2 * math.pi / size * columns


def squared_frequency(size: int) -> Tensor:
    """Return |w|^2, (L, L)."""
    rows, columns = radians(size)
    return rows**2 + columns**2


def even_part(spectrum: Tensor) -> Tensor:
    """Return (S(k) + S(-k)) / 2: a formula that is even in w may not be so at w = -pi."""
    return (spectrum + spectrum.flip(0, 1).roll((1, 1), dims=(0, 1))) / 2


def unit_variance(spectrum: Tensor) -> Tensor:
    """Return the spectrum times the constant that makes its mean, the pixel variance, 1."""
    return spectrum / spectrum.mean()


def filter_field(x: Tensor, gain: Tensor) -> Tensor:
    """Return IFFT(gain FFT(x)) for real x (..., h, w) and an even, real gain (h, w).

    Each field is transformed alone, so that it does not depend on the batch, bitwise.
    """
    height, width = x.shape[-2:]
    half = gain[:, : width // 2 + 1].to(x)
    return map_fields(lambda u: torch.fft.irfft2(torch.fft.rfft2(u) * half, s=(height, width)), x)
