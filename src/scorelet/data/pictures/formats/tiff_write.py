"""Writing TIFF pages one after another, stored as their source was."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from scorelet.data.pictures.formats.base import Encoding
from scorelet.data.pictures.formats.png_chunks import fitting_profile
from scorelet.data.pictures.formats.tiff_tags import IPTC
from scorelet.data.pictures.types import Picture, PictureMetadata, TiffCoding, join_samples

if TYPE_CHECKING:
    from tifffile import TiffWriter

_NONE, _DEFLATE = 1, 8
_COMPRESSIONS = (_NONE, 5, _DEFLATE, 32773, 32946, 34925, 50000)  # lossless and writable
_BYTE, _ASCII, _BYTES = 1, 2, 7  # types
_XMP, _INCH = 700, 2
_OME_TYPE = re.compile(rb"(<Pixels\b[^>]*\sType=[\"'])[^\"']*")
_OME_TYPES = {"float32": "float", "float64": "double"}  # others have NumPy's names
_SUBFILES = 0b11  # a mask (bit 2) is written as the gray picture that it became


def write_pages(path: Path, pages: Iterator[Picture], _target: Encoding) -> None:
    """Write all pages; offsets have 64 bits if the first page's file had them.

    Lossy compressions of a source (JPEG inside TIFF) are replaced by deflate.
    """
    import tifffile

    first = next(pages)
    big = first.metadata.tiff is not None and first.metadata.tiff.big
    with tifffile.TiffWriter(path, bigtiff=big) as writer:
        _write_page(writer, first)
        for picture in pages:
            _write_page(writer, picture)


def _write_page(writer: "TiffWriter", picture: Picture) -> None:
    metadata = picture.metadata
    coding = metadata.tiff or _default_coding(metadata)
    compression = coding.compression if coding.compression in _COMPRESSIONS else _DEFLATE
    samples = join_samples(picture)
    if coding.half and samples.dtype == np.float32:
        samples = samples.astype(np.float16)
    options: dict[str, Any] = {}
    if compression != _NONE:
        options = {"compression": compression, "predictor": coding.predictor or None}
    if picture.alpha is not None:
        options["extrasamples"] = [coding.extra_sample]
    if samples.ndim == 3:
        options["planarconfig"] = "contig"
    writer.write(
        samples,
        photometric="rgb" if picture.pixels.shape[2] == 3 else "minisblack",
        resolution=coding.resolution,
        resolutionunit=coding.resolution_unit,
        iccprofile=fitting_profile(metadata.icc, channels=picture.pixels.shape[2]),
        subfiletype=coding.subfile & _SUBFILES,
        extratags=_extra_tags(metadata, coding, samples.dtype.name),
        metadata=None,
        software=False,
        **options,
    )


def _extra_tags(metadata: PictureMetadata, coding: TiffCoding, dtype: str) -> list[tuple[Any, ...]]:
    """What tifffile does not write by itself: texts, XMP, IPTC, and tags that are copied."""
    tags: list[tuple[Any, ...]] = [
        (code, _ASCII, None, _typed(text, dtype), True) for code, text in coding.texts
    ]
    for code, kind, block in ((_XMP, _BYTE, metadata.xmp), (IPTC, _BYTES, metadata.iptc)):
        if block is not None:
            tags.append((code, kind, len(block), block, True))
    return tags + [(*tag, True) for tag in coding.tags]


def _typed(text: bytes, dtype: str) -> bytes:
    """A description by OME with the type of the samples that are written."""
    named = _OME_TYPES.get(dtype, dtype).encode()
    return _OME_TYPE.sub(rb"\g<1>" + named, text) if b"<OME" in text else text


def _default_coding(metadata: PictureMetadata) -> TiffCoding:
    if metadata.dpi is None:
        return TiffCoding()
    return TiffCoding(resolution=metadata.dpi, resolution_unit=_INCH)
