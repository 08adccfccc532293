"""TIFF, page by page: gray, RGB and palettes of 1 to 64 bits, with at most one alpha plane.

Tag numbers follow the TIFF 6.0 specification; float16 pages are read as float32.
"""

import logging
from collections.abc import Generator, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO, cast

import numpy as np

from scorelet.data.pictures.errors import RefusedError, check_finite, check_size, reading
from scorelet.data.pictures.orientation import upright
from scorelet.data.pictures.types import (
    Picture,
    PictureMetadata,
    TiffCoding,
    split_samples,
    white,
)

if TYPE_CHECKING:
    from tifffile import TiffFile, TiffPage

_MIN_IS_WHITE, _MIN_IS_BLACK, _RGB, _PALETTE, _YCBCR = 0, 1, 2, 3, 6
_GRAY = (_MIN_IS_WHITE, _MIN_IS_BLACK)
_JPEG = 7  # compression that turns YCbCr into RGB by itself
_ORIENTATION = 274
_TEXTS = (269, 270, 271, 272, 285, 305, 306, 315, 316, 33432)  # names, description, make, date ...
_XMP, _IPTC = 700, 33723
_BYTES = (_XMP, _IPTC)  # streams of bytes, even where the tag says that they are longer integers
_PLACE = (33550, 33922, 34264, 34735, 34736, 34737)  # GeoTIFF: where on Earth the pixels lie
_GDAL = (42112, 42113)  # metadata, and the value that means "no data"
_CENTIMETRE = 2.54  # per inch
_DEPTHS = {("u", 1), ("u", 2), ("u", 4), ("u", 8), ("u", 16), ("f", 16), ("f", 32), ("f", 64)}


def iter_pages(path: Path, max_pixels: int) -> Iterator[Picture]:
    """Yield the pages one after another; only one is in memory.

    Raises:
        ImageFileError: a page is damaged or of a kind that is not supported.
    """
    with ExitStack() as stack:
        with reading(path), _damage_log():
            file = _open(stack.enter_context(path.open("rb")))
        for index in range(len(file.pages)):
            with reading(path), _damage_log(), _page_name(index, len(file.pages)):
                page = cast("TiffPage", file.pages[index])
                _check_page(page, max_pixels)
                picture = _decode_page(page, big=file.is_bigtiff)
            yield picture


def count_pages(path: Path) -> int:
    """Number of pages, without decoding them."""
    with reading(path), _damage_log(), path.open("rb") as stream:
        return len(_open(stream).pages)


def _open(stream: BinaryIO) -> "TiffFile":
    """Parse the headers; the caller closes the stream, also if they are damaged."""
    import tifffile

    file = tifffile.TiffFile(stream)
    _check_hidden_pages(file)
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
        if "invalid data type" not in message:  # unknown tags are to be skipped (TIFF 6.0, p. 16)
            self.messages.append(message)


@contextmanager
def _page_name(index: int, count: int) -> Generator[None]:
    """Name the page in refusals of files that have several."""
    try:
        yield
    except RefusedError as error:
        place = f"(page {index + 1} of {count}) " if count > 1 else ""
        raise RefusedError(f"{place}{error}") from None


def _check_hidden_pages(file: "TiffFile") -> None:
    images = (file.imagej_metadata or {}).get("images", 1) if file.is_imagej else 1
    if len(file.pages) == 1 and images > 1:
        raise RefusedError(
            f"is an ImageJ stack with {images} pages behind one header; expected a header for "
            "each page: save it as a TIFF of less than 4 GB, or as an image sequence."
        )


def _check_page(page: "TiffPage", max_pixels: int) -> None:
    check_size(page.imagewidth, page.imagelength, max_pixels)
    if page.imagedepth != 1:
        raise RefusedError("is a volume; expected flat pages: save its slices as pages.")
    colour = page.photometric
    known = colour in (*_GRAY, _RGB, _PALETTE) or (colour, page.compression) == (_YCBCR, _JPEG)
    if not known:
        name = getattr(colour, "name", str(colour))
        raise RefusedError(f"has {name} colours; expected gray or RGB: convert it to RGB first.")
    allowed = {_MIN_IS_WHITE: (1, 2), _MIN_IS_BLACK: (1, 2), _PALETTE: (1,)}
    if page.samplesperpixel not in allowed.get(colour, (3, 4)):
        raise RefusedError(
            f"has {page.samplesperpixel} samples per pixel; expected gray or RGB with at most "
            "one alpha: split it into gray pages."
        )
    kind = "u" if page.dtype is None or page.dtype.kind == "b" else page.dtype.kind
    if page.dtype is None or (kind, page.bitspersample) not in _DEPTHS:
        name = page.dtype.name if page.dtype is not None else "unknown"
        raise RefusedError(
            f"has {page.bitspersample}-bit samples of type {name}; expected 8- or 16-bit unsigned "
            "integers or floating point: convert it first."
        )
    _check_segments(page)


