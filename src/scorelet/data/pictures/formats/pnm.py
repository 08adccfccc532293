"""Netpbm: PBM, PGM and PPM, text (P1 to P3) and binary (P4 to P6), up to 16 bits.

Pillow reads 16-bit PPM with 8 bits only, hence this reader.
"""

import re

import numpy as np

from scorelet.core.errors import InputError
from scorelet.data.pictures.errors import RefusedError, check_size, check_writable
from scorelet.data.pictures.types import Picture, PictureMetadata

_NUMBER = re.compile(rb"(?:\s|#[^\r\n]*[\r\n])*(\d{1,9})(?=\s|#|$)")


def decode(data: bytes, max_pixels: int) -> Picture:
    """Decode the first picture; samples are scaled to the full range of 8 or 16 bits."""
    variant = int(data[1:2])
    bilevel = variant in (1, 4)
    numbers, start = _header(data, 2 if bilevel else 3)
    width, height = numbers[:2]
    top = 1 if bilevel else numbers[2]
    check_size(width, height, max_pixels)
    if not 1 <= top <= 65535:
        raise RefusedError(
            f"claims a largest value of {top}; expected 1 to 65535: export it again."
        )
    shape = (height, width, 3 if variant in (3, 6) else 1)
    values = _values(data[start:], variant=variant, shape=shape, top=top)
    if int(values.min()) < 0 or int(values.max()) > top:
        raise RefusedError(
            f"holds values from {values.min()} to {values.max()}; expected 0 to {top}, as it "
            "announces: export it again."
        )
    pixels = _full_range(1 - values if bilevel else values, top)
    depth = top.bit_length() if top < 256 else 16
    return Picture(pixels, None, PictureMetadata(kind="pnm", bit_depth=depth))


def check(picture: Picture, suffix: str = ".pnm") -> None:
    """Refuse what a file of this suffix cannot hold."""
    check_writable(picture, "Netpbm", dtypes=("uint8", "uint16"), alpha=False)
    if suffix == ".pgm" and picture.pixels.shape[2] == 3:
        raise InputError("A .pgm file cannot hold colours; expected a gray picture: write a .ppm.")


def encode(picture: Picture, suffix: str = ".pnm") -> bytes:
    """Encode binary PGM (gray) or PPM (RGB); a `.ppm` of a gray picture repeats the channel."""
    check(picture, suffix)
    pixels = picture.pixels
    if suffix == ".ppm":
        pixels = np.broadcast_to(pixels, (*pixels.shape[:2], 3))
    magic = "P5" if pixels.shape[2] == 1 else "P6"
    height, width = pixels.shape[:2]
    header = f"{magic}\n{width} {height}\n{int(picture.scale)}\n".encode()
    return header + pixels.astype(pixels.dtype.newbyteorder(">")).tobytes()


def _header(data: bytes, count: int) -> tuple[list[int], int]:
    """The numbers of the header and the position of the first sample."""
    numbers, position = [], 2
    for _ in range(count):
        match = _NUMBER.match(data, position)
        if match is None:
            raise RefusedError("has a damaged Netpbm header; expected its size: export it again.")
        numbers.append(int(match.group(1)))
        position = match.end()
    return numbers, position + 1


def _values(body: bytes, *, variant: int, shape: tuple[int, int, int], top: int) -> np.ndarray:
    height, width, channels = shape
    if variant == 4:
        bits = np.unpackbits(_take(body, height * -(-width // 8), "u1").reshape(height, -1), axis=1)
        return bits[:, :width].reshape(shape)
    if variant in (5, 6):
        kind = ">u2" if top > 255 else "u1"
        return _take(body, height * width * channels, kind).reshape(shape)
    text = re.sub(rb"#[^\r\n]*", b"", body)
    words = re.findall(rb"[01]", text) if variant == 1 else text.split()
    if len(words) < height * width * channels:
        raise RefusedError(_truncated(len(words), height * width * channels))
    return np.array(words[: height * width * channels], dtype=np.int64).reshape(shape)


def _take(body: bytes, count: int, kind: str) -> np.ndarray:
    available = len(body) // np.dtype(kind).itemsize
    if available < count:
        raise RefusedError(_truncated(available, count))
    return np.frombuffer(body, dtype=kind, count=count)


def _truncated(got: int, expected: int) -> str:
    return (
        f"is truncated (it has {got} of {expected} values); expected a whole picture: "
        "copy or export it again."
    )


def _full_range(values: np.ndarray, top: int) -> np.ndarray:
    target, full = (np.uint8, 255) if top < 256 else (np.uint16, 65535)
    if top == full:
        return values.astype(target)
    return np.rint(values.astype(np.float64) * (full / top)).astype(target)
