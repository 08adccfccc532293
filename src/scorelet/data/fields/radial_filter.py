"""A filter of periodic fields whose amplitude depends on the distance of a frequency from 0 only:

    y^(q) = exp(g(|q|)) x^(q),      g the broken line through (f_i, g_i), g(0) = 0

with |q| in cycles per pixel, so that it is one filter of fields of all sizes. g is constant below
f_1 and above f_m. The mean of a field stays.
"""

from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from scorelet.data.fields.spectral_filter import SpectralFilter


@dataclass(frozen=True)
class RadialFilter(SpectralFilter):
    """An isotropic filter; `RadialFilter()` is the identity.

    Args:
        frequencies: f_i in cycles per pixel, rising, (m).
        log_gains: g_i, natural logarithms of amplitudes, (m).
    """

    frequencies: tuple[float, ...] = ()
    log_gains: tuple[float, ...] = ()

    def __bool__(self) -> bool:
        """Whether it does anything."""
        return bool(self.frequencies)

    def gains_of(self, height: int, width: int) -> Tensor:
        """Return g at the frequencies of `rfft2`, (h, w / 2 + 1), float64."""
        radius = np.hypot(np.fft.fftfreq(height)[:, None], np.fft.rfftfreq(width))
        gains = np.interp(radius, self.frequencies, self.log_gains)
        gains[0, 0] = 0
        return torch.from_numpy(gains)
