"""Noise of a picture whose pixels are taken for exact, and so keep it."""

import numpy as np

from scorelet.analysis.noise_kind import noise_kind
from scorelet.data import Picture, to_unit
from scorelet.tasks.restore.ways.known import Known, by_sample
from scorelet.tasks.restore.ways.unit import unit_of

_LEAST = 4 / 255
"""Level over the range of the picture, below which it costs hardly anything to keep it."""
_FLOORS = (0.75, 1.7)
"""Floors of bands of frequencies over that of the fast ones, between which noise is white for sure:
fine texture that passes for it has less or more, but in some crops of 48x48 to 64x64 pixels."""


def kept_noise(picture: Picture, known: Known) -> str | None:
    """Say how much white noise the known pixels of a picture have, if that is plain.

    It is measured where blocks of 8x8 pixels are known; with less than some tens of these nothing
    is said, nor of a JPEG of coarser steps.
    """
    measured = np.asarray(by_sample(known.measured).all(2))
    pixels = np.where(measured[..., None], to_unit(picture.pixels), 0)
    found = noise_kind(pixels, mask=None if measured.all() else measured)
    if found is None or not found.white:
        return None
    low, high = _FLOORS
    sure = low <= min(found.ratios.values()) and max(found.ratios.values()) <= high
    jpeg = picture.metadata.jpeg
    step = (jpeg.median_step or 0.0) if jpeg else 0.0
    range_ = unit_of(picture.pixels[known.measured]).size
    if not sure or found.sigma < max(_LEAST * range_, step):
        return None
    level = f"{float(f'{255 * found.sigma:.2g}'):g}"
    return (
        f"noise of about {level} was found (8-bit units), and is kept: give sigma {level}, in "
        f"Python {level}/255"
    )
