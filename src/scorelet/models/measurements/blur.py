"""A blurred image is known: deblurring, with mirrored edges.

A kernel that is symmetric in both directions is diagonal in the cosine transform, with the edges
mirrored; every kernel is diagonal in the Fourier transform of periodic images, see `periodic_blur`.
"""

import math

import numpy as np
import torch
from torch import Tensor

from scorelet.core.errors import InputError
from scorelet.core.typing import Image
from scorelet.models.measurements.cosines import cosine_transform, inverse_cosine_transform
from scorelet.models.measurements.kernels import checked_kernel, is_symmetric
from scorelet.models.measurements.whole_blur import WholeBlur


class Blur(WholeBlur):
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
        size = int(size[0]), int(size[1])
        kernel = checked_kernel(kernel, size)
        if not is_symmetric(kernel):
            raise InputError(
                f"The kernel of {kernel.shape[0]}x{kernel.shape[1]} is not symmetric from left to "
                "right and from top to bottom, with odd sides: only of such ones blurs with "
                "mirrored edges are inverted."
            )
        super().__init__(size, kernel, _cosine_spectrum(kernel, size), noise=noise)

    def to_kept(self, x: Image) -> Tensor:
        """Return the cosine coefficients."""
        return cosine_transform(x)

    def from_kept(self, coefficients: Tensor) -> Image:
        """Return the image of cosine coefficients."""
        return inverse_cosine_transform(coefficients)

    transform, inverse = to_kept, from_kept


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
