"""Boxes of AVIF and HEIC files, put together by hand as the format means them."""

import struct

import pytest

from scorelet.data.pictures.formats import heic
from scorelet.data.pictures.formats.bmff import av1_depth, brands, properties, tile_properties
from scorelet.data.pictures.formats.bmff_crop import shown
from scorelet.data.pictures.formats.bmff_extents import check_whole
from scorelet.data.pictures.formats.bmff_further import further


def box(name, content, size=None):
    return struct.pack(">I4s", 8 + len(content) if size is None else size, name) + content


def layout(version, parts, *, widths=0x4440, idat=b"", size=999):
    """A file of `size` bytes with one item of parts (offset, length); base 16 if it is stored."""
    offset, length, base, index = (int(digit) for digit in f"{widths:04x}")
    number = "I" if version == 2 else "H"
    iloc = bytes([version, 0, 0, 0]) + struct.pack(f">H{number}{number}", widths, 1, 7)
    iloc += struct.pack(">H", 1 if idat else 0) if version else b""
    iloc += bytes(2) + (16 if base else 0).to_bytes(base, "big") + struct.pack(">H", len(parts))
    for start, count in parts:
        iloc += bytes(index if version else 0)
        iloc += start.to_bytes(offset, "big") + count.to_bytes(length, "big")
    boxes = box(b"iloc", iloc) + (box(b"idat", idat) if idat else b"")
    head = box(b"ftyp", b"mif1") + box(b"meta", bytes(4) + boxes)
    return head + box(b"mdat", bytes(size - len(head) - 8))


# ---------------------------------------------------------------- boxes


def test_brands_are_those_of_the_first_box():
    head = box(b"ftyp", b"mif1\0\0\0\0avifmiaf") + b"avis"
    assert brands(head) == (b"mif1", b"avif", b"miaf")
    assert brands(b"\x89PNG\r\n\x1a\n") == brands(b"") == ()
    for data, kind in ((head, "AVIF"), (box(b"ftyp", b"mif1\0\0\0\0heic"), "HEIC")):
        assert heic.FORMAT.matches(data) == (kind == "HEIC")


@pytest.mark.parametrize("wide", [0, 1])
@pytest.mark.parametrize("version", [0, 1])
def test_properties_are_those_of_the_primary_item(wide, version):
    """Items 1 and 2 share three properties; numbers have 1 or 2 bytes, and a mark in front.

    Item 2, the primary one, is made of 1 and 3.
    """
    number, item = "B" if not wide else "H", "H" if not version else "I"
    mark = 0x8000 if wide else 0x80
    entries = struct.pack(f">{item}B{number}", 1, 1, 1)
    entries += struct.pack(f">{item}B2{number}", 2, 2, 3 | mark, 2)
    ipma = bytes([version, 0, 0, wide]) + struct.pack(">I", 2) + entries
    known = box(b"av1C", b"\x81\x00\x00\x00") + box(b"pixi", b"\0\0\0\0\x03\x0a\x0a\x0a")
    known += box(b"av1C", b"\x81\x00\x40\x00")
    iprp = box(b"iprp", box(b"ipco", known) + box(b"ipma", ipma))
    pitm = box(b"pitm", bytes([version, 0, 0, 0]) + struct.pack(f">{item}", 2))
    dimg = box(b"dimg", struct.pack(f">{item}H2{item}", 2, 2, 1, 3))
    iref = box(b"iref", bytes([version, 0, 0, 0]) + box(b"thmb", bytes(8)) + dimg)
    data = box(b"ftyp", b"avif") + box(b"meta", bytes(4) + pitm + iprp + iref, size=0)
    found = properties(data)
    assert tile_properties(data) == [(b"av1C", b"\x81\x00\x00\x00")]
    assert av1_depth([*found, *tile_properties(data)]) == 10
    assert tile_properties(data.replace(b"dimg", b"cdsc")) == []
    assert [name for name, _ in found] == [b"av1C", b"pixi"]
    assert av1_depth(found) == 10
    assert av1_depth(found[1:]) == 10
    assert av1_depth([(b"av1C", b"\x81\x00\x60\x00")]) == 12
    assert av1_depth([]) == 8


@pytest.mark.parametrize(
    ("numbers", "rows", "columns"),
    [
        ((6, 1, 4, 1, 0, 1, 0, 1), (2, 6), (3, 9)),
        ((6, 1, 4, 1, -3, 1, 2, 1), (4, 8), (0, 6)),
        ((6, 1, 4, 1, -9, 2, 5, 1), (7, 8), (0, 5)),  # from -1.5
        ((5, 1, 3, 1, 1, 2, -1, 2), (2, 5), (4, 9)),
        ((99, 1, 99, 1, 0, 1, 0, 1), (0, 8), (0, 12)),
    ],
)
def test_what_is_shown_is_the_middle_moved(numbers, rows, columns):
    clap = (b"clap", struct.pack(">IIIIiIiI", *numbers))
    assert shown([(b"ispe", b""), clap], (8, 12)) == (slice(*rows), slice(*columns))
    whole = shown([], (8, 12))
    assert whole == (slice(None), slice(None))


