"""Means of blocks of pixels are known: super-resolution."""

import torch
import torch.nn.functional as F
from torch import Tensor

from scorelet.core.errors import InputError
from scorelet.core.numbers import is_whole
from scorelet.core.typing import Image
from scorelet.models.measurements.base import Measurement

_BISECTIONS = 40


class BlockMeans(Measurement):
    """c = means over blocks of factor x factor pixels: S = 1/factor.

    Args:
        size: (height, width) of x, multiples of the factor.
        factor: side of a block, at least 2.
        noise: level of the noise of the means, in the unit of x.

    Raises:
        InputError: a size that is no multiple, or a factor that is no whole number from 2 on.
    """

    def __init__(self, size: tuple[int, int], factor: int, *, noise: float = 0.0) -> None:
        if not is_whole(factor, least=2):
            raise InputError(f"The factor is {factor!r}: it must be a whole number, 2 or more.")
        if size[0] % factor or size[1] % factor:
            raise InputError(
                f"{size[0]}x{size[1]} pixels cannot be cut into blocks of {factor}x{factor}."
            )
        super().__init__(size, noise=noise)
        self.factor, self.kept = factor, (size[0] // factor, size[1] // factor)
        self.gains = 1 / factor

    def _coefficients(self, x: Image) -> Tensor:
        """Return sums over blocks divided by the factor: an orthonormal map."""
        return F.avg_pool2d(x, self.factor) * self.factor

    def _image(self, coefficients: Tensor) -> Image:
        """Return blocks of equal pixels."""
        wide = coefficients.repeat_interleave(self.factor, -1)
        return wide.repeat_interleave(self.factor, -2) / self.factor

    def _within(self, x: Image, measured: Tensor) -> Image:
        """Return the nearest image in [0, 1] with these means of blocks, which lie there, too.

        It is x + t between 0 and 1, with one t for each block, found by bisection: the mean grows
        with t.
        """
        self._check_size(x)
        self._check_measured(measured, torch.Size([*x.shape[:2], *self.kept]))
        low = x.new_full((*x.shape[:2], *self.kept), -1) - x.abs().max()
        high = -low
        for _ in range(_BISECTIONS):
            middle = (low + high) / 2
            above = F.avg_pool2d(self._shifted(x, middle), self.factor) > measured
            low, high = torch.where(above, low, middle), torch.where(above, middle, high)
        return self._shifted(x, (low + high) / 2)

    def _shifted(self, x: Image, shift: Tensor) -> Image:
        """Return x plus a number for each block, between 0 and 1."""
        return (x + self.factor * self.image(shift)).clamp(0, 1)
