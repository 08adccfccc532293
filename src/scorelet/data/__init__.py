"""Pictures and data sets: reading, writing and finding them."""

from scorelet.data.locate import locate
from scorelet.data.pictures.files import (
    MAX_PIXELS,
    SUFFIXES,
    check_target,
    count_pages,
    find_pictures,
    iter_pages,
    read_picture,
    suffix_for_result,
    write_pages,
    write_picture,
)
from scorelet.data.pictures.photographs import load_pictures, luma, with_channels
from scorelet.data.pictures.types import (
    JpegCoding,
    Picture,
    PictureMetadata,
    TiffCoding,
    from_unit,
    to_unit,
)

__all__ = [
    "MAX_PIXELS",
    "SUFFIXES",
    "JpegCoding",
    "Picture",
    "PictureMetadata",
    "TiffCoding",
    "check_target",
    "count_pages",
    "find_pictures",
    "from_unit",
    "iter_pages",
    "load_pictures",
    "locate",
    "luma",
    "read_picture",
    "suffix_for_result",
    "to_unit",
    "with_channels",
    "write_pages",
    "write_picture",
]
