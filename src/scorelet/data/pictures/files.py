"""Read and write pictures of any supported kind; find them in a folder.

The kind of a file that is read is told by its first bytes, of one that is written by its suffix.
"""

import os
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np

from scorelet.core.errors import ImageFileError, InputError
from scorelet.core.files import atomic_path
from scorelet.data.pictures.errors import WatchedPages, reading, writing
from scorelet.data.pictures.formats import bmp, jpeg, png, pnm, tiff, tiff_write, webp
from scorelet.data.pictures.kinds import (
    SUFFIXES,
    is_picture_name,
    kind_of_content,
    kind_of_suffix,
    suffix_for_result,
)
from scorelet.data.pictures.orientation import upright
from scorelet.data.pictures.types import Picture, from_unit, to_unit

__all__ = [
    "MAX_PIXELS",
    "SUFFIXES",
    "Picture",
    "check_target",
    "count_pages",
    "find_pictures",
    "from_unit",
    "iter_pages",
    "read_picture",
    "suffix_for_result",
    "to_unit",
    "write_pages",
    "write_picture",
]

MAX_PIXELS = 400_000_000

_DECODERS: dict[str, Callable[[bytes, int], Picture]] = {
    "bmp": bmp.decode,
    "jpeg": jpeg.decode,
    "png": png.decode,
    "pnm": pnm.decode,
    "webp": webp.decode,
}
_ENCODERS: dict[str, Callable[[Picture], bytes]] = {
    "bmp": bmp.encode,
    "jpeg": jpeg.encode,
    "png": png.encode,
    "webp": webp.encode,
}
_CHECKS: dict[str, Callable[[Picture], None]] = {
    "bmp": bmp.check,
    "jpeg": jpeg.check,
    "png": png.check,
    "webp": webp.check,
}


def iter_pages(path: str | os.PathLike[str], *, max_pixels: int = MAX_PIXELS) -> Iterator[Picture]:
    """Yield the pages of a picture file, upright, one at a time; all kinds but TIFF have one.

    Args:
        path: the file.
        max_pixels: largest height x width that is decoded; the header is checked first.

    Raises:
        ImageFileError: the file is missing, damaged, too large, animated or not supported. It is
            raised when the page is asked for.
    """
    path = Path(path)
    with reading(path):
        kind = kind_of_content(path)
    if kind == "tiff":
        yield from tiff.iter_pages(path, max_pixels)
        return
    with reading(path):
        picture = upright(_DECODERS[kind](path.read_bytes(), max_pixels))
    yield picture


def read_picture(path: str | os.PathLike[str], *, max_pixels: int = MAX_PIXELS) -> Picture:
    """Read a picture file of one page, upright.

    Args:
        path: the file.
        max_pixels: largest height x width that is decoded; the header is checked first.

    Raises:
        ImageFileError: as `iter_pages`, and if the file has several pages.
    """
    path = Path(path)
    count = count_pages(path)
    if count > 1:
        raise ImageFileError(
            f"{path} has {count} pages; expected one: save the wanted page as a file of its own."
        )
    return next(iter_pages(path, max_pixels=max_pixels))


def count_pages(path: str | os.PathLike[str]) -> int:
    """Return the number of pages of a picture file, without decoding them.

    Raises:
        ImageFileError: as `iter_pages`.
    """
    path = Path(path)
    with reading(path):
        kind = kind_of_content(path)
    return tiff.count_pages(path) if kind == "tiff" else 1


def check_target(path: str | os.PathLike[str], picture: Picture, *, pages: int = 1) -> None:
    """Refuse a picture that a file of this name cannot hold, as writing it would.

    Args:
        path: the file to be written.
        picture: of the shape and dtype to be written; its values do not matter.
        pages: how many the file is to have.

    Raises:
        InputError: unknown suffix, too many pages, samples or a size that the kind cannot hold.
    """
    path = Path(path)
    kind = kind_of_suffix(path)
    if kind == "tiff":
        return
    if pages > 1:
        raise InputError(
            f"{path} can hold one page only, but there are more; expected one picture: "
            "write a .tif file, or one file for each page."
        )
    if kind == "pnm":
        pnm.check(picture, path.suffix.lower())
    else:
        _CHECKS[kind](picture)


def write_pages(
    path: str | os.PathLike[str],
    pages: Iterable[Picture],
    *,
    publish: Callable[[Path], None] | None = None,
) -> None:
    """Write pages to a file whose kind its suffix tells; either all of them or no file at all.

    Compression, profile, EXIF (not in TIFF), XMP, resolution and bit depth follow each picture's
    metadata as far as the kind can express them. The pages are taken one at a time.

    Args:
        path: the file; replaced if it exists.
        pages: one picture, or several for TIFF.
        publish: called with the path of the whole file before it gets its name.

    Raises:
        InputError: unknown suffix, no or too many pages, samples that the kind cannot hold.
        ImageFileError: the disk is full, the folder missing or not writable.
    """
    path = Path(path)
    kind = kind_of_suffix(path)
    source = WatchedPages(pages)
    first = next(source, None)
    if first is None:
        raise InputError(f"There are no pages to write to {path}; expected at least one.")
    with writing(path, source):
        if kind == "tiff":
            with atomic_path(path) as temporary:
                tiff_write.write_pages(temporary, _straight(first, kind), source)
                if publish:
                    publish(temporary)
            return
        check_target(path, first, pages=1 if next(source, None) is None else 2)
        data = _encode(_straight(first, kind), kind, path.suffix.lower())
        with atomic_path(path) as temporary:
            temporary.write_bytes(data)
            if publish:
                publish(temporary)


def write_picture(path: str | os.PathLike[str], picture: Picture) -> None:
    """Write one picture; see `write_pages`."""
    write_pages(path, [picture])


def find_pictures(folder: str | os.PathLike[str], *, recursive: bool = True) -> list[Path]:
    """Sorted paths of the files with a picture's suffix, in any case; hidden ones are skipped.

    Args:
        folder: where to look.
        recursive: whether to look into folders inside it, too.

    Raises:
        InputError: there is none, or `folder` is no folder.
    """
    folder = Path(folder)
    if not folder.is_dir():
        raise InputError(f"{folder} is no folder; expected a folder with pictures: check the path.")
    found = [
        path
        for path in (folder.rglob("*") if recursive else folder.glob("*"))
        if is_picture_name(path)
        and not any(part.startswith(".") for part in path.relative_to(folder).parts)
        and path.is_file()
    ]
    if not found:
        raise InputError(
            f"{folder} contains no pictures; expected files that end in {', '.join(SUFFIXES)}: "
            "choose another folder."
        )
    return sorted(found)


def _encode(picture: Picture, kind: str, suffix: str) -> bytes:
    if kind == "pnm":
        return pnm.encode(picture, suffix)
    return _ENCODERS[kind](picture)


def _straight(picture: Picture, kind: str) -> Picture:
    """Divide colours by the alpha they were multiplied by, unless TIFF is to say so again."""
    coding = picture.metadata.tiff
    if picture.alpha is None or kind == "tiff" or coding is None or coding.extra_sample != 1:
        return picture
    alpha = picture.alpha[..., None].astype(np.float64)
    colours = picture.pixels * picture.scale / np.where(alpha == 0, picture.scale, alpha)
    pixels = np.rint(np.minimum(colours, picture.scale)).astype(picture.pixels.dtype)
    return replace(picture, pixels=pixels)
