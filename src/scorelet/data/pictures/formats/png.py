"""PNG of 1 to 16 bits: gray, RGB and palettes, with and without transparency."""

import struct

import numpy as np

from scorelet.data.pictures.errors import RefusedError, check_writable
from scorelet.data.pictures.formats.base import (
    ALPHA,
    SIXTEEN,
    Encoding,
    Format,
    begins,
    reader,
    writer,
)
from scorelet.data.pictures.formats.orientation import strip_prefix
from scorelet.data.pictures.formats.png_chunks import (
    MEANING,
    SIGNATURE,
    TEXTS,
    chunks_of,
    insert_chunks,
    iter_chunks,
    unpack_dpi,
    unpack_profile,
)
from scorelet.data.pictures.formats.xmp import PNG_KEYWORD, pack_png_text, unpack_png_text
from scorelet.data.pictures.limits import Limits
from scorelet.data.pictures.notes import Note, depth_note
from scorelet.data.pictures.types import Picture, PictureMetadata, join_samples, split_samples

_PALETTE = 3  # colour type in the header
_CHANNELS = {0: 1, 2: 3, 3: 4, 4: 2, 6: 4}  # when decoded, by colour type
_TEXT = b"iTXt"
_BLOCKS = (b"Raw profile type exif\x00", b"Raw profile type APP1\x00", b"Raw profile type xmp\x00")

Chunks = tuple[tuple[bytes, bytes], ...]


def decode(data: bytes, limits: Limits) -> Picture:
    """Decode a PNG exactly; palettes become RGB, or gray if all their colours are gray."""
    import imagecodecs

    chunks, texts = _known_chunks(data, limits)
    depth, colour_type = chunks[b"IHDR"][8], chunks[b"IHDR"][9]
    pixels, alpha = split_samples(imagecodecs.png_decode(data))
    metadata = PictureMetadata(
        kind="png",
        bit_depth=depth,
        icc=unpack_profile(chunks.get(b"iCCP")),
        exif=strip_prefix(chunks.get(b"eXIf")),
        xmp=unpack_png_text(chunks.get(_TEXT)),
        dpi=unpack_dpi(chunks.get(b"pHYs")),
        png_chunks=_meaning(chunks) + texts,
    )
    if colour_type == _PALETTE and _is_gray(pixels, metadata.icc):
        pixels = np.ascontiguousarray(pixels[..., :1])
    return Picture(pixels, alpha, metadata, notes=_notes(depth, colour_type))


def check(picture: Picture, _target: Encoding) -> None:
    """Refuse what a PNG cannot hold."""
    check_writable(picture, "PNG", dtypes=("uint8", "uint16"), alpha=True)


def encode(picture: Picture, _target: Encoding) -> bytes:
    """Encode 8- or 16-bit samples with profile, EXIF, XMP and resolution."""
    chunks = chunks_of(picture.metadata, channels=picture.pixels.shape[2])
    if picture.metadata.xmp is not None:
        chunks.append((_TEXT, pack_png_text(picture.metadata.xmp)))
    return insert_chunks(png_bytes(join_samples(picture)), chunks)


def png_bytes(samples: np.ndarray) -> bytes:
    """Encode samples (height, width[, 1 to 4]), without any metadata.

    The buffer has room for a byte in front of each row and for what cannot be compressed;
    imagecodecs' own is too small for a few columns.
    """
    import imagecodecs

    plain = np.ascontiguousarray(samples)
    size = plain.nbytes + len(plain)
    return bytes(imagecodecs.png_encode(plain, level=6, out=size + size // 64 + 65536))


def _known_chunks(data: bytes, limits: Limits) -> tuple[dict[bytes, bytes], Chunks]:
    """Check the whole file, the header first; return the small chunks by name, and all texts.

    XMP is among the former. EXIF and XMP as texts of older programs are left out: they may say
    that the picture is still to be turned.
    """
    kept: dict[bytes, bytes] = {}
    texts = []
    for name, content in iter_chunks(data):
        if name == b"IHDR":
            _check_header(content, limits, file_bytes=len(data))
        if name == b"acTL":
            raise RefusedError(
                "is an animated PNG, and animations are not supported; expected one still "
                "picture: export a single frame."
            )
        if name in TEXTS and not content.startswith(PNG_KEYWORD):
            texts += [] if content.startswith(_BLOCKS) else [(name, content)]
        elif name != b"IDAT":
            kept.setdefault(name, content)
    return kept, tuple(texts)


def _check_header(content: bytes, limits: Limits, *, file_bytes: int) -> None:
    """Check the size; a palette may become RGBA, and any colour may be called transparent."""
    width, height, depth, colour_type = struct.unpack_from(">IIBB", content)
    pixel_bytes = _CHANNELS.get(colour_type, 4) * (2 if depth == 16 else 1)
    limits.check(width, height, pixel_bytes=pixel_bytes, file_bytes=file_bytes)


def _notes(depth: int, colour_type: int) -> tuple[Note, ...]:
    if colour_type == _PALETTE:
        return (depth_note(f"a palette of {depth}-bit numbers", "8-bit colours"),)
    return (depth_note(f"{depth}-bit samples", "8-bit ones"),) if depth < 8 else ()


def _meaning(chunks: dict[bytes, bytes]) -> Chunks:
    """Chunks that are written back unchanged; pHYs only if it is an aspect ratio."""
    names = MEANING if unpack_dpi(chunks.get(b"pHYs")) else (*MEANING, b"pHYs")
    return tuple((name, chunks[name]) for name in names if name in chunks)


def _is_gray(pixels: np.ndarray, icc: bytes | None) -> bool:
    """Whether all channels agree and no RGB profile gives the colours another meaning."""
    return icc is None and bool((pixels == pixels[..., :1]).all())


FORMAT = Format(
    name="png",
    title="PNG",
    suffixes=(".png",),
    can=frozenset({ALPHA, SIXTEEN}),
    matches=begins(SIGNATURE),
    read=reader(decode),
    check=check,
    write=writer(encode),
)
