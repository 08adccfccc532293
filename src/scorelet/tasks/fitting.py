"""Pictures of any size for a classifier of one size, as arrays of 8 bits."""

from collections.abc import Callable

import numpy as np
import torch

from scorelet.data import from_unit, to_unit
from scorelet.models.classifier import fitted

Pixels = np.ndarray


def pixels_fitter(size: tuple[int, int], fit: str) -> Callable[[Pixels], Pixels]:
    """Return a function that brings uint8 (height, width, channels) to `size`.

    Args:
        size: (height, width) of the result.
        fit: as in `scorelet.models.fitted`.
    """

    def brought(pixels: Pixels) -> Pixels:
        if pixels.shape[:2] == tuple(size):
            return pixels
        image = torch.from_numpy(to_unit(pixels)).permute(2, 0, 1)[None]
        return from_unit(fitted(image, size, fit=fit)[0].permute(1, 2, 0).numpy(), "uint8")

    return brought
