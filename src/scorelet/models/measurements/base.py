"""What all linear measurements have in common.

Symbols: x clean image in R^d, V with orthonormal columns, S > 0 diagonal: the gains, s level of the
noise of the measurement, ζ standard normal,

    c = S Vᵀ x + s ζ.

Every measurement here but `CutBlur` is one of a known singular value decomposition: V is a choice
of pixels, of block means, of frequencies. With S = 1 it is an orthonormal measurement, Vᵀ V = I.

Where an estimate f of x has an error of level σ in every direction, and c is known besides, the
best combination of both is the proximal point

    argmin_x ‖S Vᵀ x - c‖²/s² + ‖x - f‖²/σ² = f + V w (c/S - Vᵀ f),   w = S² σ² / (S² σ² + s²),

which for s = 0 puts what was measured in the place of what was estimated.

References: Kadkhodaie, Simoncelli 2021, arXiv 2007.13640 (orthonormal, without noise);
Kawar, Elad, Ermon, Song 2022, arXiv 2201.11793 (by singular values).
"""

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import final

import torch
from torch import Tensor

from scorelet.core.errors import InputError
from scorelet.core.typing import Image
from scorelet.models.denoiser import NoiseLike, noise_level

_PROJECTIONS = 50


class Measurement(ABC):
    """c = S Vᵀ x + s ζ of images of one size.

    Subclasses write `_coefficients` and `_image`, and say in `kept` what shape coefficients have.
    All that takes images or coefficients refuses those of another size.

    Args:
        size: (height, width) of x.
        noise: s, in the unit of c.

    Attributes:
        kept: shape of the coefficients of a channel, that of x if nothing is said.

    Raises:
        InputError: a negative noise level.
    """

    kept: tuple[int, ...]

    gains: Tensor | float = 1.0
    """S, broadcast over `coefficients`."""

    def __init__(self, size: tuple[int, int], *, noise: float = 0.0) -> None:
        if not 0 <= noise < float("inf"):
            raise InputError(f"The noise of the measurement is {noise}: it must be 0 or more.")
        self.size = self.kept = (int(size[0]), int(size[1]))
        self.noise = noise

    @abstractmethod
    def _coefficients(self, x: Image) -> Tensor:
        """Return Vᵀ x of images of this size."""

    @abstractmethod
    def _image(self, coefficients: Tensor) -> Image:
        """Return V k for coefficients k of that shape."""

    @final
    def coefficients(self, x: Image) -> Tensor:
        """Return Vᵀ x."""
        self._check_size(x)
        return self._coefficients(x)

    @final
    def image(self, coefficients: Tensor) -> Image:
        """Return V k for coefficients k."""
        if tuple(coefficients.shape[2:]) != self.kept:
            raise InputError(
                f"The coefficients have shape {tuple(coefficients.shape)}: expected (batch, "
                f"channel, {', '.join(map(str, self.kept))})."
            )
        return self._image(coefficients)

    def measure(self, x: Image) -> Tensor:
        """Return S Vᵀ x, without noise."""
        found = self.coefficients(x)
        return found * self._gains(found)

    def project(self, x: Image) -> Image:
        """Return V Vᵀ x: the part of x that is measured."""
        return self.image(self.coefficients(x))

    def consistent(self, estimate: Image, measured: Tensor, sigma: NoiseLike) -> Image:
        """Combine an estimate with what was measured: the proximal point above.

        Args:
            estimate: f, (batch, channel, height, width).
            measured: c.
            sigma: level of the error of f, a number or one for each image.

        Raises:
            InputError: an estimate, a measurement or levels that do not fit.
        """
        level = noise_level(sigma, estimate)
        found = self.coefficients(estimate)
        self._check_measured(measured, found.shape)
        measured = measured.to(found)
        gains = self._gains(found)
        if self.noise == 0:
            return estimate + self.image(measured / gains - found)
        level = level.reshape(-1, *(1 for _ in found.shape[1:]))
        power = (gains * level) ** 2
        weight = power / (power + self.noise**2)
        return estimate + self.image(weight * (measured / gains - found))

    def _check_size(self, x: Image) -> None:
        if tuple(x.shape[-2:]) != self.size:
            raise InputError(
                f"The image has {x.shape[-2]}x{x.shape[-1]} pixels: what was measured is one of "
                f"{self.size[0]}x{self.size[1]}."
            )

    @staticmethod
    def _check_measured(measured: Tensor, shape: torch.Size) -> None:
        """Refuse what was measured of images of another shape, or of another number of them."""
        if measured.shape[1:] != shape[1:] or len(measured) not in (1, shape[0]):
            raise InputError(
                f"What was measured has shape {tuple(measured.shape)}: of these images it has "
                f"{tuple(shape)}, or 1 in the first place."
            )

    def within(self, x: Image, measured: Tensor) -> Image:
        """Return an image in [0, 1], near x, that was measured as c, if that has no noise.

        Args:
            x: (batch, channel, height, width).
            measured: c.
        """
        return x.clamp(0, 1) if self.noise > 0 else self._within(x, measured)

    def _within(self, x: Image, measured: Tensor) -> Image:
        """Return it of a c without noise.

        By projections onto both sets in turn, which end where they meet, or nearly so.
        """
        for _ in range(_PROJECTIONS):
            x = self.consistent(x.clamp(0, 1), measured, 0.0)
        return x.clamp(0, 1)

    def _gains(self, like: Tensor) -> Tensor:
        return torch.as_tensor(self.gains).to(like)


@dataclass(frozen=True)
class Observation:
    """A measurement and what it gave.

    Attributes:
        measurement: how.
        value: c, for one image or for each of a batch.
    """

    measurement: Measurement
    value: Tensor

    def consistent(self, estimate: Image, sigma: NoiseLike) -> Image:
        """Combine an estimate with the observation, see `Measurement.consistent`."""
        return self.measurement.consistent(estimate, self.value, sigma)

    def within(self, x: Image) -> Image:
        """Return an image in [0, 1] near x; it keeps the observation if that has no noise."""
        return self.measurement.within(x, self.value)

    def to(self, device: torch.device) -> "Observation":
        """Return the observation on another device."""
        return Observation(self.measurement, self.value.to(device))
