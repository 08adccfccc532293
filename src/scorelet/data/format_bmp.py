"""BMP, read and written as 8-bit gray or RGB."""

import io

import numpy as np
from PIL import BmpImagePlugin

from scorelet.data.format_jpeg import pillow_image
from scorelet.data.picture_errors import check_size, check_writable
from scorelet.data.picture_types import Picture, PictureMetadata, split_samples

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


def encode(picture: Picture) -> bytes:
    """Encode 8-bit gray or RGB."""
    check_writable(picture, "BMP", dtypes=("uint8",), alpha=False)
    stream = io.BytesIO()
    options = {} if picture.metadata.dpi is None else {"dpi": picture.metadata.dpi}
    pillow_image(picture.pixels).save(stream, "BMP", **options)
    return stream.getvalue()
