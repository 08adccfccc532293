"""Low frequencies of an image are known: spectral super-resolution."""

import torch
from torch import Tensor

from scorelet.core.errors import InputError
from scorelet.core.typing import Image
from scorelet.models.measurements.base import Measurement


class LowFrequencies(Measurement):
    """c = x low-pass filtered: Fourier components with |k| <= share · Nyquist in both directions.

    The set of frequencies is even (k and -k are both in it or neither), so that V Vᵀ maps real
    images to real images and is a projector. Coefficients are kept as the filtered image.

    Args:
        size: (height, width) of x.
        share: of the frequencies in each direction, in (0, 1].
        noise: level of the noise of c.

    Raises:
        InputError: a share out of range.
    """

    def __init__(self, size: tuple[int, int], share: float, *, noise: float = 0.0) -> None:
        super().__init__(size, noise=noise)
        if not 0 < share <= 1:
            raise InputError(f"The share of frequencies is {share}: it must lie in (0, 1].")
        rows, columns = (_low(n, share) for n in self.size)
        self.low = rows[:, None] & columns[None]

    def _coefficients(self, x: Image) -> Tensor:
        """Return the filtered image."""
        return torch.fft.ifft2(torch.fft.fft2(x) * self.low.to(x.device)).real

    def _image(self, coefficients: Tensor) -> Image:
        """Return the filtered coefficients, which are an image."""
        return self._coefficients(coefficients)


def _low(n: int, share: float) -> Tensor:
    """Return which of n frequencies are kept; one at the border is, whatever rounding does."""
    k = torch.fft.fftfreq(n, 1 / n, dtype=torch.float64).abs().round()
    return k <= share * n / 2 * (1 + 1e-6)
