"""BMP, read and written as 8-bit gray, RGB or RGBA."""

import io
import struct

import numpy as np
from PIL import BmpImagePlugin

from scorelet.data.pictures.errors import check_size, check_writable
from scorelet.data.pictures.formats.jpeg import pillow_image
from scorelet.data.pictures.types import Picture, PictureMetadata, split_samples

_V4, _BIT_FIELDS = 108, 3  # bytes of the header; a compression that is none
_INCH = 0.0254  # metres
_MODES = {"1": "L", "L": "L", "RGBA": "RGBA"}


def decode(data: bytes, max_pixels: int) -> Picture:
    """Decode a BMP; palettes become RGB, bits become 0 or 255."""
    image = BmpImagePlugin.BmpImageFile(io.BytesIO(data))
    check_size(*image.size, max_pixels)
    image.load()
    dpi = image.info.get("dpi")
    metadata = PictureMetadata(
        kind="bmp",
        bit_depth=1 if image.mode == "1" else 8,
        dpi=None if dpi is None or 0 in dpi else (float(dpi[0]), float(dpi[1])),
    )
    samples = np.array(image.convert(_MODES.get(image.mode, "RGB")))
    return Picture(*split_samples(samples), metadata)


def check(picture: Picture) -> None:
    """Refuse what a BMP cannot hold."""
    check_writable(picture, "BMP", dtypes=("uint8",), alpha=True)


def encode(picture: Picture) -> bytes:
    """Encode 8-bit gray or RGB, with alpha as RGBA."""
    check(picture)
    if picture.alpha is not None:
        return _encode_transparent(picture)
    stream = io.BytesIO()
    options = {} if picture.metadata.dpi is None else {"dpi": picture.metadata.dpi}
    pillow_image(picture.pixels).save(stream, "BMP", **options)
    return stream.getvalue()


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
