"""A blurred image is known as a whole, edges and all: one transform makes its blur diagonal."""

from abc import abstractmethod

import torch
from torch import Tensor

from scorelet.core.errors import InputError
from scorelet.core.typing import Image
from scorelet.models.measurements.base import Measurement
from scorelet.models.measurements.blur_noise import noise_by_gains

LEAST_GAIN = 1e-3
"""Frequencies with less of it, relative to that of gray, are taken as not measured at all."""


class WholeBlur(Measurement):
    """The blurred image is U G Wᵀ x + s ζ, U and W orthonormal, G a diagonal of either sign.

    c are its coefficients, Uᵀ of it. The gains S are |G|; signs belong to V, and frequencies of
    next to no gain are left out of it. Subclasses write U, W and their transposes.

    Args:
        size: (height, width) of x.
        kernel: of the blur.
        spectrum: G.
        noise: s.

    Attributes:
        kernel, spectrum: as above, in double precision.
    """

    def __init__(
        self, size: tuple[int, int], kernel: Tensor, spectrum: Tensor, *, noise: float
    ) -> None:
        super().__init__(size, noise=noise)
        self.kernel, self.spectrum = kernel, spectrum
        self.kept = (spectrum.shape[0], spectrum.shape[1])
        kept = spectrum.abs() >= LEAST_GAIN * (self.kept[0] / self.size[0])
        self.gains = torch.where(kept, spectrum.abs(), torch.ones(()).double())
        self.signs = torch.where(kept, spectrum.sign(), torch.zeros(()).double())

    @abstractmethod
    def to_kept(self, x: Image) -> Tensor:
        """Return Wᵀ x."""

    @abstractmethod
    def from_kept(self, coefficients: Tensor) -> Image:
        """Return W k."""

    @abstractmethod
    def transform(self, x: Image) -> Tensor:
        """Return Uᵀ x of a blurred image x."""

    @abstractmethod
    def inverse(self, coefficients: Tensor) -> Tensor:
        """Return U k."""

    def _coefficients(self, x: Image) -> Tensor:
        """Return the coefficients that are measured, with the signs of the spectrum."""
        return self.to_kept(x) * self.signs.to(x)

    def _image(self, coefficients: Tensor) -> Image:
        """Return the image of such coefficients."""
        return self.from_kept(coefficients * self.signs.to(coefficients))

    def blurred(self, x: Image) -> Tensor:
        """Return the blurred image."""
        self._check_size(x)
        return self.inverse(self.to_kept(x) * self.spectrum.to(x))

    def read(self, blurred: Image) -> Tensor:
        """Return c, the coefficients of a blurred image.

        Raises:
            InputError: an image of another size.
        """
        if tuple(blurred.shape[-2:]) != self.kept:
            raise InputError(
                f"The blurred image has {blurred.shape[-2]}x{blurred.shape[-1]} pixels: expected "
                f"one of {self.kept[0]}x{self.kept[1]}."
            )
        return self.transform(blurred) * self.signs.abs().to(blurred)

    def noise_in(self, measured: Tensor) -> float:
        """Return the level of the noise of what was measured, read off where the blur left least.

        Args:
            measured: c, see `read`.
        """
        kept = self.signs != 0
        power = measured[..., kept.to(measured.device)].square().double().mean((0, 1))
        return noise_by_gains(self.spectrum[kept], power.to(kept.device))

    def noise_under(self, window: Tensor, blurred: Image) -> float:
        """Return the level of the noise of a blurred image, of which it tells under a window."""
        return self.noise_in(self.read(blurred * window.to(blurred)))
