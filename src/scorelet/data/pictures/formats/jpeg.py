"""JPEG, gray and RGB, written back with the quantisation tables it came with."""

import io
from typing import Any

import numpy as np
from PIL import Image, JpegImagePlugin

from scorelet.data.pictures.errors import RefusedError, check_size, check_writable
from scorelet.data.pictures.formats.png_chunks import fitting_profile
from scorelet.data.pictures.formats.xmp import JPEG_LIMIT
from scorelet.data.pictures.orientation import strip_prefix
from scorelet.data.pictures.types import JpegCoding, Picture, PictureMetadata

_QUALITY = 95  # for pictures that were no JPEG before
_LARGEST = 65500  # pixels a side, libjpeg's limit
_EXIF = b"Exif\x00\x00"
_SEGMENT = 65533  # bytes that one segment holds: longer blocks are left out


def decode(data: bytes, max_pixels: int) -> Picture:
    """Decode the first picture of a JPEG file."""
    image = JpegImagePlugin.JpegImageFile(io.BytesIO(data))
    check_size(*image.size, max_pixels)
    if image.mode not in ("L", "RGB"):
        raise RefusedError(
            f"is a {image.mode} JPEG; expected gray or RGB: convert it to RGB first, "
            "because its colours depend on a printer profile."
        )
    image.load()
    dpi = image.info.get("dpi")
    metadata = PictureMetadata(
        kind="jpeg",
        icc=image.info.get("icc_profile"),
        exif=strip_prefix(image.info.get("exif")),
        xmp=image.info.get("xmp") or None,
        comment=image.info.get("comment"),
        dpi=None if dpi is None else (float(dpi[0]), float(dpi[1])),
        jpeg=_coding(image),
    )
    pixels = np.array(image)
    return Picture(pixels.reshape(*pixels.shape[:2], -1), None, metadata)


def check(picture: Picture) -> None:
    """Refuse what a JPEG cannot hold."""
    check_writable(picture, "JPEG", dtypes=("uint8",), alpha=False, side=_LARGEST)


def encode(picture: Picture) -> bytes:
    """Encode with the source's tables if it was a JPEG, else at quality 95."""
    check(picture)
    metadata = picture.metadata
    options = _options(metadata.jpeg, channels=picture.pixels.shape[2])
    icc = fitting_profile(metadata.icc, channels=picture.pixels.shape[2])
    if icc is not None:
        options["icc_profile"] = icc
    if metadata.exif is not None and len(_EXIF + metadata.exif) <= _SEGMENT:
        options["exif"] = _EXIF + metadata.exif
    if metadata.xmp is not None and len(metadata.xmp) <= JPEG_LIMIT:
        options["xmp"] = metadata.xmp
    if metadata.comment is not None:
        options["comment"] = metadata.comment
    if metadata.dpi is not None:
        options["dpi"] = metadata.dpi
    stream = io.BytesIO()
    pillow_image(picture.pixels).save(stream, "JPEG", **options)
    return stream.getvalue()


def pillow_image(pixels: np.ndarray) -> Image.Image:
    """A Pillow picture of uint8 samples (height, width, 1, 3 or 4)."""
    return Image.fromarray(np.ascontiguousarray(pixels[..., 0] if pixels.shape[2] == 1 else pixels))


def _coding(image: JpegImagePlugin.JpegImageFile) -> JpegCoding:
    tables = tuple(tuple(table) for _, table in sorted(image.quantization.items()))
    return JpegCoding(
        tables=tables,
        subsampling=JpegImagePlugin.get_sampling(image),
        progressive=bool(image.info.get("progressive", False)),
    )


def _options(coding: JpegCoding | None, *, channels: int) -> dict[str, Any]:
    """Pillow's options; 16-bit tables (values above 255) cannot be written back."""
    if coding is None or not coding.tables or max(map(max, coding.tables)) > 255:
        return {"quality": _QUALITY, "subsampling": 0}
    tables = coding.tables[:1] if channels == 1 else coding.tables
    return {
        "qtables": [list(table) for table in tables],
        "subsampling": coding.subsampling,
        "progressive": coding.progressive,
    }
