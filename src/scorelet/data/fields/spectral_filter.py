"""Filters of periodic fields that multiply each frequency by a positive amplitude.

    y^(q) = exp(g(q)) x^(q)

They are linear, have an inverse, and commute with shifts.
"""

from abc import ABC, abstractmethod

import torch
from torch import Tensor


class SpectralFilter(ABC):
    """A filter with log amplitudes g(q); false if it is the identity."""

    @abstractmethod
    def __bool__(self) -> bool:
        """Whether it does anything."""

    @abstractmethod
    def gains_of(self, height: int, width: int) -> Tensor:
        """Return g at the frequencies of `rfft2`, (h, w / 2 + 1), float64."""

    def apply(self, x: Tensor) -> Tensor:
        """Return y of periodic fields (..., h, w), float64; x itself if there is nothing to do."""
        return self._filtered(x, 1) if self else x

    def undo(self, x: Tensor) -> Tensor:
        """Return the x of which `apply` makes y, float64."""
        return self._filtered(x, -1) if self else x

    def _filtered(self, x: Tensor, sign: int) -> Tensor:
        height, width = int(x.shape[-2]), int(x.shape[-1])
        amplitudes = (sign * self.gains_of(height, width).to(x.device)).exp()
        return torch.fft.irfft2(torch.fft.rfft2(x.double()) * amplitudes, s=(height, width))
