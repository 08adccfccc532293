"""A blurred image is known: deblurring.

A kernel that is symmetric in both directions is diagonal in the cosine transform, with the edges
mirrored; every kernel is diagonal in the Fourier transform of periodic images.
"""

import math

import numpy as np
import torch
from torch import Tensor

from scorelet.core.arrays import plain_array
from scorelet.core.errors import InputError
from scorelet.core.typing import Image
from scorelet.models.measurements.base import Measurement
from scorelet.models.measurements.cosines import cosine_transform, inverse_cosine_transform

LEAST_GAIN = 1e-3
"""Frequencies with less of it are taken as not measured at all."""
FAINT = 10 * LEAST_GAIN
"""Gain up to which next to nothing of a picture is left beside 8-bit rounding."""
FEWEST = 0.01
"""Share of the frequencies that noise is read off, at least: those with the least gain."""
ABOVE = (1.25, 2.0)
"""Gains over the least ones, where the picture itself is looked at."""


class Blur(Measurement):
    """c = k * x + s ζ, as an image of the size of x, whose edges are mirrored.

    The gains S are the kernel's cosine spectrum, and the coefficients those of the cosine
    transform. Signs of the spectrum belong to V.

    Args:
        size: (height, width) of x.
        kernel: (rows, columns), odd, symmetric in both directions, of sum 1, not larger than x.
        noise: s, in the unit of x. It may be 0; then noise of rounding is amplified up to
            1/`LEAST_GAIN` times.

    Raises:
        InputError: a kernel that is none of this.
    """

    def __init__(
        self, size: tuple[int, int], kernel: Tensor | np.ndarray, *, noise: float = 0.0
    ) -> None:
        super().__init__(size, noise=noise)
        self.kernel = checked_kernel(kernel, self.size)
        self.spectrum = spectrum = _cosine_spectrum(self.kernel, self.size)
        kept = spectrum.abs() >= LEAST_GAIN
        self.gains = torch.where(kept, spectrum.abs(), torch.ones(()).double())
        self.signs = torch.where(kept, spectrum.sign(), torch.zeros(()).double())

    def _coefficients(self, x: Image) -> Tensor:
        """Return the cosine coefficients that are measured, with the signs of the spectrum."""
        return cosine_transform(x) * self.signs.to(x)

    def _image(self, coefficients: Tensor) -> Image:
        """Return the image of such coefficients."""
        return inverse_cosine_transform(coefficients * self.signs.to(coefficients))

    def blurred(self, x: Image) -> Image:
        """Return k * x, the edges mirrored."""
        self._check_size(x)
        return inverse_cosine_transform(cosine_transform(x) * self.spectrum.to(x))

    def read(self, blurred: Image) -> Tensor:
        """Return c, the coefficients of a blurred image."""
        self._check_size(blurred)
        return cosine_transform(blurred) * self.signs.abs().to(blurred)

    def noise_in(self, measured: Tensor) -> float:
        """Return the level of the noise of what was measured, read off where the blur left least.

        It is a root mean square over the frequencies of gains up to `FAINT`. Of a mild blur, which
        leaves more everywhere, the least gains are taken, and p² / S² of the frequencies of gains
        in `ABOVE` times these, p² their power, is what the picture itself has at most:
        s² = (p₁² - r p₂²) / (1 - r) for r = S₁² / S₂².

        Args:
            measured: c, see `read`.
        """
        kept = self.signs != 0
        gains, power = self.spectrum[kept].square(), measured[..., kept.to(measured.device)]
        power = power.square().double().mean((0, 1)).to(gains.device)
        faint = gains < FAINT**2
        if faint.sum() >= FEWEST * len(gains):
            return math.sqrt(power[faint].mean())
        faint = gains <= gains.sort().values[math.ceil(FEWEST * len(gains)) - 1]
        least = gains[faint].mean()
        low, high = (times**2 * least for times in ABOVE)
        above = (gains > low) & (gains < high)
        if not above.any():
            return 0.0
        ratio = least / gains[above].mean()
        rest = (power[faint].mean() - ratio * power[above].mean()) / (1 - ratio)
        return math.sqrt(max(float(rest), 0.0))


def gaussian_kernel(std: float) -> Tensor:
    """Return a Gaussian of so many pixels, cut off at four standard deviations, of sum 1.

    Raises:
        InputError: a standard deviation that is not positive.
    """
    if not 0 < std < 1000:
        raise InputError(f"The blur has a standard deviation of {std} pixels: it must be positive.")
    radius = max(1, math.ceil(4 * std))
    t = torch.arange(-radius, radius + 1, dtype=torch.float64)
    profile = torch.exp(-(t**2) / (2 * std**2))
    kernel = profile.outer(profile)
    return kernel / kernel.sum()


def checked_kernel(given: Tensor | np.ndarray, size: tuple[int, int]) -> Tensor:
    """Return a kernel in double precision.

    Raises:
        InputError: one that `Blur` does not take of images of this size.
    """
    array = plain_array(given, what="kernel")
    if array.dtype.kind == "c" or not np.isfinite(array).all():
        raise InputError("The kernel has complex or infinite numbers, or NaN: expected weights.")
    kernel = torch.from_numpy(array).double()
    if kernel.ndim != 2 or not all(side % 2 for side in kernel.shape):
        raise InputError(
            f"The kernel has the shape {tuple(kernel.shape)}: expected (rows, columns), both odd."
        )
    if any(k > n for k, n in zip(kernel.shape, size, strict=True)):
        raise InputError(
            f"The kernel of {kernel.shape[0]}x{kernel.shape[1]} is larger than the picture of "
            f"{size[0]}x{size[1]}."
        )
    scale = float(kernel.abs().max())
    turned = max(float((kernel - kernel.flip(axis)).abs().max()) for axis in (0, 1))
    if not np.isfinite(scale) or scale == 0 or turned > 1e-6 * scale:
        raise InputError(
            "The kernel is not symmetric from left to right and from top to bottom: only such "
            "kernels are diagonal in the cosine transform, by which blurs are inverted here."
        )
    if abs(float(kernel.sum()) - 1) > 1e-3:
        raise InputError(f"The kernel has the sum {float(kernel.sum()):.4g}: divide it by that.")
    return kernel


def _cosine_spectrum(kernel: Tensor, size: tuple[int, int]) -> Tensor:
    """Return Σ_{a,b} k[a, b] cos(π u a / H) cos(π v b / W) for all u < H, v < W."""
    rows, columns = (
        torch.cos(
            math.pi
            * torch.arange(n, dtype=torch.float64).outer(
                torch.arange(-(k // 2), k // 2 + 1, dtype=torch.float64)
            )
            / n
        )
        for n, k in zip(size, kernel.shape, strict=True)
    )
    return rows @ kernel @ columns.mT
