"""Some pixels are known, the others missing: inpainting."""

import torch
from torch import Tensor

from scorelet.core.errors import InputError
from scorelet.core.typing import Image
from scorelet.models.measurements.base import Measurement


class KnownPixels(Measurement):
    """c = x where the mask is true, 0 elsewhere.

    Args:
        mask: (height, width), true where pixels are known.
        noise: level of their noise, in the unit of x.

    Raises:
        InputError: another shape, NaN, or no pixel is known.
    """

    def __init__(self, mask: Tensor, *, noise: float = 0.0) -> None:
        if mask.ndim != 2:
            raise InputError(
                f"The mask has the shape {tuple(mask.shape)}: expected (height, width)."
            )
        if bool(mask.isnan().any()):
            raise InputError("The mask has NaN: expected true or 1 where pixels are known.")
        if not bool(mask.any()):
            raise InputError("The mask has no known pixel: there is nothing to start from.")
        super().__init__((mask.shape[0], mask.shape[1]), noise=noise)
        self.mask = mask.bool()

    def _coefficients(self, x: Image) -> Tensor:
        """Return x with 0 where it is not known."""
        return torch.where(self.mask.to(x.device), x, x.new_zeros(()))

    def _image(self, coefficients: Tensor) -> Image:
        """Return the coefficients, which are an image."""
        return self._coefficients(coefficients)

    def consistent(self, estimate: Image, measured: Tensor, sigma: Tensor | float) -> Image:
        """Combine as others do; pixels without noise come back bit by bit."""
        if self.noise > 0:
            return super().consistent(estimate, measured, sigma)
        self._check_size(estimate)
        self._check_measured(measured, estimate.shape)
        return torch.where(self.mask.to(estimate.device), measured.to(estimate), estimate)

    def within(self, x: Image, measured: Tensor) -> Image:
        """Return the image in [0, 1] with the known pixels, which lie there, too."""
        return self.consistent(x.clamp(0, 1), measured, 0.0)
