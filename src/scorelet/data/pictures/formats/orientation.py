"""The EXIF orientation: find it, apply it, and reset it without touching the rest of the block.

The orientation in an XMP packet repeats it. Viewers ignore that one, so it turns nothing here; but
where the picture is turned, it is reset too.
"""

from dataclasses import replace

import numpy as np

from scorelet.data.pictures.formats.ifd import number, swapped, with_number, without_second
from scorelet.data.pictures.formats.xmp import sized_packet, upright_packet
from scorelet.data.pictures.types import Picture, PictureMetadata

_ORIENTATION, _EXIF_DIRECTORY = 0x0112, 0x8769
_PAIRS = ((0x0100, 0x0101), (0x011A, 0x011B))  # tags of width and height: pixels, resolution
_INNER_PAIRS = ((0xA002, 0xA003), (0xA20E, 0xA20F))  # the same of the inner EXIF directory
_PREFIX = b"Exif\x00\x00"


def strip_prefix(exif: bytes | None) -> bytes | None:
    """The EXIF block from its byte-order mark on; None if there is none."""
    if exif is None:
        return None
    bare = exif.removeprefix(_PREFIX)
    return bare if bare[:2] in (b"II", b"MM") else None


def turn_upright(samples: np.ndarray, orientation: int) -> np.ndarray:
    """Undo an EXIF orientation (1 to 8) of samples (height, width, ...)."""
    turned = {
        2: lambda a: a[:, ::-1],
        3: lambda a: a[::-1, ::-1],
        4: lambda a: a[::-1],
        5: lambda a: a.swapaxes(0, 1),
        6: lambda a: np.rot90(a, -1),
        7: lambda a: a.swapaxes(0, 1)[::-1, ::-1],
        8: lambda a: np.rot90(a, 1),
    }.get(orientation, lambda a: a)(samples)
    return np.ascontiguousarray(turned)


def upright(picture: Picture, orientation: int | None = None) -> Picture:
    """Turn a picture as its EXIF block, or the given orientation, says; write 1 into the blocks.

    The small picture in the EXIF block goes: it would stay sideways, and as noisy as it was.
    """
    metadata = picture.metadata
    exif = metadata.exif
    found = number(exif, _ORIENTATION) if exif else None
    value = found if orientation is None else orientation
    if exif:
        metadata = replace(metadata, exif=without_second(with_number(exif, _ORIENTATION, 1)))
    if value is None or not 2 <= value <= 8:
        return replace(picture, metadata=metadata)
    metadata = replace(metadata, xmp=upright_packet(metadata.xmp, sideways=value >= 5))
    return replace(
        picture,
        pixels=turn_upright(picture.pixels, value),
        alpha=None if picture.alpha is None else turn_upright(picture.alpha, value),
        mask=None if picture.mask is None else turn_upright(picture.mask, value),
        metadata=_sideways(metadata) if value >= 5 else metadata,
    )


def with_size(metadata: PictureMetadata, size: tuple[int, int]) -> PictureMetadata:
    """Write another width and height into the blocks, as far as they say any."""
    exif = metadata.exif
    if exif:
        inner = number(exif, _EXIF_DIRECTORY)
        for tag, side in zip(_PAIRS[0], size, strict=True):
            exif = with_number(exif, tag, side)
        for tag, side in zip(_INNER_PAIRS[0] if inner else (), size, strict=False):
            exif = with_number(exif, tag, side, start=inner)
    return replace(metadata, exif=exif, xmp=sized_packet(metadata.xmp, size))


def _sideways(metadata: PictureMetadata) -> PictureMetadata:
    """Exchange what is said about width and height."""
    exif = metadata.exif
    if exif:
        inner = number(exif, _EXIF_DIRECTORY)
        for pair in _PAIRS:
            exif = swapped(exif, *pair)
        for pair in _INNER_PAIRS if inner else ():
            exif = swapped(exif, *pair, start=inner)
    dpi, tiff = metadata.dpi, metadata.tiff
    return replace(
        metadata,
        exif=exif,
        dpi=None if dpi is None else dpi[::-1],
        tiff=None if tiff is None else replace(tiff, resolution=tiff.resolution[::-1]),
    )