@pytest.mark.parametrize(
    "numbers", [(0, 1, 4, 1, 0, 1, 0, 1), (6, 1, 4, 1, 9, 1, 0, 1), (6, 0, 4, 1, 0, 1, 0, 1)]
)
def test_what_shows_nothing_is_damaged(numbers):
    with pytest.raises((ValueError, ZeroDivisionError)):
        shown([(b"clap", struct.pack(">IIIIiIiI", *numbers))], (8, 12))


# ---------------------------------------------------------------- parts


@pytest.mark.parametrize("widths", [0x4440, 0x8880, 0x4404, 0x0444, 0x4044])
@pytest.mark.parametrize("version", [0, 1, 2])
def test_parts_that_end_behind_the_file_are_missing(version, widths):
    """Offsets, lengths and their base have 0, 4 or 8 bytes; the base is 16 where it is stored."""
    has_offset, has_length, base = widths >> 12, widths >> 8 & 15, 16 if widths >> 4 & 15 else 0
    last = (300 if has_offset else 0, 100 if has_length else 0)
    data = layout(version, [(20 if has_offset else 0, last[1]), last], widths=widths)
    end = base + sum(last)
    check_whole(data)
    check_whole(data[:end])
    if has_length and has_offset:
        with pytest.raises(ValueError, match=rf"^it has {end - 1} of {end} bytes$"):
            check_whole(data[: end - 1])


@pytest.mark.parametrize("version", [1, 2])
def test_parts_within_the_description_end_with_its_box(version):
    check_whole(layout(version, [(0, 4)], idat=bytes(20)))
    with pytest.raises(ValueError, match=r"^it has 20 of 21 bytes$"):
        check_whole(layout(version, [(0, 4), (1, 4)], idat=bytes(20)))


def test_what_describes_no_parts_is_left_to_the_decoder():
    data = layout(1, [(20, 100)])
    place = data.index(b"iloc") + 8
    for head in (data[:place], data[: place + 5], data[:20], data.replace(b"iloc", b"free"), b""):
        check_whole(head)
    many = data[:place] + bytes(2) + b"\xff\xff" + data[place + 4 :]  # of no width
    check_whole(many)


# ---------------------------------------------------------------- other pictures


ALPHA, DEPTH = b"urn:mpeg:mpegB:cicp:systems:auxiliary:alpha", b"urn:mpeg:mpegB:cicp:systems:auxi"


def described(kinds, *references, version=2, alphas=(), depths=()):
    """A file whose items 1, 2, ... are of these kinds; references (kind, from, to ...)."""
    item = "H" if version == 2 else "I"
    entries = [
        box(b"infe", bytes([version, 0, 0, 0]) + struct.pack(f">{item}H4s", n, 0, kind) + b"\0")
        for n, kind in enumerate(kinds, 1)
    ]
    iinf = box(b"iinf", bytes(4) + struct.pack(">H", len(kinds)) + b"".join(entries))
    rows = [box(k, struct.pack(f">HH{len(to)}H", a, len(to), *to)) for k, a, *to in references]
    iref = box(b"iref", bytes(4) + b"".join(rows)) if rows else b""
    known = b"".join(box(b"auxC", bytes(4) + urn + b"\0") for urn in (ALPHA, DEPTH))
    pairs = [(n, 1) for n in alphas] + [(n, 2) for n in depths]
    ipma = struct.pack(">II", 0, len(pairs))
    ipma += b"".join(struct.pack(">HBB", n, 1, number) for n, number in pairs)
    iprp = box(b"iprp", box(b"ipco", known) + box(b"ipma", ipma))
    pitm = box(b"pitm", bytes(4) + struct.pack(">H", 1))
    return box(b"ftyp", b"avif") + box(b"meta", bytes(4) + pitm + iinf + iref + iprp)


@pytest.mark.parametrize("version", [2, 3])
@pytest.mark.parametrize(
    ("kinds", "references", "options", "count"),
    [
        ("av01", [], {}, 0),
        ("av01 Exif mime", [], {}, 0),
        ("av01 av01", [], {}, 1),
        ("av01 av01", [(b"auxl", 2, 1)], {"alphas": [2]}, 0),
        ("av01 av01 av01", [(b"auxl", 2, 1), (b"auxl", 3, 1)], {"alphas": [2], "depths": [3]}, 1),
        ("av01 av01", [(b"thmb", 2, 1)], {}, 0),
        ("av01 tmap av01", [(b"dimg", 2, 1, 3)], {}, 1),
        ("grid av01 av01 av01", [(b"dimg", 1, 2, 3)], {}, 1),
        ("grid av01 tmap grid av01", [(b"dimg", 1, 2), (b"dimg", 3, 1, 4), (b"dimg", 4, 5)], {}, 1),
    ],
)
def test_pictures_beside_the_primary_one_are_counted(kinds, references, options, count, version):
    """A gain map and what it makes of the primary picture (tmap) are one."""
    names = [name.encode() for name in kinds.split()]
    data = described(names, *references, version=version, **options)
    assert further(data) == count
    assert further(data[: data.index(b"iprp")]) == 0