def _check_segments(page: "TiffPage") -> None:
    """Missing strips or tiles would silently become black areas."""
    expected = 1 if page.is_contiguous else int(np.prod(page.chunked))
    present = sum(1 for size in page.databytecounts if size > 0)
    if min(present, len(page.dataoffsets)) < expected:
        raise RefusedError(
            f"is damaged (it has {present} of {expected} strips or tiles); expected a whole TIFF: "
            "copy or export it again."
        )


def _decode_page(page: "TiffPage", *, big: bool) -> Picture:
    samples = page.asarray()
    if page.axes.startswith("S"):
        samples = np.moveaxis(samples, 0, -1)
    check_finite(samples)
    samples = _native(samples, page)
    pixels, alpha = split_samples(samples)
    if page.photometric == _MIN_IS_WHITE:
        pixels = (white(pixels.dtype) - pixels).astype(pixels.dtype)
    orientation = _orientation(page)
    kept = (_IPTC, *_GDAL, *(_PLACE if orientation == 1 else ()))  # a turned map lies elsewhere
    picture = Picture(pixels, alpha, _metadata(page, kept, big=big))
    return upright(picture, orientation)


def _native(samples: np.ndarray, page: "TiffPage") -> np.ndarray:
    """Bring samples to uint8, uint16, float32 or float64 in the machine's byte order."""
    if page.photometric == _PALETTE and page.colormap is not None:
        return (page.colormap[:, samples.astype(np.intp)] >> 8).astype(np.uint8).transpose(1, 2, 0)
    if page.bitspersample < 8:
        return samples.astype(np.uint8) * np.uint8(255 // (2**page.bitspersample - 1))
    if samples.dtype.name == "float16":
        return samples.astype(np.float32)
    return samples.astype(samples.dtype.newbyteorder("="), copy=False)


def _metadata(page: "TiffPage", kept: tuple[int, ...], *, big: bool) -> PictureMetadata:
    unit = int(page.resolutionunit)
    horizontal, vertical = (float(value) for value in page.resolution)
    factor = {2: 1.0, 3: _CENTIMETRE}.get(unit)
    coding = TiffCoding(
        compression=int(page.compression),
        predictor=int(page.predictor) > 1,
        resolution=(horizontal, vertical),
        resolution_unit=unit,
        texts=_texts(page),
        extra_sample=int(page.extrasamples[0]) if page.extrasamples else 2,
        big=big,
        half=page.dtype == np.float16,
        subfile=int(page.subfiletype),
        tags=tuple(tag for code in kept if (tag := _packed(page, code))),
    )
    return PictureMetadata(
        kind="tiff",
        bit_depth=page.bitspersample,
        icc=page.iccprofile,
        xmp=xmp[3] if (xmp := _packed(page, _XMP)) else None,
        dpi=None if factor is None else (horizontal * factor, vertical * factor),
        tiff=coding,
    )


def _texts(page: "TiffPage") -> tuple[tuple[int, bytes], ...]:
    """Descriptive tags, without tifffile's own note on the shape of the whole file."""
    found = []
    for code in _TEXTS:
        value = page.tags.valueof(code)
        if isinstance(value, str) and value and not value.startswith('{"shape"'):
            found.append((code, value.encode("utf-8")))
    return tuple(found)


def _packed(page: "TiffPage", code: int) -> tuple[int, int, int, bytes] | None:
    """A tag as (code, type, count, values in this machine's byte order), if it is there whole."""
    import tifffile

    tag = page.tags.get(code)
    if tag is None or tag.count < 1:
        return None
    with page.parent.filehandle.lock:
        page.parent.filehandle.seek(tag.valueoffset)
        values = page.parent.filehandle.read(tag.valuebytecount)
    if len(values) != tag.valuebytecount:
        return None
    if code not in _BYTES:
        letter = tifffile.TIFF.DATA_FORMATS[tag.dtype][-1].replace("s", "B")
        stored = np.dtype(letter).newbyteorder(page.parent.byteorder)
        values = np.frombuffer(values, stored).astype(stored.newbyteorder("=")).tobytes()
    return code, int(tag.dtype), int(tag.count), values


def _orientation(page: "TiffPage") -> int:
    value = page.tags.valueof(_ORIENTATION)
    return int(value) if isinstance(value, int) else 1
