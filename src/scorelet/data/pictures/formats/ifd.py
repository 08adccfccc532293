"""Directories of tags as TIFF, EXIF and multi-picture JPEG have them (TIFF 6.0, section 2)."""

import struct
from dataclasses import dataclass

_SIZE = 12  # bytes of an entry: tag, type, count, value or its place
_SHORT, _LONG = 3, 4  # types
_NUMBERS = {_SHORT: "H", _LONG: "I"}


@dataclass(frozen=True)
class Entry:
    """One tag of a directory.

    Args:
        place: of the entry in its block, in bytes.
        kind: code of its type.
        count: of its values.
    """

    place: int
    kind: int
    count: int


def byte_order(block: bytes) -> str:
    """The byte order of a block, as struct writes it."""
    return "<" if block[:2] == b"II" else ">"


def entries(block: bytes, start: int | None = None) -> dict[int, Entry]:
    """The entries of the directory at `start`, by tag; of the first one if None.

    A damaged directory gives the entries before the damage: it makes no picture unreadable.
    """
    order = byte_order(block)
    found: dict[int, Entry] = {}
    try:
        if start is None:
            (start,) = struct.unpack_from(order + "I", block, 4)
        (count,) = struct.unpack_from(order + "H", block, start)
        for place in range(start + 2, start + 2 + _SIZE * count, _SIZE):
            tag, kind, values, _ = struct.unpack_from(order + "HHII", block, place)
            found.setdefault(tag, Entry(place, kind, values))
    except struct.error:
        pass
    return found


def number(block: bytes, tag: int, start: int | None = None) -> int | None:
    """The value of a tag that is one whole number; None if it is missing or no such number."""
    entry = entries(block, start).get(tag)
    if entry is None or entry.kind not in _NUMBERS or entry.count != 1:
        return None
    layout = byte_order(block) + _NUMBERS[entry.kind]
    return struct.unpack_from(layout, block, entry.place + 8)[0]


def with_number(block: bytes, tag: int, value: int, start: int | None = None) -> bytes:
    """The block with another value of a tag that is one whole number, if it has that tag."""
    entry = entries(block, start).get(tag)
    if entry is None or entry.kind not in _NUMBERS:
        return block
    kind = entry.kind if value < 1 << 16 else _LONG
    packed = struct.pack(byte_order(block) + "HI" + _NUMBERS[kind], kind, entry.count, value)
    return _overwritten(block, entry.place + 2, packed)


def swapped(block: bytes, tag: int, other: int, start: int | None = None) -> bytes:
    """The block with type, count and value of two tags exchanged, if it has both."""
    found = entries(block, start)
    if tag not in found or other not in found:
        return block
    places = [found[name].place + 2 for name in (tag, other)]
    first, second = (block[place : place + _SIZE - 2] for place in places)
    return _overwritten(_overwritten(block, places[0], second), places[1], first)


def without_second(block: bytes) -> bytes:
    """The block whose first directory is its last: the second of EXIF is a small picture."""
    order = byte_order(block)
    try:
        (start,) = struct.unpack_from(order + "I", block, 4)
        (count,) = struct.unpack_from(order + "H", block, start)
    except struct.error:
        return block
    place = start + 2 + _SIZE * count
    return _overwritten(block, place, bytes(4)) if place + 4 <= len(block) else block


def _overwritten(block: bytes, place: int, new: bytes) -> bytes:
    return block[:place] + new + block[place + len(new) :]
