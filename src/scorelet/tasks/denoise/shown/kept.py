"""What of a page carries noise: gaps, painted and saturated areas are left out."""

from typing import NamedTuple

import numpy as np

from scorelet.analysis.local_noise import LocalNoise, local_noise
from scorelet.core.errors import InputError
from scorelet.data import Picture
from scorelet.tasks.denoise.shown.nodata import without_nodata
from scorelet.tasks.denoise.shown.painted import without_painted
from scorelet.tasks.denoise.shown.saturation import without_saturated

Pixels = np.ndarray

WIDE = 1e36
"""Largest number of float32 of which sums of 64 and differences are far from overflow."""


class Kept(NamedTuple):
    """A page whose mask keeps what carries noise.

    Attributes:
        page: masked.
        pixels: its own; float64 if they are wide.
        wide: whether pixels are float32 so large that it is computed in float64.
        noise: of the pixels, place by place.
        said: what is to be said of what is left out, a sentence each.
    """

    page: Picture
    pixels: Pixels
    wide: bool
    noise: LocalNoise
    said: tuple[str, ...]


class EmptyPageError(InputError):
    """Nothing of a page is data."""

    def __init__(self) -> None:
        super().__init__("Nothing of the picture is data, all of it is masked: leave it out.")


def keep(page: Picture, nodata: float | str | None) -> Kept:
    """Leave out of a page what carries no noise.

    Args:
        page: as it was read.
        nodata: as for `without_nodata`.

    Raises:
        EmptyPageError: nothing of it is data.
    """
    page, said = without_nodata(page, nodata)
    if page.mask is not None and not page.mask.any():
        raise EmptyPageError
    page, painted = without_painted(page, nodata)
    wide = _is_wide(page)
    pixels = page.pixels.astype(np.float64) if wide else page.pixels
    noise = local_noise(pixels, page.mask)
    before = page.mask
    page, saturated = without_saturated(page, noise, nodata)
    if page.mask is not before:
        noise = local_noise(pixels, page.mask)
    sentences = tuple(sentence for sentence in (said, painted, saturated) if sentence)
    return Kept(page, pixels, wide, noise, sentences)


def _is_wide(page: Picture) -> bool:
    """Whether pixels are float32 whose data are so large that sums of them overflow."""
    data = page.unmasked
    return data.dtype == np.float32 and bool(max(-data.min(), data.max()) > WIDE)
