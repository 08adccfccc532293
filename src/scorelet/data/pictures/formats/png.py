"""PNG of 1 to 16 bits: gray, RGB and palettes, with and without transparency."""

import struct

import numpy as np

from scorelet.data.pictures.errors import RefusedError, check_size, check_writable
from scorelet.data.pictures.formats.png_chunks import (
    MEANING,
    chunks_of,
    insert_chunks,
    iter_chunks,
    unpack_dpi,
    unpack_profile,
)
from scorelet.data.pictures.formats.xmp import PNG_KEYWORD, pack_png_text, unpack_png_text
from scorelet.data.pictures.orientation import strip_prefix
from scorelet.data.pictures.types import Picture, PictureMetadata, join_samples, split_samples

_PALETTE = 3  # colour type in the header
_TEXT = b"iTXt"


def decode(data: bytes, max_pixels: int) -> Picture:
    """Decode a PNG exactly; palettes become RGB, or gray if all their colours are gray."""
    import imagecodecs

    chunks = _known_chunks(data, max_pixels)
    depth, colour_type = chunks[b"IHDR"][8], chunks[b"IHDR"][9]
    pixels, alpha = split_samples(imagecodecs.png_decode(data))
    metadata = PictureMetadata(
        kind="png",
        bit_depth=depth,
        icc=unpack_profile(chunks.get(b"iCCP")),
        exif=strip_prefix(chunks.get(b"eXIf")),
        xmp=unpack_png_text(chunks.get(_TEXT)),
        dpi=unpack_dpi(chunks.get(b"pHYs")),
        png_chunks=_meaning(chunks),
    )
    if colour_type == _PALETTE and _is_gray(pixels, metadata.icc):
        pixels = np.ascontiguousarray(pixels[..., :1])
    return Picture(pixels, alpha, metadata)


def check(picture: Picture) -> None:
    """Refuse what a PNG cannot hold."""
    check_writable(picture, "PNG", dtypes=("uint8", "uint16"), alpha=True)


def encode(picture: Picture) -> bytes:
    """Encode 8- or 16-bit samples with profile, EXIF, XMP and resolution."""
    import imagecodecs

    check(picture)
    plain = imagecodecs.png_encode(np.ascontiguousarray(join_samples(picture)), level=6)
    chunks = chunks_of(picture.metadata, channels=picture.pixels.shape[2])
    if picture.metadata.xmp is not None:
        chunks.append((_TEXT, pack_png_text(picture.metadata.xmp)))
    return insert_chunks(bytes(plain), chunks)


def _known_chunks(data: bytes, max_pixels: int) -> dict[bytes, bytes]:
    """Check the whole file, the header first, and keep the small chunks by name; of texts XMP."""
    kept: dict[bytes, bytes] = {}
    for name, content in iter_chunks(data):
        if name == b"IHDR":
            check_size(*struct.unpack_from(">II", content), max_pixels)
        if name == b"acTL":
            raise RefusedError(
                "is an animated PNG, and animations are not supported; expected one still "
                "picture: export a single frame."
            )
        if name != b"IDAT" and (name != _TEXT or content.startswith(PNG_KEYWORD)):
            kept.setdefault(name, content)
    return kept


def _meaning(chunks: dict[bytes, bytes]) -> tuple[tuple[bytes, bytes], ...]:
    """Chunks that are written back unchanged; pHYs only if it is an aspect ratio."""
    names = MEANING if unpack_dpi(chunks.get(b"pHYs")) else (*MEANING, b"pHYs")
    return tuple((name, chunks[name]) for name in names if name in chunks)


def _is_gray(pixels: np.ndarray, icc: bytes | None) -> bool:
    """Whether all channels agree and no RGB profile gives the colours another meaning."""
    return icc is None and bool((pixels == pixels[..., :1]).all())
