"""A blurred image is known, or every factor-th pixel of it, and any kernel: periodic edges.

Symbols: K the convolution with k, D the choice of every factor-th pixel, F the orthonormal Fourier
transform of x, and F' that of D K x, κ = F k: of each frequency of D K x factor² ones of x are
aliases, which add up,

    F' D K x = 1/factor Σ κ F x,    D K Kᵀ Dᵀ is diagonal in F', with G² = 1/factor² Σ |κ|².

So D K = U G Wᵀ with F' U real and imaginary parts of waves, Uᵀ = Re F' - Im F' (the Hartley
transform, which is real, symmetric and orthonormal), and F' U Wᵀ = Σ κ F / (factor G).

References: Bracewell 1983, JOSA 73(12) (Hartley); Zhao, Wei, Basarab, Dobigeon, Kouamé, Tourneret
2016, IEEE TIP 25(8) (the aliases).
"""

import numpy as np
import torch
from torch import Tensor

from scorelet.core.errors import InputError
from scorelet.core.numbers import is_whole
from scorelet.core.typing import Image
from scorelet.models.measurements.blur_noise import noise_by_gains
from scorelet.models.measurements.kernels import checked_kernel
from scorelet.models.measurements.whole_blur import WholeBlur


class PeriodicBlur(WholeBlur):
    """c = D k * x + s ζ, as an image, D every factor-th pixel, whose edges are periodic.

    The middle of the kernel lies over that of a block of factor x factor pixels: exactly so if both
    numbers are even, or both are odd; else pixel factor // 2 is the middle of a block, and that of
    a kernel of even sides is between (factor - 1) // 2 and the next pixel. In terms of
    `scipy.ndimage.convolve` pixels [factor // 2 :: factor] are taken for a kernel of odd sides, and
    [(factor - 1) // 2 :: factor] for one of even sides.

    Args:
        size: (height, width) of x, multiples of the factor.
        kernel: (rows, columns), of sum 1, not larger than x.
        factor: of the choice; 1: all pixels.
        noise: s, in the unit of x.

    Raises:
        InputError: a kernel that is none of this, a size that is no multiple, or another factor.
    """

    def __init__(
        self,
        size: tuple[int, int],
        kernel: Tensor | np.ndarray,
        factor: int = 1,
        *,
        noise: float = 0.0,
    ) -> None:
        if not is_whole(factor, least=1):
            raise InputError(f"The factor is {factor!r}: it must be a whole number, 1 or more.")
        if size[0] % factor or size[1] % factor:
            raise InputError(
                f"{size[0]}x{size[1]} pixels cannot be cut into blocks of {factor}x{factor}."
            )
        size = int(size[0]), int(size[1])
        kernel = checked_kernel(kernel, size)
        waves = torch.fft.fft2(_placed(kernel, size, factor)) / factor
        self.factor = factor
        gains = self._blocks(waves.abs().square()).sum((-4, -2)).sqrt()
        whole = gains.repeat(factor, factor)
        self.waves = torch.where(whole > 0, waves / whole, torch.zeros(()).to(waves))
        super().__init__(size, kernel, gains, noise=noise)

    def to_kept(self, x: Image) -> Tensor:
        """Return Wᵀ x."""
        found = self._blocks(torch.fft.fft2(x, norm="ortho") * _waves(self.waves, x)).sum((-4, -2))
        return found.real - found.imag

    def from_kept(self, coefficients: Tensor) -> Image:
        """Return W k."""
        turned = coefficients.flip((-2, -1)).roll((1, 1), (-2, -1))
        small = torch.complex(coefficients + turned, turned - coefficients) / 2
        waves = small.repeat(*(1 for _ in small.shape[:-2]), self.factor, self.factor)
        waves = waves * _waves(self.waves, coefficients).conj()
        return torch.fft.ifft2(waves, norm="ortho").real

    def transform(self, x: Image) -> Tensor:
        """Return the Hartley transform, Re F' - Im F'."""
        found = torch.fft.fft2(x, norm="ortho")
        return found.real - found.imag

    def inverse(self, coefficients: Tensor) -> Tensor:
        """Return the same: it is its own inverse."""
        return self.transform(coefficients)

    def noise_under(self, window: Tensor, blurred: Image) -> float:
        """Return the level of the noise of a blurred image, of which it tells under a window.

        A window mixes near frequencies. A line blurs those of a thin stripe away, to which others
        come back: gains are then the root mean square of G around, |F' window|² the weights.
        """
        weights = torch.fft.fft2(window).abs().square()
        weights = torch.fft.fft2(weights / weights.sum())
        mixed = torch.fft.ifft2(torch.fft.fft2(self.spectrum.square()) * weights).real
        power = self.transform(blurred * window.to(blurred)).square().double().mean((0, 1))
        return noise_by_gains(mixed.clamp_min(0).sqrt().flatten(), power.to(mixed.device).flatten())

    def _blocks(self, waves: Tensor) -> Tensor:
        """Return frequencies with two axes of aliases, (..., factor, row, factor, column)."""
        rows, columns = (side // self.factor for side in waves.shape[-2:])
        return waves.unflatten(-1, (self.factor, columns)).unflatten(-3, (self.factor, rows))


def reach(side: int, factor: int) -> tuple[int, int]:
    """Return how many pixels before the first of a block a kernel begins, and how many it ends
    behind the last of it; less than 0 if it is smaller than the block.
    """
    first = (factor - side + 1) // 2
    return -first, first + side - factor


def _placed(kernel: Tensor, size: tuple[int, int], factor: int) -> Tensor:
    """Return the kernel in a periodic image, so that k * x is right at every factor-th pixel."""
    placed = torch.zeros(size, dtype=torch.float64)
    placed[: kernel.shape[0], : kernel.shape[1]] = kernel
    ends = [-(reach(side, factor)[1] + factor - 1) for side in kernel.shape]
    return placed.roll(ends, (0, 1))


def _waves(waves: Tensor, like: Tensor) -> Tensor:
    """Return complex numbers of the precision of a tensor, on its device."""
    return waves.to(like.device, torch.promote_types(like.dtype, torch.cfloat))
