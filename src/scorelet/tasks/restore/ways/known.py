"""Which pixels of a picture are known, and what they say."""

from dataclasses import replace
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor

from scorelet.core.errors import InputError
from scorelet.data import Picture, to_unit
from scorelet.data.pictures.gaps import filled
from scorelet.data.pictures.notes import UNDECLARED, Note
from scorelet.tasks.denoise.shown.nodata import undeclared, without_values

_LEAST, _MOST = -0.5, 1.5
"""Beyond which floats are plainly not in [0, 1]."""


class Known(NamedTuple):
    """What becomes of which pixels, (height, width) each; or of which samples, with a last axis.

    Hidden pixels, wholly transparent ones whose colours nobody sees, are neither: they stay.

    Attributes:
        measured: true where pixels say what the picture is.
        missing: true where pixels are to be filled.
    """

    measured: np.ndarray
    missing: np.ndarray

    @property
    def hidden(self) -> np.ndarray:
        """True where pixels stay without saying anything."""
        return ~(self.measured | self.missing)


def with_gaps(picture: Picture) -> Picture:
    """Return a picture of floats whose mask leaves out a value for "no data" that it holds, too.

    Pictures are in [0, 1]: a value within is one of theirs.
    """
    pixels = picture.pixels
    found = undeclared(pixels, picture.mask) if pixels.dtype.kind == "f" else []
    kept, held = without_values(picture, [value for value in found if not 0 <= value <= 1])
    if held is None:
        return picture
    note = Note(UNDECLARED, f"has {held}, far from all others")
    return replace(kept, notes=(*picture.notes, note))


def valid_and_seen(picture: Picture, *, fills_hidden: bool) -> tuple[np.ndarray, np.ndarray]:
    """Return where a picture has values, and where they are not hidden; (height, width) each.

    Where nothing but hidden colours is all that there is, they are seen, unless they are filled.
    """
    shape = picture.pixels.shape[:2]
    valid = np.ones(shape, bool) if picture.mask is None else picture.mask
    seen = np.ones(shape, bool) if picture.alpha is None else picture.alpha > 0
    return valid, seen if fills_hidden or seen.any() else ~seen


def by_sample(values: np.ndarray) -> np.ndarray:
    """Return values by pixel, (height, width), or by sample, with an axis of channels."""
    return values[..., None] if values.ndim == 2 else values


def valid_samples(picture: Picture, valid: np.ndarray) -> np.ndarray:
    """Return where a picture has values, by channel where some pixels have some of theirs.

    Args:
        picture: some of whose samples may be NaN or infinite.
        valid: (height, width), true where all of a pixel has values.
    """
    pixels = picture.pixels
    told = np.isfinite(pixels) & (pixels >= _LEAST) & (pixels <= _MOST)
    partly = ~valid & told.any(2) & ~np.isfinite(pixels).all(2)
    if not partly.any():
        return valid
    return np.where(partly[..., None], told, valid[..., None])


def known_whole(picture: Picture) -> Known:
    """Return the pixels of a picture none of which is to be filled.

    Raises:
        InputError: it has gaps.
    """
    valid, seen = valid_and_seen(picture, fills_hidden=False)
    if not valid.all():
        values, counts = np.unique(picture.pixels[~valid], return_counts=True)
        raise InputError(
            f"{int((~valid).sum())} pixels have no data (most often "
            f"{values[counts.argmax()]:g}): fill them first, by the task inpaint."
        )
    return Known(seen, ~valid)


def whole(picture: Picture, measured: np.ndarray) -> Tensor:
    """Return samples (1, channel, height, width), with others where they are not measured.

    Raises:
        InputError: floats that are plainly not in [0, 1].
    """
    _check_unit(picture, measured)
    pixels = to_unit(picture.pixels)
    if measured.ndim == 3:
        return as_tensor(np.where(measured, pixels, 0))
    return as_tensor(pixels if measured.all() else filled(pixels, measured))


def as_tensor(pixels: np.ndarray) -> Tensor:
    """Return (height, width, channels) as (1, channels, height, width)."""
    return torch.from_numpy(np.ascontiguousarray(pixels.transpose(2, 0, 1), np.float32))[None]


def _check_unit(picture: Picture, measured: np.ndarray) -> None:
    """Refuse floats that are plainly not in [0, 1], where the noise levels have their meaning."""
    values = picture.pixels[measured]
    low, high = float(values.min()), float(values.max())
    if picture.pixels.dtype.kind == "f" and not (low >= _LEAST and high <= _MOST):
        raise InputError(
            f"The values go from {low:.4g} to {high:.4g}: floats must lie in [0, 1]; bring "
            "them there, pixels of 8 bits by dividing them by 255."
        )
