"""Pictures and data sets: reading, writing and finding them."""

from scorelet.data.locate import locate
from scorelet.data.pictures.files import (
    check_target,
    count_pages,
    iter_pages,
    read_picture,
    what_it_holds,
    write_pages,
    write_picture,
)
from scorelet.data.pictures.folders import (
    FolderContents,
    PictureWarning,
    broken_sentence,
    find_pictures,
    list_folder,
    skipped_sentence,
)
from scorelet.data.pictures.kinds import (
    FORMAT_NAMES,
    READ_SUFFIXES,
    SUFFIXES,
    is_lossy,
    suffix_for_result,
)
from scorelet.data.pictures.limits import MAX_PIXELS
from scorelet.data.pictures.notes import Note
from scorelet.data.pictures.photographs import (
    channels_taken,
    load_pictures,
    luma,
    on_white,
    with_channels,
)
from scorelet.data.pictures.types import (
    JpegCoding,
    Picture,
    PictureMetadata,
    TiffCoding,
    from_unit,
    to_unit,
)

__all__ = [
    "FORMAT_NAMES",
    "MAX_PIXELS",
    "READ_SUFFIXES",
    "SUFFIXES",
    "FolderContents",
    "JpegCoding",
    "Note",
    "Picture",
    "PictureMetadata",
    "PictureWarning",
    "TiffCoding",
    "broken_sentence",
    "channels_taken",
    "check_target",
    "count_pages",
    "find_pictures",
    "from_unit",
    "is_lossy",
    "iter_pages",
    "list_folder",
    "load_pictures",
    "locate",
    "luma",
    "on_white",
    "read_picture",
    "skipped_sentence",
    "suffix_for_result",
    "to_unit",
    "what_it_holds",
    "with_channels",
    "write_pages",
    "write_picture",
]
