"""Where the parts of an AVIF or HEIC lie (ISO/IEC 14496-12, iloc): truncated files lack some.

Decoders look for what they need alone, and libheif leaves out tiles that are missing.
"""

import struct
from collections.abc import Iterator

from scorelet.data.pictures.formats.bmff import FULL, meta_boxes

_IN_FILE, _IN_IDAT = 0, 1  # what offsets count from


def check_whole(data: bytes) -> None:
    """Refuse a file without parts that it says it has; what else is damaged is left to decoders.

    Raises:
        ValueError: parts end behind the file, or behind the box that holds them.
    """
    try:
        boxes = meta_boxes(data)
        ends = list(_ends(boxes[b"iloc"]))
    except (KeyError, IndexError, struct.error):
        return
    sizes = {_IN_FILE: len(data), _IN_IDAT: len(boxes.get(b"idat", b""))}
    for origin, size in sizes.items():
        expected = max((end for start, end in ends if start == origin), default=0)
        if expected > size:
            raise ValueError(f"it has {size} of {expected} bytes")


def _ends(iloc: bytes) -> Iterator[tuple[int, int]]:
    """Yield what the offset of each part counts from, and where the part ends.

    Parts of other files are left out, and parts of no stated length, which are empty or end where
    the file does.
    """
    version, widths = iloc[0], int.from_bytes(iloc[FULL : FULL + 2], "big")
    offset, length, base, index = (widths >> shift & 15 for shift in (12, 8, 4, 0))
    part = struct.Struct(f">{index if version else 0}x{offset}s{length}s")
    item = struct.Struct(f">{'I' if version == 2 else 'H'}{'H' if version else ''}H{base}sH")
    (count,) = struct.unpack_from(">I" if version == 2 else ">H", iloc, FULL + 2)
    place = FULL + (6 if version == 2 else 4)
    for _ in range(count if part.size else 0):
        _, *method, outside, start, parts = item.unpack_from(iloc, place)
        place += item.size
        for _ in range(parts):
            size = [int.from_bytes(number, "big") for number in part.unpack_from(iloc, place)]
            place += part.size
            if size[1] and not outside:
                yield sum(method) & 15, int.from_bytes(start, "big") + sum(size)
