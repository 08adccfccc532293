"""What the tags of a TIFF page say beyond its pixels: metadata, texts, orientation, "no data".

Tag numbers follow the TIFF 6.0 specification, GeoTIFF 1.1 and GDAL's GTiff driver.
"""

import sys
from typing import TYPE_CHECKING

import numpy as np

from scorelet.data.pictures.formats.geotiff import PLACE
from scorelet.data.pictures.types import PictureMetadata, TiffCoding

if TYPE_CHECKING:
    from tifffile import TiffPage

_ORIENTATION = 274
_TEXTS = (269, 270, 271, 272, 285, 305, 306, 315, 316, 33432)  # names, description, make, date ...
_XMP, IPTC = 700, 33723
_BYTES = (_XMP, IPTC)  # streams of bytes, even where the tag says that they are longer integers
_NO_DATA = 42113
_GDAL = (42112, _NO_DATA)
_IMAGEJ = 50839
_NO_UNIT, _INCH, _CENTIMETRE = 1, 2, 3
_INCHES = {_INCH: 1.0, _CENTIMETRE: 2.54}  # centimetres in an inch


def metadata_of(page: "TiffPage", *, big: bool) -> PictureMetadata:
    """The metadata of a page; a map that will be turned loses its place."""
    unit = int(page.resolutionunit)
    unit = unit if unit in (_NO_UNIT, _INCH, _CENTIMETRE) else _NO_UNIT
    horizontal, vertical = (float(value) for value in page.resolution)
    factor = _INCHES.get(unit)
    kept = (*_GDAL, *(() if orientation_of(page) in range(2, 9) else PLACE))
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
        tags=tuple(tag for code in kept if (tag := packed(page, code))) + _imagej(page),
    )
    return PictureMetadata(
        kind="tiff",
        bit_depth=page.bitspersample,
        icc=page.iccprofile,
        xmp=xmp[3] if (xmp := packed(page, _XMP)) else None,
        iptc=iptc[3] if (iptc := packed(page, IPTC)) else None,
        dpi=None if factor is None else (horizontal * factor, vertical * factor),
        tiff=coding,
    )


def orientation_of(page: "TiffPage") -> int:
    """The orientation, 1 to 8 if it is valid."""
    value = page.tags.valueof(_ORIENTATION)
    return int(value) if isinstance(value, int) else 1


def no_data_value(page: "TiffPage") -> np.generic | None:
    """The value that means "no data" as a sample of the page; None if no sample can be it."""
    text, dtype = page.tags.valueof(_NO_DATA), page.dtype
    try:
        value = float(str(text).strip("\0 "))
    except ValueError:
        return None
    if dtype is None or page.bitspersample < 8:
        return None
    if dtype.kind == "f":
        with np.errstate(over="ignore"):
            return dtype.type(value)
    exact = value.is_integer() and np.iinfo(dtype).min <= value <= np.iinfo(dtype).max
    return dtype.type(int(value)) if exact else None


def _texts(page: "TiffPage") -> tuple[tuple[int, bytes], ...]:
    """Descriptive tags, without tifffile's own note on the shape of the whole file."""
    found = []
    for code in _TEXTS:
        value = page.tags.valueof(code)
        if isinstance(value, str) and value and not value.startswith('{"shape"'):
            found.append((code, value.encode("utf-8")))
    return tuple(found)


def _imagej(page: "TiffPage") -> tuple[tuple[int, int, int, bytes], ...]:
    """ImageJ's look-up tables, ranges and labels: what is packed in them has a byte order, too."""
    import tifffile

    found = page.tags.valueof(_IMAGEJ)
    if not isinstance(found, dict):
        return ()
    order = "<" if sys.byteorder == "little" else ">"
    return tuple(tag[:4] for tag in tifffile.imagej_metadata_tag(found, order))


def packed(page: "TiffPage", code: int) -> tuple[int, int, int, bytes] | None:
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
