"""Netpbm: PBM, PGM and PPM, text (P1 to P3) and binary (P4 to P6), up to 16 bits.

Pillow reads 16-bit PPM with 8 bits only, hence this reader.
"""

import re

import numpy as np

from scorelet.core.errors import InputError
from scorelet.data.pictures.errors import RefusedError, check_writable
from scorelet.data.pictures.formats.base import (
    SIXTEEN,
    Encoding,
    Format,
    full_range,
    reader,
    writer,
)
from scorelet.data.pictures.limits import Limits
from scorelet.data.pictures.notes import Note, depth_note, left_out
from scorelet.data.pictures.types import Picture, PictureMetadata

_NUMBER = re.compile(rb"(?:\s|#[^\r\n]*[\r\n])*(\d{1,9})(?=\s|#|$)")

_LONGEST = 9  # digits of a number


def decode(data: bytes, limits: Limits) -> Picture:
    """Decode the first picture; samples are scaled to the full range of 8 or 16 bits."""
    variant = int(data[1:2])
    bilevel = variant in (1, 4)
    numbers, start = _header(data, 2 if bilevel else 3)
    width, height = numbers[:2]
    top = 1 if bilevel else numbers[2]
    if not 1 <= top <= 65535:
        raise RefusedError(
            f"claims a largest value of {top}; expected 1 to 65535: export it again."
        )
    shape = (height, width, 3 if variant in (3, 6) else 1)
    pixel_bytes = shape[2] * (2 if top > 255 else 1)
    limits.check(width, height, pixel_bytes=pixel_bytes, file_bytes=len(data))
    body = memoryview(data)[start:]
    values = _values(body, variant=variant, shape=shape, top=top)
    if int(values.min()) < 0 or int(values.max()) > top:
        raise RefusedError(
            f"holds values from {values.min()} to {values.max()}; expected 0 to {top}, as it "
            "announces: export it again."
        )
    pixels = full_range(1 - values if bilevel else values, top)
    depth = top.bit_length() if top < 256 else 16
    metadata = PictureMetadata(kind="pnm", bit_depth=depth)
    more = variant >= 4 and _begins(body[_length(variant, shape, top) :])
    return Picture(pixels, None, metadata, notes=_notes(top, more=more))


def check(picture: Picture, target: Encoding) -> None:
    """Refuse what a file of this suffix cannot hold."""
    check_writable(picture, "Netpbm", dtypes=("uint8", "uint16"), alpha=False)
    if target.suffix == ".pgm" and picture.pixels.shape[2] == 3:
        raise InputError("A .pgm file cannot hold colours; expected a gray picture: write a .ppm.")


def encode(picture: Picture, target: Encoding) -> bytes:
    """Encode binary PGM (gray) or PPM (RGB); a `.ppm` of a gray picture repeats the channel."""
    pixels = picture.pixels
    if target.suffix == ".ppm":
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


def _length(variant: int, shape: tuple[int, int, int], top: int) -> int:
    """Bytes of the samples of a binary picture."""
    height, width, channels = shape
    if variant == 4:
        return height * -(-width // 8)
    return height * width * channels * (2 if top > 255 else 1)


def _begins(rest: memoryview) -> bool:
    """Whether another picture follows, as the format allows."""
    return re.match(rb"\s*P[1-6]\s", bytes(rest[:16])) is not None


def _notes(top: int, *, more: bool) -> tuple[Note, ...]:
    notes = []
    if top not in (255, 65535):
        full = 255 if top < 256 else 65535
        notes.append(depth_note(f"values from 0 to {top}", f"0 to {full}, scaled"))
    return (*notes, left_out()) if more else tuple(notes)


def _values(body: memoryview, *, variant: int, shape: tuple[int, int, int], top: int) -> np.ndarray:
    height, width, channels = shape
    if variant >= 4:
        kind = ">u2" if top > 255 else "u1"
        values = _take(body, _length(variant, shape, top) // np.dtype(kind).itemsize, kind)
        if variant > 4:
            return values.reshape(shape)
        return np.unpackbits(values.reshape(height, -1), axis=1)[:, :width].reshape(shape)
    text = re.sub(rb"#[^\r\n]*", b"", body)
    words = re.findall(rb"[01]", text) if variant == 1 else text.split()
    if len(words) < height * width * channels:
        raise RefusedError(_truncated(len(words), height * width * channels))
    words = words[: height * width * channels]
    odd = next((word for word in words if not word.isdigit() or len(word) > _LONGEST), None)
    if odd is not None:
        raise RefusedError(
            f"holds {odd[:16].decode(errors='replace')!r} where a sample should be; expected whole "
            "numbers: copy or export it again."
        )
    return np.array(words, dtype=np.int64).reshape(shape)


def _take(body: memoryview, count: int, kind: str) -> np.ndarray:
    available = len(body) // np.dtype(kind).itemsize
    if available < count:
        raise RefusedError(_truncated(available, count))
    return np.frombuffer(body, dtype=kind, count=count)


def _truncated(got: int, expected: int) -> str:
    return (
        f"is truncated (it has {got} of {expected} values); expected a whole picture: "
        "copy or export it again."
    )


FORMAT = Format(
    name="pnm",
    title="Netpbm (PBM, PGM, PPM)",
    suffixes=(".pnm", ".pgm", ".ppm"),
    read_only=(".pbm",),
    can=frozenset({SIXTEEN}),
    matches=lambda head: re.match(rb"P[1-6][ \n\r\t]", head) is not None,
    read=reader(decode),
    check=check,
    write=writer(encode),
)
