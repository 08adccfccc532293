"""The padded grid of a scattering transform, and its low-pass as two small matrices."""

from dataclasses import dataclass
from typing import Literal

import numpy as np
from torch import Tensor

from scorelet.core.errors import InputError
from scorelet.core.words import colours_last
from scorelet.wavelets.morlet.bank import window_factor

Boundary = Literal["reflect", "periodic"]


@dataclass(frozen=True)
class Grid:
    """Where a picture lies on the periodic grid on which it is transformed.

    Attributes:
        shape: (height, width) of the picture.
        padded: of the grid, multiples of 2^J.
        before: rows above and columns left of the picture.
        scales: J.
        boundary: reflect (about the centre of the border pixels) or periodic (no padding).
    """

    shape: tuple[int, int]
    padded: tuple[int, int]
    before: tuple[int, int]
    scales: int
    boundary: Boundary

    @property
    def output(self) -> tuple[int, int]:
        """Return (height, width) of averaged coefficients."""
        margin = 2 if self.boundary == "reflect" else 0
        height, width = (length // 2**self.scales - margin for length in self.padded)
        return height, width

    def at(self, scale: int) -> tuple[int, int]:
        """Return the shape of the grid subsampled by 2^scale."""
        return self.padded[0] >> scale, self.padded[1] >> scale

    def pixels(self) -> tuple[np.ndarray, np.ndarray]:
        """Return which row and column of the picture each row and column of the grid shows."""
        rows, columns = (
            reflection(length, total, first)
            for length, total, first in zip(self.shape, self.padded, self.before, strict=True)
        )
        return rows, columns

    def crop(self, u: Tensor, scale: int) -> Tensor:
        """Cut what lies on the picture out of maps that are subsampled by 2^scale."""
        step = 2**scale
        rows, columns = (
            slice(-(-first // step), -(-(first + length) // step))
            for first, length in zip(self.before, self.shape, strict=True)
        )
        return u[..., rows, columns]

    def averages(self, scale: int) -> tuple[np.ndarray, np.ndarray]:
        """Return R, C: R u Cᵀ is u ∗ φ_J at the output points, for u subsampled by 2^scale.

        Their shapes are (output height, grid height) and (output width, grid width).
        """
        rows, columns = (
            _average(length, count, scale, self.scales, 1 if self.boundary == "reflect" else 0)
            for length, count in zip(self.padded, self.output, strict=True)
        )
        return rows, columns


def grid(shape: tuple[int, int], scales: int, boundary: Boundary) -> Grid:
    """Return the grid of pictures of `shape`.

    Raises:
        InputError: a side below 2^J, or one that is no multiple of 2^J and periodic.
    """
    step = 2**scales
    if min(shape) < step:
        raise InputError(
            f"J is {scales}, but the picture has {shape[0]}x{shape[1]} pixels: both sides must be "
            f"at least 2^J = {step}; {colours_last(shape)}take J at most "
            f"{max(min(shape), 1).bit_length() - 1}."
        )
    if boundary == "periodic":
        if any(length % step for length in shape):
            raise InputError(
                f"The picture has {shape[0]}x{shape[1]} pixels: with a periodic boundary both "
                f"sides must be multiples of 2^J = {step}; crop it, or take the boundary 'reflect'."
            )
        return Grid(shape, shape, (0, 0), scales, boundary)
    height, width = (((length + step) // step + 1) * step for length in shape)
    before = (height - shape[0]) // 2, (width - shape[1]) // 2
    return Grid(shape, (height, width), before, scales, boundary)


def check_boundary(boundary: str) -> None:
    """Raise InputError for a boundary that there is not."""
    if boundary not in ("reflect", "periodic"):
        raise InputError(f"boundary is {boundary!r}: it must be 'reflect' or 'periodic'.")


def reflection(length: int, total: int, first: int) -> np.ndarray:
    """Return for each of `total` points the pixel that it mirrors, the first pixel at `first`."""
    position = np.arange(total) - first
    period = max(2 * (length - 1), 1)
    return np.abs((position + length - 1) % period - (length - 1))


def crop_spectrum(values: np.ndarray, scale: int) -> np.ndarray:
    """Keep the frequencies [-π, π) 2^-scale along each axis of a spectrum in FFT order."""
    for axis, length in enumerate(values.shape):
        half = (length >> scale) // 2
        kept = np.r_[0 : (length >> scale) - half, length - half : length]
        values = values.take(kept, axis) if scale else values
    return values


def _average(length: int, count: int, scale: int, scales: int, first: int) -> np.ndarray:
    factor = crop_spectrum(window_factor(length, 0.8 * 2.0 ** (scales - 1)), scale)
    kernel = np.fft.ifft(factor).real
    centres = 2 ** (scales - scale) * (np.arange(count) + first)
    return kernel[(centres[:, None] - np.arange(len(kernel))) % len(kernel)]
