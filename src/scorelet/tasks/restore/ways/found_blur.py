"""The blur of a picture of which none is told: a Gaussian, as wide as its edges say."""

import numpy as np
from torch import Tensor

from scorelet.analysis.edge_blur import edge_blur
from scorelet.analysis.noise_kind import noise_kind
from scorelet.core.errors import InputError
from scorelet.data import luma

_LEAST = 0.7
"""Blurs in pixels that are less are those of sharp pictures, and of enlarged ones: next to nothing
is gained."""
_PARTS = 3
"""Rows and columns of parts, of which the sharpest counts: a soft background has edges, too."""
_GRAIN = 1 / 255
"""Noise over the range that is taken at least: steps of 8 bits in smooth parts are no edges."""


def found_blur(x: Tensor, sigma: float | None, *, range_: float = 1.0) -> tuple[float, str]:
    """Return the standard deviation in pixels of the blur that edges have, and a word of it.

    Args:
        x: the picture, (1, channel, height, width) in [0, 1].
        sigma: level of its noise; None: it is measured.
        range_: that it fills, if its samples are finer than those of 8 bits.

    Raises:
        InputError: a picture whose edges are sharp, or too few.
    """
    pixels = x[0].permute(1, 2, 0).numpy()
    plane = luma(pixels) if pixels.shape[2] == 3 else pixels
    noise = _noise(pixels) if sigma is None else sigma
    width = _width(plane[..., 0], max(noise, _GRAIN * range_))
    if width is None:
        raise InputError(
            "The picture has too few edges to tell its blur by: give blur, the standard deviation "
            "of a Gaussian in pixels, or a kernel; or sigma 0, if it has no noise that hides them."
        )
    if width < _LEAST:
        raise InputError(
            "No blur was found: edges are as sharp as pixels, at many places at least; give blur "
            "to undo one nevertheless."
        )
    width = round(width, 2)
    return width, (
        f"no blur was given: that of a Gaussian of {width:g} pixels was found at the edges, which "
        "most often is less than what is there; give blur to take another, and a smaller one where "
        "ripples come"
    )


def _width(plane: np.ndarray, noise: float) -> float | None:
    """Return the blur of the sharpest part that has edges, or of the whole."""
    parts = (part for rows in np.array_split(plane, _PARTS) for part in _columns(rows))
    found = [edge_blur(part, noise) for part in (plane, *parts)]
    return min((width for width in found if width is not None), default=None)


def _columns(rows: np.ndarray) -> list[np.ndarray]:
    return np.array_split(rows, _PARTS, axis=1)


def _noise(pixels: np.ndarray) -> float:
    bounded = bool((pixels.min() >= 0) & (pixels.max() <= 1))
    kind = noise_kind(pixels, bounded=bounded)
    return 0.0 if kind is None else kind.sigma
