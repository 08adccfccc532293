"""Read and write pictures of any supported kind.

The kind of a file that is read is told by its first bytes, of one that is written by its suffix.
"""

import os
from collections.abc import Callable, Iterable, Iterator
from itertools import chain
from pathlib import Path

from scorelet.core.errors import ImageFileError, InputError
from scorelet.core.files import atomic_path
from scorelet.data.pictures.errors import WatchedPages, reading, writing
from scorelet.data.pictures.formats.base import PAGES, QUALITY, Encoding
from scorelet.data.pictures.kinds import format_of_content, format_of_suffix
from scorelet.data.pictures.limits import limits
from scorelet.data.pictures.types import Picture


def iter_pages(
    path: str | os.PathLike[str], *, max_pixels: int | None = None, gaps: bool = False
) -> Iterator[Picture]:
    """Yield the pages of a picture file, upright, one at a time; all kinds but TIFF have one.

    Args:
        path: the file.
        max_pixels: largest height x width that is decoded; the header is checked first. None is
            `MAX_PIXELS` or what $SCORELET_MAX_PIXELS says; without either, a small file may
            not claim a very large picture.
        gaps: take floating point samples that are NaN or infinite. They stay what they are, and
            `Picture.mask` is false there, as where a GeoTIFF has its value for "no data".

    Raises:
        ImageFileError: the file is missing, damaged, too large, animated or not supported. It is
            raised when the page is asked for.
    """
    path = Path(path)
    allowed = limits(max_pixels, gaps=gaps)
    with reading(path):
        form = format_of_content(path)
    yield from form.read(path, allowed)


def read_picture(
    path: str | os.PathLike[str], *, max_pixels: int | None = None, gaps: bool = False
) -> Picture:
    """Read a picture file of one page, upright.

    Args:
        path: the file.
        max_pixels, gaps: as `iter_pages`.

    Raises:
        ImageFileError: as `iter_pages`, and if the file has several pages.
    """
    path = Path(path)
    count = count_pages(path)
    if count > 1:
        raise ImageFileError(
            f"{path} has {count} pages; expected one: save the wanted page as a file of its own."
        )
    return next(iter_pages(path, max_pixels=max_pixels, gaps=gaps))


def count_pages(path: str | os.PathLike[str]) -> int:
    """Return the number of pages of a picture file, without decoding them.

    Raises:
        ImageFileError: as `iter_pages`.
    """
    path = Path(path)
    with reading(path):
        form = format_of_content(path)
    return form.count(path)


def check_target(
    path: str | os.PathLike[str],
    picture: Picture,
    *,
    pages: int = 1,
    quality: int | None = None,
) -> None:
    """Refuse a picture that a file of this name cannot hold, as writing it would.

    Args:
        path: the file to be written.
        picture: of the shape and dtype to be written; its values do not matter.
        pages: how many the file is to have.
        quality: as in `write_pages`.

    Raises:
        InputError: unknown suffix, too many pages, samples or a size that the kind cannot hold, a
            quality out of range or of a kind that has none.
    """
    path = Path(path)
    form = format_of_suffix(path)
    target = _target(path, quality)
    if pages > 1 and PAGES not in form.can:
        raise InputError(
            f"{path} can hold one page only, but there are more; expected one picture: "
            "write a .tif file, or one file for each page."
        )
    form.check(picture, target)


def what_it_holds(path: str | os.PathLike[str]) -> frozenset[str]:
    """Return what a file of this name can hold, see `Format.can`; nothing if none is written so."""
    try:
        return format_of_suffix(Path(path)).can
    except InputError:
        return frozenset()


def write_pages(
    path: str | os.PathLike[str],
    pages: Iterable[Picture],
    *,
    quality: int | None = None,
    publish: Callable[[Path], None] | None = None,
) -> None:
    """Write pages to a file whose kind its suffix tells; either all of them or no file at all.

    Compression, profile, EXIF (not in TIFF), XMP, IPTC, resolution and bit depth follow each
    picture's metadata as far as the kind can express them. The pages are taken one at a time.

    Args:
        path: the file; replaced if it exists.
        pages: one picture, or several for TIFF.
        quality: of JPEG and of lossy WebP, 1 to 100. None: where the pixels are those of such a
            source (of WebP nearly) the coded picture is copied; other JPEGs are stored in a quarter
            of the source's steps and with all of their colour, what was no JPEG has quality 95,
            lossy WebP 100.
        publish: called with the path of the whole file before it gets its name.

    Raises:
        InputError: unknown suffix, no or too many pages, samples that the kind cannot hold, a
            quality out of range or of a kind that has none.
        ImageFileError: the disk is full, the folder missing or not writable.
    """
    path = Path(path)
    form = format_of_suffix(path)
    source = WatchedPages(pages)
    first = next(source, None)
    if first is None:
        raise InputError(f"There are no pages to write to {path}; expected at least one.")
    with writing(path, source):
        more = PAGES not in form.can and next(source, None) is not None
        check_target(path, first, pages=1 + more, quality=quality)
        with atomic_path(path) as temporary:
            form.write(temporary, chain([first], source), _target(path, quality))
            if publish:
                publish(temporary)


def write_picture(
    path: str | os.PathLike[str], picture: Picture, *, quality: int | None = None
) -> None:
    """Write one picture; see `write_pages`."""
    write_pages(path, [picture], quality=quality)


def _target(path: Path, quality: int | None) -> Encoding:
    form = format_of_suffix(path)
    if quality is not None and QUALITY not in form.can:
        raise InputError(
            f"{path} is to have quality {quality}, but {form.title} files keep every value; "
            "expected a JPEG or WebP: leave the quality out."
        )
    if quality is not None and not 1 <= quality <= 100:
        raise InputError(f"The quality is {quality}; expected 1 (smallest file) to 100.")
    return Encoding(path.suffix.lower(), quality)
