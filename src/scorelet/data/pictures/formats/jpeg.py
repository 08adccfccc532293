"""JPEG, gray and RGB.

Pixels that nobody changed are written back as they were coded. Others are quantised in a quarter of
the steps that the picture came with, colour as finely as brightness: in the same steps the second
loss is larger than what denoising gains.
"""

import io
import re
import struct
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import numpy as np
from PIL import Image, JpegImagePlugin

from scorelet.data.pictures.errors import RefusedError, check_writable
from scorelet.data.pictures.formats.base import QUALITY, Encoding, Format, begins, reader, writer
from scorelet.data.pictures.formats.ifd import number
from scorelet.data.pictures.formats.jpeg_steps import are_steps
from scorelet.data.pictures.formats.orientation import strip_prefix
from scorelet.data.pictures.formats.png_chunks import fitting_profile
from scorelet.data.pictures.formats.xmp import JPEG_LIMIT
from scorelet.data.pictures.limits import Limits
from scorelet.data.pictures.notes import Note, left_out
from scorelet.data.pictures.types import JpegCoding, Picture, PictureMetadata

_QUALITY = 95  # for pictures that were no JPEG before
_FINER = 4  # steps of the source over those of a picture that was changed
_LARGEST = 65500  # pixels a side, libjpeg's limit
_FRAMES = {*range(0xC0, 0xD0)} - {0xC4, 0xC8, 0xCC}  # markers of frame headers
_BARE = {0x01, *range(0xD0, 0xDA)}  # markers without a length
_BEGIN, _END = b"\xff\xd8", b"\xff\xd9"
_SCAN = 0xDA
_SAID = {*range(0xE0, 0xF0), 0xFE}  # markers of what is said of a picture
_AFTER_SCAN = re.compile(rb"\xff[^\x00\xd0-\xd7\xff]")
_NUMBER_OF_IMAGES = 0xB001
_FULL_CHROMA = 90  # quality from which colour is stored as finely as brightness
_EXIF = b"Exif\x00\x00"
_PHOTOSHOP, _IPTC = b"Photoshop 3.0\x00", 0x0404  # name of a segment, number of its part
_BRIGHTNESS = np.array([0.299, 0.587, 0.114])  # of red, green and blue (JFIF)
_SEGMENT = 65533  # bytes that one segment holds: longer blocks are left out
EXIF_LIMIT, IPTC_LIMIT = _SEGMENT - len(_EXIF), _SEGMENT - len(_PHOTOSHOP) - 13


def decode(data: bytes, limits: Limits) -> Picture:
    """Decode the first picture of a JPEG file."""
    _check_depth(data)
    image = JpegImagePlugin.JpegImageFile(io.BytesIO(data))
    limits.check(*image.size, pixel_bytes=len(image.getbands()), file_bytes=len(data))
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
        iptc=_iptc(image),
        dpi=None if dpi is None else (float(dpi[0]), float(dpi[1])),
        jpeg=replace(_coding(image), stored=_stored(data)),
    )
    pixels = np.array(image)
    pixels = pixels.reshape(*pixels.shape[:2], -1)
    return Picture(pixels, None, metadata, notes=_notes(image.info.get("mp")))


def with_coding(metadata: PictureMetadata, image: Image.Image) -> PictureMetadata:
    """Return metadata with what a Pillow picture still knows of the JPEG that it was opened from.

    Not if its pixels are others since, as those of a thumbnail.
    """
    if not isinstance(image, JpegImagePlugin.JpegImageFile) or image.mode not in ("L", "RGB"):
        return metadata
    coding, pixels = _coding(image), np.array(image)
    ends = (pixels == 0) | (pixels == 255)
    if pixels.ndim == 3:
        pixels = pixels[..., 0] if coding.rgb else pixels @ _BRIGHTNESS
        ends = ends.any(2)
    if coding.tables and not are_steps(pixels.astype(np.float64), ends, coding.tables[0]):
        return metadata
    comment = image.info.get("comment")
    return replace(metadata, kind="jpeg", comment=comment, iptc=_iptc(image), jpeg=coding)


def check(picture: Picture, _target: Encoding) -> None:
    """Refuse what a JPEG cannot hold."""
    check_writable(picture, "JPEG", dtypes=("uint8",), alpha=False, side=_LARGEST)


def encode(picture: Picture, target: Encoding) -> bytes:
    """Encode at the quality that is wanted, as the source or finer, or at quality 95."""
    coding, channels = picture.metadata.jpeg, picture.pixels.shape[2]
    options = _said(picture.metadata, channels=channels)
    options |= _options(coding, channels=channels, quality=target.quality)
    if coding is not None and coding.stored and target.quality is None:
        whole = _with_header(coding.stored, _saved(picture.pixels[:1, :1], options))
        stored = np.array(JpegImagePlugin.JpegImageFile(io.BytesIO(whole)))
        if np.array_equal(stored, picture.plain):
            return whole
    return _saved(picture.pixels, options)


def _with_header(stored: bytes, other: bytes) -> bytes:
    """Return a file of what is coded, with what another file says of its picture."""
    said = (part for marker, part in _segments(other) if marker in _SAID)
    return b"".join((_BEGIN, *said, stored))


def _saved(pixels: np.ndarray, options: dict[str, Any]) -> bytes:
    stream = io.BytesIO()
    pillow_image(pixels).save(stream, "JPEG", **options)
    return stream.getvalue()


