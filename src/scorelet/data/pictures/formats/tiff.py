"""TIFF, page by page: gray, RGB and palettes of 1 to 64 bits, with at most one alpha plane.

Tag numbers follow the TIFF 6.0 specification; float16 pages are read as float32, integers with
signs or of 32 bits as float32 or float64.
"""

import logging
import re
from collections.abc import Generator, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO, cast

from scorelet.data.pictures.errors import RefusedError, reading
from scorelet.data.pictures.formats.base import ALPHA, FLOATS, PAGES, SIXTEEN, Format, begins
from scorelet.data.pictures.formats.tiff_checks import check_file, check_page, is_camera_raw
from scorelet.data.pictures.formats.tiff_pixels import decode_page
from scorelet.data.pictures.formats.tiff_write import write_pages
from scorelet.data.pictures.limits import Limits
from scorelet.data.pictures.types import Picture

if TYPE_CHECKING:
    from tifffile import TiffFile, TiffPage

_HARMLESS = re.compile(
    r"invalid data type"  # unknown tags are to be skipped (TIFF 6.0, p. 16)
    r"|not a valid (RESUNIT|ORIENTATION)"  # no unit, and upright
)


def iter_pages(path: Path, limits: Limits) -> Iterator[Picture]:
    """Yield the pages one after another; only one is in memory.

    Raises:
        ImageFileError: a page is damaged or of a kind that is not supported.
    """
    with ExitStack() as stack:
        with reading(path), _damage_log():
            stream = stack.enter_context(path.open("rb"))
            file = _open(stream)
            size = path.stat().st_size
        for index in range(len(file.pages)):
            with reading(path), _damage_log(), _page_name(index, len(file.pages)):
                page = cast("TiffPage", file.pages[index])
                check_page(page, limits, file_bytes=size)
                picture = decode_page(page, big=file.is_bigtiff, gaps=limits.gaps)
            yield picture


def count_pages(path: Path) -> int:
    """Number of pages, without decoding them."""
    with reading(path), _damage_log(), path.open("rb") as stream:
        return len(_open(stream).pages)


def holds_raw(path: Path, *, named: bool) -> bool:
    """Whether a TIFF is a camera raw file; a damaged one is if it is `named` as one."""
    import tifffile

    try:
        with _damage_log(), path.open("rb") as stream:
            stream.seek(8)
            mark = stream.read(4)
            stream.seek(0)
            return is_camera_raw(tifffile.TiffFile(stream), mark)
    except Exception:  # whoever reads it says what is wrong with it
        return named


def _open(stream: BinaryIO) -> "TiffFile":
    """Parse the headers; the caller closes the stream, also if they are damaged."""
    import tifffile

    file = tifffile.TiffFile(stream)
    check_file(file)
    return file


@contextmanager
def _damage_log() -> Generator[None]:
    """Raise what tifffile merely logs: parts of a truncated file that it leaves out silently."""
    logger = logging.getLogger("tifffile")
    collected = _Collector(logging.ERROR)
    propagate, logger.propagate = logger.propagate, False
    logger.addHandler(collected)
    try:
        yield
    finally:
        logger.removeHandler(collected)
        logger.propagate = propagate
    if collected.messages:
        raise ValueError(collected.messages[0])


class _Collector(logging.Handler):
    def __init__(self, level: int) -> None:
        super().__init__(level)
        self.messages: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        message = record.getMessage()
        if not _HARMLESS.search(message):
            self.messages.append(message)


@contextmanager
def _page_name(index: int, count: int) -> Generator[None]:
    """Name the page in refusals of files that have several."""
    try:
        yield
    except RefusedError as error:
        place = f"(page {index + 1} of {count}) " if count > 1 else ""
        raise RefusedError(f"{place}{error}") from None


FORMAT = Format(
    name="tiff",
    title="TIFF",
    suffixes=(".tif", ".tiff"),
    can=frozenset({ALPHA, SIXTEEN, FLOATS, PAGES}),
    matches=begins(b"II*\x00", b"MM\x00*", b"II+\x00", b"MM\x00+"),
    read=iter_pages,
    count=count_pages,
    check=lambda _picture, _target: None,
    write=write_pages,
)
