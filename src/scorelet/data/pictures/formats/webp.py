"""Still WebP pictures, lossless and lossy.

Lossy ones whose pixels hardly changed are written back as they were coded, if that is nearer to
what is wanted than coding again. Others have the best quality that there is, as the second loss
adds to the first.

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
_QUALITY = 100  # of lossy files: the source's quality is not stored in it
_CLOSE = 2  # levels by which samples of a picture that hardly changed do
_EFFORT = 80  # Pillow's "quality" of lossless files
_CODED = (b"ALPH", b"VP8 ")
_ICC, _ALPHA, _EXIF, _XMP = 0x20, 0x10, 0x08, 0x04  # flags of VP8X


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
        webp_stored=_stored(chunks),
    )
    return Picture(pixels, alpha, metadata)


def check(picture: Picture, _target: Encoding) -> None:
    """Refuse what a WebP cannot hold."""
    check_writable(picture, "WebP", dtypes=("uint8",), alpha=True, side=_LARGEST)


def encode(picture: Picture, target: Encoding) -> bytes:
    """Encode as the source was coded, or without loss, or where it was a lossy WebP at quality 100.

    Gray is stored as RGB.
    """
    metadata = picture.metadata
    samples = np.broadcast_to(picture.pixels, (*picture.pixels.shape[:2], 3))
    if picture.alpha is not None:
        samples = np.concatenate([samples, picture.alpha[..., None]], axis=2)
    new = _saved(samples, metadata, target)
    kept = None if target.quality else _coded(metadata.webp_stored, samples.shape)
    if kept is not None and _is_nearer(kept, new, samples):
        return _with_said(metadata, samples.shape)
    return new


def _saved(samples: np.ndarray, metadata: PictureMetadata, target: Encoding) -> bytes:
    lossless = metadata.webp_lossless and target.quality is None
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


def _with_said(metadata: PictureMetadata, shape: tuple[int, ...]) -> bytes:
    """Return a file of what is coded, with what is said of the picture."""
    icc = fitting_profile(metadata.icc, channels=3)
    said = ((_ICC, b"ICCP", icc), (_EXIF, b"EXIF", metadata.exif), (_XMP, b"XMP ", metadata.xmp))
    flags = sum(flag for flag, _, content in said if content) | _ALPHA * (shape[2] == 4)
    height, width = ((side - 1).to_bytes(3, "little") for side in shape[:2])
    profile, exif, xmp = (_chunk(name, content) if content else b"" for _, name, content in said)
    extended = _chunk(b"VP8X", bytes([flags, 0, 0, 0]) + width + height) if flags else b""
    return _chunk(b"RIFF", b"WEBP" + extended + profile + metadata.webp_stored + exif + xmp)


def _chunk(name: bytes, content: bytes) -> bytes:
    return name + struct.pack("<I", len(content)) + content + bytes(len(content) % 2)


def _stored(chunks: dict[bytes, bytes]) -> bytes:
    """Return the chunks that hold a picture with loss; nothing of one without."""
    coded = [_chunk(name, chunks[name]) for name in _CODED if name in chunks]
    return b"".join(coded) if b"VP8 " in chunks else b""


def _coded(stored: bytes, shape: tuple[int, ...]) -> np.ndarray | None:
    """Return the samples that are coded; None if there are none, or of another shape."""
    import imagecodecs

    if not stored:
        return None
    whole = _with_said(PictureMetadata(webp_stored=stored), shape)
    chunks = _chunks(whole)
    same = _size({b"VP8 ": chunks[b"VP8 "]}) == shape[1::-1]
    return (
        imagecodecs.webp_decode(whole) if same and (b"ALPH" in chunks) == (shape[2] == 4) else None
    )


def _is_nearer(kept: np.ndarray, new: bytes, samples: np.ndarray) -> bool:
    """Whether what is coded is close to the samples, and closer than a new file of them."""
    import imagecodecs

    wanted = samples[..., :3].astype(int)
    off = kept[..., :3] - wanted
    if np.abs(off).max() > _CLOSE or not np.array_equal(kept[..., 3:], samples[..., 3:]):
        return False
    again = imagecodecs.webp_decode(new)[..., :3] - wanted
    return bool((off**2).sum() <= (again**2).sum())


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
