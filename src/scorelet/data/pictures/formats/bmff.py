"""Boxes of AVIF and HEIC files: their brands, and what they say of the primary picture.

Layout: ISO/IEC 14496-12 (boxes, brands, colours), 23008-12 (items and their properties) and the
AV1 codec's binding to it (av1C).
"""

import struct
from collections.abc import Iterator

FULL = 4
"""Bytes of version and flags in front of what a full box holds."""
_HIGH, _TWELVE = 0x40, 0x20  # flags of av1C
_UNSPECIFIED = 2
_SRGB = (1, 13)  # codes of primaries and transfer (ITU-T H.273)

Box = tuple[bytes, bytes]
"""Name and content."""


def brands(head: bytes) -> tuple[bytes, ...]:
    """Return what a file that begins so says it is, its main brand first; nothing if no boxes."""
    if head[4:8] != b"ftyp":
        return ()
    others = head[16 : int.from_bytes(head[:4], "big")]
    return head[8:12], *(others[i : i + 4] for i in range(0, len(others) - 3, 4))


def meta_boxes(data: bytes) -> dict[bytes, bytes]:
    """Return the boxes that describe pictures.

    Raises:
        KeyError: there are none.
        struct.error: boxes are damaged.
    """
    return dict(boxes(dict(boxes(data))[b"meta"][FULL:]))


def properties(data: bytes) -> list[Box]:
    """Return what a file says of its primary picture; what is damaged is left to decoders."""
    try:
        meta = meta_boxes(data)
        return by_item(meta)[primary(meta)]
    except (KeyError, IndexError, struct.error):
        return []


def tile_properties(data: bytes) -> list[Box]:
    """Return what a file says of the first tile of its primary picture; nothing if it has none."""
    try:
        meta = meta_boxes(data)
        return by_item(meta)[references(meta, b"dimg")[primary(meta)][0]]
    except (KeyError, IndexError, struct.error):
        return []


def references(meta: dict[bytes, bytes], kind: bytes) -> dict[int, list[int]]:
    """Return the items that each item refers to as its parts (`dimg`), or as another `kind`."""
    iref = meta.get(b"iref", bytes(FULL))
    item, found = "I" if iref[0] else "H", {}
    for name, content in boxes(iref[FULL:]):
        if name == kind:
            owner, count = struct.unpack_from(f">{item}H", content)
            place = struct.calcsize(f">{item}H")
            found[owner] = list(struct.unpack_from(f">{count}{item}", content, place))
    return found


def av1_depth(found: list[Box]) -> int:
    """Return the bits of a sample of AV1 by its properties, the first of each; 8 if none says."""
    by_name = dict(reversed(found))
    flags = by_name.get(b"av1C", bytes(3))[2:3]
    if b"av1C" not in by_name:  # of a grid the tiles have it
        return max(by_name.get(b"pixi", b"")[FULL + 1 :], default=8)
    return (12 if flags[0] & _TWELVE else 10) if flags and flags[0] & _HIGH else 8


def colour_chunks(found: list[Box]) -> tuple[Box, ...]:
    """Return the PNG chunk that says which colours the numbers are; nothing for sRGB.

    A part of sRGB is nothing, too, if the other is unspecified.
    """
    codes = [content for name, content in found if name == b"colr" and content[:4] == b"nclx"]
    if not codes or len(codes[0]) < 8:
        return ()
    said = struct.unpack_from(">HH", codes[0], 4)
    usual = all(code in (_UNSPECIFIED, srgb) for code, srgb in zip(said, _SRGB, strict=True))
    if usual or max(said) > 255:
        return ()
    return ((b"cICP", bytes([*said, 0, 1])),)


def boxes(block: bytes) -> Iterator[Box]:
    """Yield the boxes of a block, one behind another."""
    place = 0
    while place + 8 <= len(block):
        size, name = struct.unpack_from(">I4s", block, place)
        start = 8
        if size == 1:
            (size,), start = struct.unpack_from(">Q", block, place + 8), 16
        end = place + size if size else len(block)
        yield name, block[place + start : end]
        place = max(end, place + start)


def primary(meta: dict[bytes, bytes]) -> int:
    """Return the number of the primary item."""
    pitm = meta[b"pitm"]
    return struct.unpack_from(">I" if pitm[0] else ">H", pitm, FULL)[0]


def by_item(meta: dict[bytes, bytes]) -> dict[int, list[Box]]:
    """Return the properties of each item that has any."""
    described = dict(boxes(meta[b"iprp"]))
    known = list(boxes(described[b"ipco"]))
    return {
        item: [known[number - 1] for number in numbers if 0 < number <= len(known)]
        for item, numbers in _associated(described[b"ipma"]).items()
    }


def _associated(ipma: bytes) -> dict[int, list[int]]:
    """Return the numbers of items' properties, from 1; the first bit says something else."""
    wide, (count,) = ipma[3] & 1, struct.unpack_from(">I", ipma, FULL)
    name, number = ">IB" if ipma[0] else ">HB", ">H" if wide else ">B"
    place, found = FULL + 4, {}
    for _ in range(count):
        item, length = struct.unpack_from(name, ipma, place)
        place += struct.calcsize(name)
        numbers = struct.iter_unpack(number, ipma[place : place + length * (1 + wide)])
        found.setdefault(item, []).extend(
            value & (0x7FFF if wide else 0x7F) for (value,) in numbers
        )
        place += length * (1 + wide)
    return found
