"""Still WebP pictures, lossless and lossy.

The RIFF container is read here, because Pillow refuses large files by a limit of its own. Layout:
RFC 9649 (VP8X section 2.7, VP8L section 3.4) and RFC 6386 section 9.1 (VP8).
"""

import io
import struct

import numpy as np
from PIL import WebPImagePlugin  # noqa: F401 (registers the writer)

from scorelet.data.pictures.errors import RefusedError, check_writable
from scorelet.data.pictures.formats.base import ALPHA, QUALITY, Encoding, Format, reader, writer
from scorelet.data.pictures.formats.jpeg import pillow_image
from scorelet.data.pictures.formats.orientation import strip_prefix
from scorelet.data.pictures.formats.png_chunks import fitting_profile
from scorelet.data.pictures.limits import Limits
from scorelet.data.pictures.types import Picture, PictureMetadata, split_samples

_LARGEST = 16383  # pixels a side
_QUALITY = 95  # of lossy files: the source's quality is not stored in it
_EFFORT = 80  # Pillow's "quality" of lossless files


def decode(data: bytes, limits: Limits) -> Picture:
    """Decode a WebP as RGB, with alpha if it has any."""
    import imagecodecs

    chunks = _chunks(data)
    limits.check(*_size(chunks), pixel_bytes=4, file_bytes=len(data))
    pixels, alpha = split_samples(imagecodecs.webp_decode(data))
    metadata = PictureMetadata(
        kind="webp",
        icc=chunks.get(b"ICCP"),
        exif=strip_prefix(chunks.get(b"EXIF")),
        xmp=chunks.get(b"XMP ") or None,
        webp_lossless=b"VP8L" in chunks,
    )
    return Picture(pixels, alpha, metadata)


def check(picture: Picture, _target: Encoding) -> None:
    """Refuse what a WebP cannot hold."""
    check_writable(picture, "WebP", dtypes=("uint8",), alpha=True, side=_LARGEST)


def encode(picture: Picture, target: Encoding) -> bytes:
    """Encode without loss unless the source was a lossy WebP, or a quality is wanted.

    Gray is stored as RGB.
    """
    metadata = picture.metadata
    lossless = metadata.webp_lossless and target.quality is None
    samples = np.broadcast_to(picture.pixels, (*picture.pixels.shape[:2], 3))
    if picture.alpha is not None:
        samples = np.concatenate([samples, picture.alpha[..., None]], axis=2)
    stream = io.BytesIO()
    pillow_image(samples).save(
        stream,
        "WEBP",
        lossless=lossless,
        exact=True,
        quality=_EFFORT if lossless else target.quality or _QUALITY,
        icc_profile=fitting_profile(metadata.icc, channels=3) or b"",
        exif=metadata.exif or b"",
        xmp=metadata.xmp or b"",
    )
    return stream.getvalue()


def _chunks(data: bytes) -> dict[bytes, bytes]:
    """The RIFF chunks by name; refuses animations and files that end early."""
    end = struct.unpack_from("<I", data, 4)[0] + 8
    if end > len(data):
        raise RefusedError(
            f"is truncated (it has {len(data)} of {end} bytes); expected a whole WebP: "
            "copy or export it again."
        )
    chunks: dict[bytes, bytes] = {}
    position = 12
    while position + 8 <= end:
        (length,) = struct.unpack_from("<I", data, position + 4)
        content = data[position + 8 : position + 8 + length]
        chunks.setdefault(data[position : position + 4], content)
        position += 8 + length + length % 2
    if b"ANIM" in chunks:
        raise RefusedError(
            "is an animated WebP, and animations are not supported; expected one still picture: "
            "export a single frame."
        )
    return chunks


def _size(chunks: dict[bytes, bytes]) -> tuple[int, int]:
    """Width and height in pixels, from whichever header comes first."""
    if b"VP8X" in chunks:
        flags = chunks[b"VP8X"]
        return 1 + int.from_bytes(flags[4:7], "little"), 1 + int.from_bytes(flags[7:10], "little")
    if b"VP8L" in chunks:
        (bits,) = struct.unpack_from("<I", chunks[b"VP8L"], 1)
        return 1 + (bits & 0x3FFF), 1 + (bits >> 14 & 0x3FFF)
    width, height = struct.unpack_from("<HH", chunks[b"VP8 "], 6)
    return width & 0x3FFF, height & 0x3FFF


FORMAT = Format(
    name="webp",
    title="WebP",
    suffixes=(".webp",),
    can=frozenset({ALPHA, QUALITY}),
    matches=lambda head: head[:4] == b"RIFF" and head[8:12] == b"WEBP",
    read=reader(decode),
    check=check,
    write=writer(encode),
)
