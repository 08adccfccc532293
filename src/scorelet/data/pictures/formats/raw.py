"""Camera raw files: read by LibRaw as developed pictures; written as DNG where there is a mosaic.

A picture that is read has no mosaic beside it, because what is done to its pixels would not be done
to the mosaic. What works on the mosaic itself (denoising) puts it there.
"""

import functools
from collections.abc import Iterator
from pathlib import Path

from scorelet.core.errors import InputError
from scorelet.data.pictures.errors import reading
from scorelet.data.pictures.formats.base import SIXTEEN, Encoding, Format, begins
from scorelet.data.pictures.formats.dng import write_dng
from scorelet.data.pictures.formats.libraw import CameraRaw, open_raw
from scorelet.data.pictures.limits import Limits
from scorelet.data.pictures.notes import Note, left_out
from scorelet.data.pictures.types import Picture, PictureMetadata, TiffCoding

RAW_SUFFIXES = (
    *(".dng", ".cr2", ".cr3", ".crw", ".nef", ".nrw", ".arw", ".sr2", ".srf", ".raf", ".orf"),
    *(".rw2", ".pef", ".srw", ".3fr", ".fff", ".iiq", ".mrw", ".rwl", ".erf", ".mef", ".mos"),
    *(".kdc", ".dcr", ".x3f"),
)
"""Endings of names of camera raw files, in lower case."""
DEVELOPED = "developed"
_MARKS = begins(
    *(b"FUJIFILMCCD-RAW", b"IIU\0", b"IIRO", b"IIRS", b"MMOR", b"\0MRM", b"FOVb"),
    b"II\x1a\0\0\0HEAPCCDR",
)
_TEXT_TAGS = (270, 271, 272, 306, 315, 33432)


def iter_pages(path: Path, limits: Limits) -> Iterator[Picture]:
    """Yield one picture: as LibRaw develops it.

    Raises:
        ImageFileError: rawpy is missing, or the file is damaged or of an unknown camera.
    """
    with open_raw(path, limits) as raw:
        pixels = raw.develop()
        note = Note(DEVELOPED, "is a camera raw file, developed by LibRaw")
        picture = Picture(pixels, metadata=metadata_of(raw), notes=(note, *notes_of(raw)))
    yield picture


def notes_of(raw: CameraRaw) -> tuple[Note, ...]:
    """Say how many pictures of the file are not read."""
    return (left_out(raw.others),) if raw.others else ()


def metadata_of(raw: CameraRaw, *, bits: int = 16) -> PictureMetadata:
    """Return the metadata of a developed picture: sRGB, and the texts of the file."""
    texts = tuple((tag[0], tag[3].rstrip(b"\0")) for tag in raw.tags if tag[0] in _TEXT_TAGS)
    return PictureMetadata(
        kind="dng", bit_depth=bits, icc=srgb_profile(), tiff=TiffCoding(texts=texts)
    )


@functools.cache
def srgb_profile() -> bytes:
    """Return an ICC profile of sRGB."""
    from PIL import ImageCms

    return ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()


def check(picture: Picture, _target: Encoding) -> None:
    """Refuse a picture that has no mosaic."""
    if picture.metadata.mosaic is None:
        raise InputError(
            "A DNG file holds the mosaic of a sensor, and this picture has none; expected what "
            "denoise makes of a camera raw file: write a PNG or TIFF file."
        )


def write(path: Path, pages: Iterator[Picture], _target: Encoding) -> None:
    """Write the mosaic as DNG."""
    mosaic = next(pages).metadata.mosaic
    assert mosaic is not None  # `check` has passed it
    write_dng(path, mosaic)


def count(path: Path) -> int:
    """Return 1: one picture is read; `notes_of` says if there are others."""
    with reading(path):
        path.stat()
    return 1


FORMAT = Format(
    name="dng",
    title="camera raw",
    suffixes=(".dng",),
    can=frozenset({SIXTEEN}),
    matches=lambda head: _MARKS(head) or head[4:12] == b"ftypcrx ",
    read=iter_pages,
    count=count,
    check=check,
    write=write,
    read_only=RAW_SUFFIXES[1:],
)
