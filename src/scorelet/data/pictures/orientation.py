"""The EXIF orientation: find it, apply it, and reset it without touching the rest of the block.

The orientation in an XMP packet repeats it. Viewers ignore that one, so it turns nothing here; but
where the picture is turned, it is reset too.
"""

import struct
from dataclasses import replace

import numpy as np

from scorelet.data.pictures.formats.xmp import upright_packet
from scorelet.data.pictures.types import Picture

_ORIENTATION_TAG = 0x0112
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
    """Turn a picture as its EXIF block, or the given orientation, says; write 1 into the blocks."""
    exif = picture.metadata.exif
    place, found = _locate(exif)
    value = found if orientation is None else orientation
    if exif is not None and place is not None:
        exif = exif[: place[0]] + struct.pack(place[1], 1) + exif[place[0] + len_of(place[1]) :]
    metadata = replace(picture.metadata, exif=exif)
    if value not in range(2, 9):
        return replace(picture, metadata=metadata)
    metadata = replace(metadata, xmp=upright_packet(metadata.xmp))
    if value >= 5 and metadata.dpi is not None:
        metadata = replace(metadata, dpi=metadata.dpi[::-1])
    if value >= 5 and metadata.tiff is not None:
        tiff = replace(metadata.tiff, resolution=metadata.tiff.resolution[::-1])
        metadata = replace(metadata, tiff=tiff)
    alpha = None if picture.alpha is None else turn_upright(picture.alpha, value)
    return Picture(turn_upright(picture.pixels, value), alpha, metadata)


def len_of(layout: str) -> int:
    """Bytes of a struct layout."""
    return struct.calcsize(layout)


def _locate(exif: bytes | None) -> tuple[tuple[int, str] | None, int]:
    """Where the orientation is stored (byte position, struct layout) and its value, else 1."""
    if exif is None:
        return None, 1
    order = "<" if exif[:2] == b"II" else ">"
    try:
        (start,) = struct.unpack_from(order + "I", exif, 4)
        (count,) = struct.unpack_from(order + "H", exif, start)
        for entry in range(start + 2, start + 2 + 12 * count, 12):
            tag, kind = struct.unpack_from(order + "HH", exif, entry)
            if tag == _ORIENTATION_TAG:
                layout = order + ("I" if kind == 4 else "H")
                (value,) = struct.unpack_from(layout, exif, entry + 8)
                return (entry + 8, layout), value
    except struct.error:  # a damaged block does not make the picture unreadable
        pass
    return None, 1
