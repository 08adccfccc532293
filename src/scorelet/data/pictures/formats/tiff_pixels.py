"""The samples of a TIFF page: uint8, uint16, float32 or float64, gray or RGB.

Integers with signs, as of a CT, and of 32 bits, as sums of counts, become floats in their unit, and
keep it where the least is white, which turns all others.
"""

from typing import TYPE_CHECKING

import numpy as np

from scorelet.data.pictures.errors import check_finite
from scorelet.data.pictures.formats.base import lookup
from scorelet.data.pictures.formats.orientation import upright
from scorelet.data.pictures.formats.tiff_checks import (
    MIN_IS_WHITE,
    PALETTE,
    are_numbers,
    says_opacity,
)
from scorelet.data.pictures.formats.tiff_tags import metadata_of, no_data_value, orientation_of
from scorelet.data.pictures.notes import (
    METADATA,
    NO_DATA,
    OPACITY,
    WHITE,
    Note,
    depth_note,
    left_out,
)
from scorelet.data.pictures.types import Picture, split_samples

if TYPE_CHECKING:
    from tifffile import TiffPage

_EXIF = 34665  # place of the directory
_LEAST = "says that its least number is white, which is left out: its numbers stay as they are"
_FOURTH = "has a fourth sample of no stated meaning, which stays as it is, as opacity does"


def decode_page(page: "TiffPage", *, big: bool, gaps: bool) -> Picture:
    """Decode a page and turn it upright.

    Args:
        page: that `check_page` has passed.
        big: whether the file has 64-bit offsets.
        gaps: whether samples may be NaN or infinite.
    """
    samples = page.asarray()
    if page.axes.startswith("S"):
        samples = np.moveaxis(samples, 0, -1)
    if not gaps:
        check_finite(samples)
    pixels, alpha = split_samples(_native(samples, page))
    mask = None if page.photometric == PALETTE else _mask(pixels, page)
    notes = _notes(page, mask)
    if are_numbers(page):
        stored, pixels = pixels.dtype.name, _as_floats(pixels)
        notes = (depth_note(f"{stored} samples", f"{pixels.dtype.name} ones"), *notes)
    elif page.photometric == MIN_IS_WHITE:
        pixels = 1 - pixels if pixels.dtype.kind == "f" else np.invert(pixels)
    metadata = metadata_of(page, big=big)
    picture = Picture(pixels, alpha, metadata, mask, notes)
    return upright(picture, orientation_of(page))


def _native(samples: np.ndarray, page: "TiffPage") -> np.ndarray:
    """Bring samples to integers of whole bytes, float32 or float64 in the machine's byte order."""
    if page.photometric == PALETTE and page.colormap is not None:
        return lookup((page.colormap >> 8).astype(np.uint8).T, samples)
    if page.bitspersample < 8:
        return samples.astype(np.uint8) * np.uint8(255 // (2**page.bitspersample - 1))
    if samples.dtype.name == "float16":
        return samples.astype(np.float32)
    return samples.astype(samples.dtype.newbyteorder("="), copy=False)


def _as_floats(numbers: np.ndarray) -> np.ndarray:
    """Return integers of up to 32 bits exactly: as float32 if that holds them all, else float64."""
    floats = numbers.astype(np.float32)
    return floats if np.array_equal(floats, numbers) else numbers.astype(np.float64)


def _mask(pixels: np.ndarray, page: "TiffPage") -> np.ndarray | None:
    """Where pixels are data: not the value for "no data" in every channel, finite in all.

    GDAL's value is one of the stored samples, so it is compared before any are inverted.
    """
    value = no_data_value(page)
    tests = []
    if value is not None:
        tests.append((pixels != value).any(axis=2))
    if pixels.dtype.kind == "f":
        tests.append(np.isfinite(pixels).all(axis=2))
    valid = np.logical_and.reduce(tests) if tests else None
    return None if valid is None or valid.all() else valid


def _notes(page: "TiffPage", mask: np.ndarray | None) -> tuple[Note, ...]:
    notes = []
    if page.photometric == PALETTE:
        notes.append(depth_note(f"a palette of {page.bitspersample}-bit numbers", "8-bit colours"))
    elif page.bitspersample < 8:
        notes.append(depth_note(f"{page.bitspersample}-bit samples", "8-bit ones"))
    if page.samplesperpixel == 4 and not says_opacity(page):
        notes.append(Note(OPACITY, _FOURTH))
    if _EXIF in page.tags:
        notes.append(Note(METADATA, "has EXIF, which is left out"))
    if are_numbers(page) and page.photometric == MIN_IS_WHITE:
        notes.append(Note(WHITE, _LEAST))
    if page.subifds:
        notes.append(left_out(len(page.subifds)))
    if mask is not None:
        count = mask.size - int(np.count_nonzero(mask))
        notes.append(Note(NO_DATA, f"has {count} of {mask.size} pixels without data"))
    return tuple(notes)
