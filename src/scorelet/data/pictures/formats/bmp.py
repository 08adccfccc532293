"""BMP, read and written as 8-bit gray, RGB or RGBA."""

import io
import struct

import numpy as np
from PIL import BmpImagePlugin

from scorelet.data.pictures.errors import check_writable
from scorelet.data.pictures.formats.base import ALPHA, Encoding, Format, begins, reader, writer
from scorelet.data.pictures.formats.jpeg import pillow_image
from scorelet.data.pictures.limits import Limits
from scorelet.data.pictures.notes import Note, depth_note
from scorelet.data.pictures.types import Picture, PictureMetadata, split_samples

_V4, _BIT_FIELDS = 108, 3  # bytes of the header; a compression that is none
_OS2, _PLACE_OF_BITS = 12, (28, 24)  # bytes of the oldest header; where bits a pixel are said
_INCH = 0.0254  # metres
_MODES = {"1": "L", "L": "L", "RGBA": "RGBA"}


def decode(data: bytes, limits: Limits) -> Picture:
    """Decode a BMP; palettes become RGB, bits become 0 or 255."""
    image = BmpImagePlugin.BmpImageFile(io.BytesIO(data))
    limits.check(*image.size, pixel_bytes=4, file_bytes=len(data))
    notes = _notes(data, image.mode)
    image.load()
    dpi = image.info.get("dpi")
    metadata = PictureMetadata(
        kind="bmp",
        bit_depth=1 if image.mode == "1" else 8,
        dpi=None if dpi is None or 0 in dpi else (float(dpi[0]), float(dpi[1])),
    )
    samples = np.array(image.convert(_MODES.get(image.mode, "RGB")))
    return Picture(*split_samples(samples), metadata, notes=notes)


def check(picture: Picture, _target: Encoding) -> None:
    """Refuse what a BMP cannot hold."""
    check_writable(picture, "BMP", dtypes=("uint8",), alpha=True)


def encode(picture: Picture, _target: Encoding) -> bytes:
    """Encode 8-bit gray or RGB, with alpha as RGBA."""
    if picture.alpha is not None:
        return _encode_transparent(picture)
    stream = io.BytesIO()
    options = {} if picture.metadata.dpi is None else {"dpi": picture.metadata.dpi}
    pillow_image(picture.pixels).save(stream, "BMP", **options)
    return stream.getvalue()


def _notes(data: bytes, mode: str) -> tuple[Note, ...]:
    """Say that a palette or fewer than 8 bits a sample were stored."""
    (bits,) = struct.unpack_from("<H", data, _PLACE_OF_BITS[data[14] == _OS2])
    if mode == "P":
        return (depth_note(f"a palette of {bits}-bit numbers", "8-bit colours"),)
    if bits in (1, 2, 4, 16):
        return (depth_note(f"{bits}-bit pixels", "8-bit samples"),)
    return ()


def _encode_transparent(picture: Picture) -> bytes:
    """Encode 32 bits a pixel behind a BITMAPV4HEADER, whose masks say that there is alpha.

    Pillow writes the older header, whose readers ignore the alpha. The rows lie bottom up.
    """
    height, width = picture.pixels.shape[:2]
    bgr = np.broadcast_to(picture.pixels, (height, width, 3))[..., ::-1]
    assert picture.alpha is not None
    body = np.dstack([bgr, picture.alpha])[::-1].tobytes()
    start = 14 + _V4
    per_metre = [round(value / _INCH) for value in picture.metadata.dpi or (0, 0)]
    header = struct.pack("<2sIHHI", b"BM", start + len(body), 0, 0, start)
    header += struct.pack("<IiiHHII", _V4, width, height, 1, 32, _BIT_FIELDS, len(body))
    header += struct.pack("<iiII", *per_metre, 0, 0)
    header += struct.pack("<4I4s48x", 0xFF0000, 0xFF00, 0xFF, 0xFF000000, b"BGRs")  # sRGB
    return header + body


FORMAT = Format(
    name="bmp",
    title="BMP",
    suffixes=(".bmp",),
    can=frozenset({ALPHA}),
    matches=begins(b"BM"),
    read=reader(decode),
    check=check,
    write=writer(encode),
)
