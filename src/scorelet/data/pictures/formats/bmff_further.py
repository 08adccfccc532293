"""Pictures of an AVIF beside the one that is read: gain maps, depth maps, other views.

Kinds of items and of references between them are those of ISO/IEC 23008-12.
"""

import struct
from itertools import chain

from scorelet.data.pictures.formats.bmff import (
    FULL,
    boxes,
    by_item,
    meta_boxes,
    primary,
    references,
)

_PICTURES = (b"av01", b"grid", b"iovl", b"iden", b"tmap", b"sato")
_ALPHA = (b"urn:mpeg:mpegB:cicp:systems:auxiliary:alpha", b"urn:mpeg:hevc:2015:auxid:1")


def further(data: bytes) -> int:
    """Count the pictures beside the primary one; parts of others, alpha and small copies are none.

    What is damaged is left to decoders.
    """
    try:
        meta = meta_boxes(data)
        parts = chain(*references(meta, b"dimg").values())
        none = {primary(meta), *parts, *references(meta, b"thmb"), *_alphas(meta)}
        return len(_pictures(meta[b"iinf"]) - none)
    except (KeyError, IndexError, struct.error):
        return 0


def _pictures(iinf: bytes) -> set[int]:
    """Return the numbers of the items that are pictures."""
    entries = boxes(iinf[FULL + (4 if iinf[0] else 2) :])
    layouts = {2: ">H2x4s", 3: ">I2x4s"}
    items = [
        struct.unpack_from(layouts[entry[0]], entry, FULL)
        for name, entry in entries
        if name == b"infe" and entry[0] in layouts
    ]
    return {item for item, kind in items if kind in _PICTURES}


def _alphas(meta: dict[bytes, bytes]) -> set[int]:
    """Return the numbers of the items that are opacity."""
    said = {item: dict(found).get(b"auxC", b"") for item, found in by_item(meta).items()}
    return {item for item, kind in said.items() if kind[FULL:].partition(b"\0")[0] in _ALPHA}
