"""The blur of a picture of which none is told: a Gaussian, as wide as its edges say."""

import numpy as np
from torch import Tensor

from scorelet.analysis.edge_blur import edge_blur
from scorelet.analysis.noise_kind import noise_kind
from scorelet.core.errors import InputError
from scorelet.data import luma
from scorelet.models.measurements import gaussian_kernel

_LEAST = 0.4
"""Blurs in pixels that are less are those of sharp pictures: nothing is gained."""


def found_blur(x: Tensor, sigma: float | None) -> tuple[Tensor, tuple[str, ...]]:
    """Return the kernel of the blur that edges have, and a word of it.

    Args:
        x: the picture, (1, channel, height, width) in [0, 1].
        sigma: level of its noise; None: it is measured.

    Raises:
        InputError: a picture whose edges are sharp, or too few.
    """
    pixels = x[0].permute(1, 2, 0).numpy()
    plane = luma(pixels) if pixels.shape[2] == 3 else pixels
    width = edge_blur(plane[..., 0], _noise(pixels) if sigma is None else sigma)
    if width is None:
        raise InputError(
            "The picture has too few edges to tell its blur by: give blur, the standard deviation "
            "of a Gaussian in pixels, or a kernel."
        )
    if width < _LEAST:
        raise InputError(
            "No blur was found: edges are as sharp as pixels, at many places at least; give blur "
            "to undo one nevertheless."
        )
    width = round(width, 2)
    return gaussian_kernel(width), (
        f"no blur was given: that of a Gaussian of {width:g} pixels was found at the edges, which "
        "is less than what is there more often than not; give blur to take another",
    )


def _noise(pixels: np.ndarray) -> float:
    bounded = bool((pixels.min() >= 0) & (pixels.max() <= 1))
    kind = noise_kind(pixels, bounded=bounded)
    return 0.0 if kind is None else kind.sigma
