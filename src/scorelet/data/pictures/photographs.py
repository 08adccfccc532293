"""Folders of photographs as arrays, gray or colour."""

from collections.abc import Callable, Iterator, Sequence
from functools import partial
from itertools import islice
from pathlib import Path

import numpy as np

from scorelet.core.errors import ImageFileError, InputError
from scorelet.core.progress import Say
from scorelet.core.words import counted
from scorelet.data.pictures.files import iter_pages
from scorelet.data.pictures.folders import broken_sentence, find_pictures
from scorelet.data.pictures.formats.base import straight
from scorelet.data.pictures.types import Picture, to_unit

Pixels = np.ndarray

BEYOND = 0.05
"""How far floats may go beyond 0 and 1, as sharpened pictures do."""


def load_pictures(
    source: Path,
    *,
    channels: int,
    exclude: frozenset[str] = frozenset(),
    limit: int | None = None,
    in_unit: bool = False,
    say: Say | None = None,
) -> list[Pixels]:
    """Read every picture of `source` as (height, width, channels), alpha left out.

    Args:
        source: a folder of pictures, or one picture.
        channels: 3 repeats gray pictures; 1 takes luma (ITU-R 601, as `luma`).
        exclude: names relative to the parent of the folder, as ``bsd400/003.png``.
        limit: read only the first so many.
        in_unit: files of floats in another unit than 0 to 1 cannot be used.
        say: called with a sentence without a full stop on files that cannot be read or used, or
            have pixels without data, and are left out; None: the first one is an error.

    Raises:
        ImageFileError: without `say`, a file that cannot be used.
        InputError: with it, none can be.
    """
    root = Path(source)
    kept = [path for name, path in named_pictures(root).items() if name not in exclude]
    read = partial(_pages, in_unit=in_unit)
    pages = (
        _readable(kept, root, read, say) if say else (page for path in kept for page in read(path))
    )
    return [with_channels(page, channels) for page in islice(pages, limit)]


def named_pictures(source: Path) -> dict[str, Path]:
    """Return the pictures of a folder, or one picture, by their names from its parent on.

    Raises:
        InputError: a folder without a picture.
    """
    found = [source] if source.is_file() else find_pictures(source)
    return {f"{source.name}/{path.relative_to(source).as_posix()}": path for path in found}


def _readable(
    paths: Sequence[Path], root: Path, read: Callable[[Path], Iterator[Picture]], say: Say
) -> Iterator[Picture]:
    """Yield the pages of files all of whose pages can be used; say at the end which others are."""
    broken: list[tuple[Path, str]] = []
    try:
        for path in paths:
            try:
                pages = list(read(path))
            except ImageFileError as error:
                broken.append((path, str(error)))
            else:
                yield from pages
    finally:  # also where no more pictures are wanted
        if 0 < len(broken) < len(paths):
            say(broken_sentence(broken, len(paths)).removesuffix("."))
    if broken and len(broken) == len(paths):
        raise InputError(
            f"{root} has no picture that can be used ({counted(len(paths), 'file')} tried): "
            f"{broken[0][1]}"
        )


def _pages(path: Path, *, in_unit: bool) -> Iterator[Picture]:
    return (_usable(page, path, in_unit=in_unit) for page in iter_pages(path))


def _usable(page: Picture, path: Path, *, in_unit: bool) -> Picture:
    if page.mask is not None:
        raise ImageFileError(
            f"{path} has {int((~page.mask).sum())} pixels without data; expected a whole picture: "
            "crop it to where it has data."
        )
    low, high = float(page.pixels.min()), float(page.pixels.max())
    if in_unit and page.pixels.dtype.kind == "f" and max(-low, high - 1) > BEYOND:
        raise ImageFileError(
            f"{path} has values from {low:.3g} to {high:.3g}; expected 0 to 1, the unit of noise "
            "levels: bring them there, those of 8 bits by dividing by 255."
        )
    return page


def channels_taken(count: int, known: Sequence[int] | None) -> int:
    """Return how many channels pictures of `count` get for a model: as many, or 3, or 1.

    Args:
        count: 1 or 3.
        known: those that the model takes; None: any.
    """
    if known is None or count in known:
        return count
    return 3 if 3 in known else 1


def with_channels(picture: Picture, channels: int) -> Pixels:
    """Return the pixels of `picture` with 1 or 3 channels, in the picture's dtype."""
    pixels = picture.pixels
    if pixels.shape[2] == channels:
        return pixels
    return np.repeat(pixels, 3, axis=2) if channels == 3 else luma(pixels)


def on_white(picture: Picture) -> Picture:
    """Return a picture without alpha: white shows where it is transparent.

    Args:
        picture: with alpha α and colours c, multiplied by α if its file says so, or without alpha:
            then it is returned itself.

    Returns:
        α c + 1 - α in floating point in [0, 1]; integers as they are where nothing is transparent.
    """
    if picture.alpha is None:
        return picture
    alpha = to_unit(picture.alpha)[..., None]
    if not bool((alpha < 1).any()):
        return Picture(picture.pixels)
    return Picture(alpha * to_unit(straight(picture).pixels) + (1 - alpha))


def luma(pixels: Pixels) -> Pixels:
    """Return 0.299 R + 0.587 G + 0.114 B of (height, width, 3), as (height, width, 1).

    For 8 bits it is Pillow's conversion to "L" in every pixel: (19595 R + 38470 G + 7471 B +
    2^15) / 2^16, rounded down. 16 bits use the same integers, floats the same ratios.
    """
    weights = np.array([19595, 38470, 7471])
    if pixels.dtype.kind == "f":
        return (pixels @ (weights / 65536).astype(pixels.dtype))[..., None]
    return ((pixels.astype(np.int64) @ weights + 32768) >> 16).astype(pixels.dtype)[..., None]
