"""Pictures and data sets: reading, writing and finding them."""

from scorelet.data.locate import locate
from scorelet.data.photographs import load_pictures, luma, with_channels
from scorelet.data.picture_types import (
    JpegCoding,
    Picture,
    PictureMetadata,
    TiffCoding,
    from_unit,
    to_unit,
)
from scorelet.data.pictures import (
    MAX_PIXELS,
    SUFFIXES,
    find_pictures,
    iter_pages,
    read_picture,
    write_pages,
    write_picture,
)

__all__ = [
    "MAX_PIXELS",
    "SUFFIXES",
    "JpegCoding",
    "Picture",
    "PictureMetadata",
    "TiffCoding",
    "find_pictures",
    "from_unit",
    "iter_pages",
    "load_pictures",
    "locate",
    "luma",
    "read_picture",
    "to_unit",
    "with_channels",
    "write_pages",
    "write_picture",
]