def _said(metadata: PictureMetadata, *, channels: int) -> dict[str, Any]:
    """Pillow's options for what is said of a picture, as far as a JPEG holds it."""
    options: dict[str, Any] = {}
    icc = fitting_profile(metadata.icc, channels=channels)
    if icc is not None:
        options["icc_profile"] = icc
    if metadata.exif is not None and len(metadata.exif) <= EXIF_LIMIT:
        options["exif"] = _EXIF + metadata.exif
    if metadata.xmp is not None and len(metadata.xmp) <= JPEG_LIMIT:
        options["xmp"] = metadata.xmp
    if metadata.comment is not None:
        options["comment"] = metadata.comment
    if metadata.iptc is not None and len(metadata.iptc) <= IPTC_LIMIT:
        options["extra"] = _iptc_segment(metadata.iptc)
    if metadata.dpi is not None:
        options["dpi"] = metadata.dpi
    return options


def _iptc_segment(iptc: bytes) -> bytes:
    """IPTC as the only part of a Photoshop segment, without a name of its own."""
    part = b"8BIM" + struct.pack(">HHI", _IPTC, 0, len(iptc)) + iptc + bytes(len(iptc) % 2)
    content = _PHOTOSHOP + part
    return b"\xff\xed" + struct.pack(">H", 2 + len(content)) + content


def pillow_image(pixels: np.ndarray) -> Image.Image:
    """A Pillow picture of uint8 samples (height, width, 1, 3 or 4)."""
    return Image.fromarray(np.ascontiguousarray(pixels[..., 0] if pixels.shape[2] == 1 else pixels))


def _iptc(image: JpegImagePlugin.JpegImageFile) -> bytes | None:
    return image.info.get("photoshop", {}).get(_IPTC) or None


def _coding(image: JpegImagePlugin.JpegImageFile) -> JpegCoding:
    """Return how an opened JPEG was compressed, without the compressed picture."""
    tables = tuple(tuple(table) for _, table in sorted(image.quantization.items()))
    return JpegCoding(
        tables=tables,
        subsampling=JpegImagePlugin.get_sampling(image),
        progressive=bool(image.info.get("progressive", False)),
        rgb=_is_rgb(image),
    )


def _stored(data: bytes) -> bytes:
    """Return the first picture of a file without what is said of it; nothing if it has no end."""
    parts = [part for marker, part in _segments(data) if marker not in _SAID]
    return b"".join(parts) if parts[-1:] == [_END] else b""


def _is_rgb(image: JpegImagePlugin.JpegImageFile) -> bool:
    """Whether no conversion is named by Adobe's marker, or else by the names of the components."""
    if "jfif" in image.info or image.mode != "RGB":
        return False
    transform = image.info.get("adobe_transform")
    names = bytes(layer[0] for layer in image.layer)
    return names == b"RGB" if transform is None else transform == 0


def _check_depth(data: bytes) -> None:
    """Refuse what is not of 8 bits; Pillow would call it damaged."""
    depth = _depth(data)
    if depth not in (None, 8):
        raise RefusedError(
            f"is a {depth}-bit JPEG; expected 8 bits for each sample: convert it to a "
            "16-bit PNG or TIFF first."
        )


def _depth(data: bytes) -> int | None:
    """Bits of a sample, as the frame header says (ITU-T T.81, B.2.2); None if there is none."""
    frames = (part for marker, part in _segments(data) if marker in _FRAMES and len(part) > 4)
    return next((part[4] for part in frames), None)


def _segments(data: bytes) -> Iterator[tuple[int, bytes]]:
    """Yield marker and bytes of each segment, a scan with its samples (ITU-T T.81, B.1.1).

    They begin after the first marker of the file, and end with its last, or where there is none.
    """
    place = len(_BEGIN)
    while data[place : place + 1] == b"\xff" and place + 1 < len(data):
        marker = data[place + 1]
        if marker == 0xFF:  # may fill the space between segments
            place += 1
            continue
        length = 0 if marker in _BARE else int.from_bytes(data[place + 2 : place + 4], "big")
        end = place + 2 + length
        if marker == _SCAN:
            after = _AFTER_SCAN.search(data, end)
            end = after.start() if after else len(data)
        yield marker, data[place:end]
        if marker == _END[1]:
            return
        place = end


def _notes(index: bytes | None) -> tuple[Note, ...]:
    """Count the pictures behind the first: MPO of 3D cameras, gain maps, depth maps.

    The index is an IFD that says their number (CIPA DC-007, 5.2.3).
    """
    count = number(index, _NUMBER_OF_IMAGES) if index else None
    return (left_out(count - 1),) if count and count > 1 else ()


def _options(coding: JpegCoding | None, *, channels: int, quality: int | None) -> dict[str, Any]:
    """Pillow's options for the coding; with tables beyond 8 bits that of other pictures."""
    if quality is not None:
        kept = coding.subsampling if coding else 0
        return {"quality": quality, "subsampling": 0 if quality >= _FULL_CHROMA else kept}
    finer = [[-(-step // _FINER) for step in table] for table in coding.tables] if coding else []
    if coding is None or not finer or max(map(max, finer)) > 255:
        return {"quality": _QUALITY, "subsampling": 0}
    return {
        "qtables": finer[:1] if channels == 1 else finer,
        "subsampling": 0,
        "progressive": coding.progressive,
        "keep_rgb": coding.rgb and channels == 3,
    }


FORMAT = Format(
    name="jpeg",
    title="JPEG",
    suffixes=(".jpg", ".jpeg", ".jfif"),
    read_only=(".jpe", ".mpo"),
    can=frozenset({QUALITY}),
    matches=begins(b"\xff\xd8\xff"),
    read=reader(decode),
    check=check,
    write=writer(encode),
)
