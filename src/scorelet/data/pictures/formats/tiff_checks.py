"""Which TIFF is a camera raw file; pages that are refused: volumes, samples of other types."""

from itertools import islice
from typing import TYPE_CHECKING, cast

import numpy as np

from scorelet.data.pictures.errors import RefusedError
from scorelet.data.pictures.limits import Limits

if TYPE_CHECKING:
    from tifffile import TiffFile, TiffPage

MIN_IS_WHITE, MIN_IS_BLACK, RGB, PALETTE, YCBCR = 0, 1, 2, 3, 6
_GRAY = (MIN_IS_WHITE, MIN_IS_BLACK)
_JPEG = 7  # compression that turns YCbCr into RGB by itself
_DEPTHS = {("u", 1), ("u", 2), ("u", 4), ("u", 8), ("u", 16), ("f", 16), ("f", 32), ("f", 64)}
_NUMBERS = {("i", 8), ("i", 16), ("i", 32), ("u", 32)}  # which become floats
_RAW_COLOURS = (32803, 34892)  # a colour filter array, and what was interpolated from one
_RAW_COMPRESSIONS = (32767, 34713, 65000, 65535)  # of Sony, Nikon, Kodak, Pentax
_LOOKED_AT = 8  # pages: cameras put their raw data into one of the first
_DNG_VERSION = 50706
_RAW_MARKS = (b"CR", b"IIII")  # behind the offset of the first page: Canon's CR2, Phase One's IIQ


def is_camera_raw(file: "TiffFile", mark: bytes) -> bool:
    """Whether a TIFF is a camera raw file, whose first page is a preview.

    Args:
        file: with parsed headers.
        mark: bytes 8 to 12 of the file.
    """
    pages = _first_pages(file)
    subs = cast("list[TiffPage]", [sub for page in pages for sub in page.pages or ()])
    return mark.startswith(_RAW_MARKS) or any(_is_raw(page) for page in [*pages, *subs])


def _first_pages(file: "TiffFile") -> "list[TiffPage]":
    return cast("list[TiffPage]", list(islice(file.pages, _LOOKED_AT)))


def check_file(file: "TiffFile") -> None:
    """Refuse pages without headers."""
    pages = _first_pages(file)
    images = (file.imagej_metadata or {}).get("images", 1) if file.is_imagej else 1
    if len(file.pages) == 1 and images > 1:
        raise RefusedError(
            f"is an ImageJ stack with {images} pages behind one header; expected a header for "
            "each page: save it as a TIFF of less than 4 GB, or as an image sequence."
        )
    if all(page.subfiletype & 1 and page.subifds for page in pages):
        raise RefusedError(
            "holds small versions of a picture, and the picture itself in a place where only its "
            "maker looks; expected a picture: export it as TIFF, or develop it if it is a raw file."
        )


def check_page(page: "TiffPage", limits: Limits, *, file_bytes: int) -> None:
    """Refuse what cannot be read exactly, before it is decoded."""
    samples = 3 if page.photometric == PALETTE else page.samplesperpixel
    limits.check(
        page.imagewidth,
        page.imagelength,
        pixel_bytes=samples * _decoded_bytes(page),
        file_bytes=file_bytes,
    )
    if page.imagedepth != 1:
        raise RefusedError("is a volume; expected flat pages: save its slices as pages.")
    _check_colours(page)
    kind = "u" if page.dtype is None or page.dtype.kind == "b" else page.dtype.kind
    if page.dtype is None or (kind, page.bitspersample) not in _DEPTHS | _NUMBERS:
        name = page.dtype.name if page.dtype is not None else "unknown"
        raise RefusedError(
            f"has {page.bitspersample}-bit samples of type {name}; expected integers of 8, 16 or "
            "32 bits or floating point: convert it first."
        )
    if are_numbers(page) and page.samplesperpixel in (2, 4):
        raise RefusedError(
            f"has opacity in samples of type {page.dtype.name}, of which none means opaque; "
            "expected gray or RGB: leave the opacity out."
        )
    _check_segments(page)


def _decoded_bytes(page: "TiffPage") -> int:
    """Return the bytes of a decoded sample, at most."""
    if page.dtype is None:
        return 1
    return max(4, 2 * page.dtype.itemsize) if are_numbers(page) else page.dtype.itemsize


def are_numbers(page: "TiffPage") -> bool:
    """Whether samples are integers that neither begin at black nor end at white, as of a CT."""
    return page.dtype is not None and (page.dtype.kind, page.bitspersample) in _NUMBERS


def _is_raw(page: "TiffPage") -> bool:
    return (
        _DNG_VERSION in page.tags
        or page.photometric in _RAW_COLOURS
        or page.compression in _RAW_COMPRESSIONS
    )


def _check_colours(page: "TiffPage") -> None:
    colour = page.photometric
    known = colour in (*_GRAY, RGB, PALETTE) or (colour, page.compression) == (YCBCR, _JPEG)
    if not known:
        name = getattr(colour, "name", str(colour))
        raise RefusedError(f"has {name} colours; expected gray or RGB: convert it to RGB first.")
    allowed = {MIN_IS_WHITE: (1, 2), MIN_IS_BLACK: (1, 2), PALETTE: (1,)}
    if page.samplesperpixel not in allowed.get(colour, (3, 4)):
        raise RefusedError(
            f"has {page.samplesperpixel} samples per pixel; expected gray or RGB with at most "
            "one alpha: split it into gray pages."
        )
    if page.samplesperpixel == 2 and not says_opacity(page):
        raise RefusedError(
            "has 2 gray samples per pixel, and no tag says that the second is opacity; expected "
            "gray with at most one alpha: split it into gray pages."
        )


def says_opacity(page: "TiffPage") -> bool:
    """Whether the sample behind the colours is said to be opacity (tag 338, ExtraSamples)."""
    return tuple(page.extrasamples[:1]) in ((1,), (2,))


def _check_segments(page: "TiffPage") -> None:
    """Missing strips or tiles would silently become black areas."""
    expected = 1 if page.is_contiguous else int(np.prod(page.chunked))
    present = sum(1 for size in page.databytecounts if size > 0)
    if min(present, len(page.dataoffsets)) < expected:
        raise RefusedError(
            f"is damaged (it has {present} of {expected} strips or tiles); expected a whole TIFF: "
            "copy or export it again."
        )
