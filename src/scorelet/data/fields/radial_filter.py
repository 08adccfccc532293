"""A filter of periodic fields whose amplitude depends on the distance of a frequency from 0 only:

    y^(q) = exp(g(|q|)) x^(q),      g the broken line through (f_i, g_i), level outside, g(0) = 0

with |q| in cycles per pixel, so that it is one filter of fields of all sizes. It keeps the mean.
"""

from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor


@dataclass(frozen=True)
class RadialFilter:
    """Without numbers it does nothing.

    Args:
        frequencies: f_i, which rise.
        gains: g_i.
    """

    frequencies: tuple[float, ...] = ()
    gains: tuple[float, ...] = ()

    def __bool__(self) -> bool:
        """Whether it does anything."""
        return bool(self.frequencies)

    def apply(self, x: Tensor) -> Tensor:
        """Return y of periodic fields (..., h, w), float64; x itself if there is nothing to do."""
        return self._filtered(x, 1) if self else x

    def undo(self, x: Tensor) -> Tensor:
        """Return the fields of y."""
        return self._filtered(x, -1) if self else x

    def _filtered(self, x: Tensor, sign: int) -> Tensor:
        height, width = int(x.shape[-2]), int(x.shape[-1])
        rows, columns = np.fft.fftfreq(height)[:, None], np.fft.rfftfreq(width)
        g = np.interp(np.hypot(rows, columns), self.frequencies, self.gains)
        g[0, 0] = 0
        spectrum = torch.fft.rfft2(x.double()) * torch.from_numpy(np.exp(sign * g)).to(x.device)
        return torch.fft.irfft2(spectrum, s=(height, width))
