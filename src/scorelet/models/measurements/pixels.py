"""Some pixels are known, the others missing: inpainting."""

import numpy as np
import torch
from torch import Tensor

from scorelet.core.arrays import plain_array
from scorelet.core.errors import InputError
from scorelet.core.typing import Image
from scorelet.models.denoiser import NoiseLike, noise_level
from scorelet.models.measurements.base import Measurement


class KnownPixels(Measurement):
    """c = x where the mask is true, 0 elsewhere.

    Args:
        mask: (height, width), true, 1 or 255 where pixels are known, 0 elsewhere; or of each
            channel, (channels, height, width).
        noise: level of their noise, in the unit of x.

    Raises:
        InputError: another shape, other values, or no pixel is known.
    """

    def __init__(self, mask: Tensor | np.ndarray, *, noise: float = 0.0) -> None:
        array = plain_array(mask, what="mask")
        if array.ndim not in (2, 3):
            raise InputError(
                f"The mask has the shape {array.shape}: expected (height, width), or (channels, "
                "height, width)."
            )
        other = array[~np.isin(array, (0, 1, 255))]
        if len(other):
            raise InputError(
                f"The mask has the value {other[0]}: expected true, 1 or 255 where pixels are "
                "known, and 0 elsewhere."
            )
        if not array.any():
            raise InputError("The mask has no known pixel: there is nothing to start from.")
        super().__init__((array.shape[-2], array.shape[-1]), noise=noise)
        self.mask = torch.from_numpy(array != 0)

    def _coefficients(self, x: Image) -> Tensor:
        """Return x with 0 where it is not known."""
        return torch.where(self.mask.to(x.device), x, x.new_zeros(()))

    def _image(self, coefficients: Tensor) -> Image:
        """Return the coefficients, which are an image."""
        self._check_size(coefficients)
        return self._coefficients(coefficients)

    def consistent(self, estimate: Image, measured: Tensor, sigma: NoiseLike) -> Image:
        """Combine as others do; pixels without noise come back bit by bit."""
        if self.noise > 0:
            return super().consistent(estimate, measured, sigma)
        noise_level(sigma, estimate)  # refuses what is none
        self._check_size(estimate)
        self._check_measured(measured, estimate.shape)
        return torch.where(self.mask.to(estimate.device), measured.to(estimate), estimate)

    def _within(self, x: Image, measured: Tensor) -> Image:
        """Return the image in [0, 1] with the known pixels, which lie there, too."""
        return self.consistent(x.clamp(0, 1), measured, 0.0)

    def _check_size(self, x: Image) -> None:
        super()._check_size(x)
        if self.mask.ndim == 3 and x.shape[1] != len(self.mask):
            raise InputError(
                f"The image has {x.shape[1]} channels, and {len(self.mask)} have a mask of what is "
                "known: they must be as many."
            )
