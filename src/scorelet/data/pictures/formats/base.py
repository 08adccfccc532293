"""What a kind of picture file is: one record, made in a module of its own."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from scorelet.data.pictures.errors import reading
from scorelet.data.pictures.formats.orientation import upright
from scorelet.data.pictures.limits import Limits
from scorelet.data.pictures.types import Picture

ALPHA, SIXTEEN, FLOATS, PAGES, QUALITY = "alpha", "16 bit", "floats", "pages", "quality"
HEAD = 64
"""Bytes that tell the kind of a file."""


@dataclass(frozen=True)
class Encoding:
    """How a file is to be written.

    Args:
        suffix: of its name, in lower case.
        quality: of lossy compression, 1 to 100; None: as `write_pages` says.
    """

    suffix: str
    quality: int | None = None


@dataclass(frozen=True, kw_only=True)
class Readable:
    """A kind of picture file that is read.

    Args:
        name: as in `PictureMetadata.kind`.
        title: as people call it.
        read_only: suffixes, in lower case, under which it is found, but nothing is written.
        can: what it can hold or do, of `ALPHA`, `SIXTEEN`, `FLOATS`, `PAGES` and `QUALITY`.
        matches: whether a file with these first bytes, `HEAD` at most, is of this kind.
        read: the pages of a file, upright, one at a time; raises ImageFileError.
        count: the number of pages of a file; raises ImageFileError.
    """

    name: str
    title: str
    can: frozenset[str]
    matches: Callable[[bytes], bool]
    read: Callable[[Path, Limits], Iterator[Picture]]
    read_only: tuple[str, ...] = ()
    count: Callable[[Path], int] = lambda _path: 1


@dataclass(frozen=True, kw_only=True)
class Format(Readable):
    """A kind of picture file that is written, too.

    Args:
        suffixes: that are written, in lower case; the first is the usual one.
        check: raises InputError for a picture that a target cannot hold.
        write: pages to a path; `check` has passed the first.
    """

    suffixes: tuple[str, ...]
    check: Callable[[Picture, Encoding], None]
    write: Callable[[Path, Iterator[Picture], Encoding], None]


def reader(decode: Callable[[bytes, Limits], Picture]) -> Callable[[Path, Limits], Iterator]:
    """`Format.read` of a kind that holds one picture."""

    def read(path: Path, limits: Limits) -> Iterator[Picture]:
        with reading(path):
            picture = upright(decode(path.read_bytes(), limits))
        yield picture

    return read


def writer(
    encode: Callable[[Picture, Encoding], bytes],
) -> Callable[[Path, Iterator[Picture], Encoding], None]:
    """`Format.write` of a kind that holds one picture, its colours not multiplied by alpha."""

    def write(path: Path, pages: Iterator[Picture], target: Encoding) -> None:
        path.write_bytes(encode(straight(next(pages)), target))

    return write


def begins(*marks: bytes) -> Callable[[bytes], bool]:
    """`Format.matches` of a kind whose files begin with one of `marks`."""
    return lambda head: head.startswith(marks)


def lookup(table: np.ndarray, places: np.ndarray) -> np.ndarray:
    """``table[places]`` by blocks of rows: numpy makes 64-bit numbers of all places first."""
    result = np.empty(places.shape + table.shape[1:], table.dtype)
    rows = max(1, (1 << 20) // max(1, places[:1].size))
    for start in range(0, len(places), rows):
        result[start : start + rows] = table[places[start : start + rows]]
    return result


def full_range(values: np.ndarray, top: int) -> np.ndarray:
    """Scale whole numbers from 0 to `top` to all of 8 bits, or of 16 if `top` is above 255."""
    target, full = (np.uint8, 255) if top < 256 else (np.uint16, 65535)
    if top == full:
        return values.astype(target)
    table = np.rint(np.arange(top + 1) * full / top).astype(target)
    return lookup(table, values)


def straight(picture: Picture) -> Picture:
    """Divide colours by the alpha that a TIFF says they were multiplied by."""
    coding = picture.metadata.tiff
    return divided(picture) if coding is not None and coding.extra_sample == 1 else picture


def divided(picture: Picture) -> Picture:
    """Divide colours by alpha, if there is any."""
    if picture.alpha is None:
        return picture
    alpha = picture.alpha[..., None].astype(np.float64)
    colours = picture.pixels * picture.scale / np.where(alpha == 0, picture.scale, alpha)
    pixels = np.rint(np.minimum(colours, picture.scale)).astype(picture.pixels.dtype)
    return replace(picture, pixels=pixels)
