"""The Shannon wavelet: bands are exact halves of the frequencies, by fast Fourier transform.

Symbols: X discrete Fourier transform of x, of even length L; w = 2 pi q / L. With the ideal filter
H(w) = sqrt(2) for |w| < pi/2, 1 at |w| = pi/2, else 0, and G(w) = e^{-iw} H(w + pi),

    A(q) = (H* X(q) + H* X(q + L/2)) / 2,    D(q) = (G* X(q) + G* X(q + L/2)) / 2,

where H* X is the product of the conjugate of H with X. It is orthogonal because
|H(w)|^2 + |H(w + pi)|^2 = 2; synthesis is the adjoint. Half precision is transformed in float32.
"""

import math

import torch
from torch import Tensor

from scorelet.core.device import widened


class ShannonFilters:
    """One level along the last axis, with the interface of `BandedFilters`."""

    def split(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """Return the low and the high band along the last axis, of even length."""
        spectrum = torch.fft.fft(widened(x))
        low, high = (
            torch.fft.ifft((spectrum * f.conj()).unflatten(-1, (2, -1)).sum(-2) / 2).real
            for f in _responses(x.shape[-1], spectrum.real)
        )
        return low.to(x.dtype), high.to(x.dtype)

    def merge(self, low: Tensor, high: Tensor) -> Tensor:
        """Return the signal of two bands along the last axis: the adjoint of `split`."""
        bands = widened(low), widened(high)
        responses = _responses(2 * low.shape[-1], bands[0])
        parts = (
            torch.fft.fft(band).repeat((1,) * (band.ndim - 1) + (2,)) * f
            for band, f in zip(bands, responses, strict=True)
        )
        return torch.fft.ifft(sum(parts)).real.to(low.dtype)


def _responses(length: int, like: Tensor) -> tuple[Tensor, Tensor]:
    """H and G at the frequencies of a signal of `length` numbers, complex."""
    places = torch.arange(length, device=like.device)
    distance = torch.minimum(places, length - places)  # from frequency zero, in units of 2 pi / L
    energy = torch.sign(length - 4 * distance) + 1
    low = energy.to(like.dtype).sqrt()
    phase = torch.polar(torch.ones_like(low), -2 * math.pi / length * places.to(low.dtype))
    return low + 0 * phase, phase * low.roll(length // 2)
