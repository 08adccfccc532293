"""What is said about files that were read well: depth that changes, pictures that are left out."""

import io
import struct
import zlib
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
import tifffile
from PIL import Image

from samples import RGB_PROFILE, exif, noisy, pillow
from scorelet.data import (
    Note,
    Picture,
    PictureMetadata,
    TiffCoding,
    iter_pages,
    read_picture,
    write_picture,
)
from scorelet.data.pictures.formats.png_chunks import SIGNATURE, pack_chunk
from scorelet.data.pictures.lost import lost
from scorelet.data.pictures.notes import DEPTH, LEFT_OUT, METADATA, sentences


def notes(path):
    return {note.kind: note.text for page in iter_pages(path) for note in page.notes}


# ---------------------------------------------------------------- depth


@pytest.mark.parametrize("suffix", [".png", ".bmp", ".tif"])
@pytest.mark.parametrize(
    ("mode", "words"), [("1", "1"), ("P", "a palette of 8-bit numbers"), ("L", None), ("RGB", None)]
)
def test_bits_and_palettes_become_8_bit(tmp_path, suffix, mode, words):
    Image.fromarray(noisy(6, 9)).convert(mode).save(tmp_path / f"a{suffix}")
    found = notes(tmp_path / f"a{suffix}")
    assert set(found) == ({DEPTH} if words else set())
    assert found.get(DEPTH, "").startswith(f"has {words}" if words else "")


@pytest.mark.parametrize("bits", [1, 2, 4, 8, 16])
def test_bits_of_a_gray_png(tmp_path, bits):
    header = pack_chunk(b"IHDR", struct.pack(">IIBBBBB", 8, 2, bits, 0, 0, 0, 0))
    rows = pack_chunk(b"IDAT", zlib.compress(bytes(2 * (1 + bits))))
    (tmp_path / "a.png").write_bytes(SIGNATURE + header + rows + pack_chunk(b"IEND", b""))
    said = f"has {bits}-bit samples; results have 8-bit ones"
    assert notes(tmp_path / "a.png") == ({DEPTH: said} if bits < 8 else {})


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"P1 2 1\n0 1\n", "from 0 to 1; results have 0 to 255"),
        (b"P2 2 1 15\n0 15\n", "from 0 to 15; results have 0 to 255"),
        (b"P5 2 1 1023\n\x00\x00\x03\xff", "from 0 to 1023; results have 0 to 65535"),
        (b"P5 2 1 255\n\x00\xff", None),
        (b"P5 2 1 65535\n\x00\x00\xff\xff", None),
    ],
)
def test_values_of_netpbm_are_scaled(tmp_path, data, words):
    (tmp_path / "a.pnm").write_bytes(data)
    found = notes(tmp_path / "a.pnm")
    assert set(found) == ({DEPTH} if words else set())
    assert words is None or words in found[DEPTH]


@pytest.mark.slow
def test_every_netpbm_range_reaches_both_ends_and_rises(tmp_path):
    for top in (1, 2, 3, 100, 254, 256, 257, 1023, 4095, 65534):
        values = np.arange(top + 1, dtype=">u2" if top > 255 else "u1")
        (tmp_path / "a.pgm").write_bytes(b"P5 %d 1 %d\n" % (top + 1, top) + values.tobytes())
        got = read_picture(tmp_path / "a.pgm").pixels.ravel()
        full = 255 if top < 256 else 65535
        assert (got[0], got[-1]) == (0, full)
        errors = [abs(Fraction(int(got[k])) - Fraction(k * full, top)) for k in range(top + 1)]
        assert max(errors) <= Fraction(1, 2)


def test_old_bmp_headers_and_16_bits(tmp_path):
    """The 12-byte header of OS/2 says its bits elsewhere; 16 bits a pixel are 5 for each colour."""
    old = struct.pack("<2sIHHIIHHHH", b"BM", 26 + 6 + 8, 0, 0, 32, 12, 2, 2, 1, 1)
    (tmp_path / "a.bmp").write_bytes(old + b"\0\0\0\xff\xff\xff" + b"\x80\0\0\0" * 2)
    assert notes(tmp_path / "a.bmp")[DEPTH].startswith("has 1-bit pixels")
    new = struct.pack("<2sIHHI", b"BM", 54 + 8, 0, 0, 54)
    new += struct.pack("<IiiHHIIiiII", 40, 2, 2, 1, 16, 0, 8, 0, 0, 0, 0)
    (tmp_path / "b.bmp").write_bytes(new + bytes(8))
    assert notes(tmp_path / "b.bmp")[DEPTH].startswith("has 16-bit pixels")


# ---------------------------------------------------------------- more pictures


@pytest.mark.parametrize("count", [1, 2, 3])
def test_pictures_behind_the_first_of_an_mpo(tmp_path, count):
    frames = [Image.fromarray(noisy(16, 24, seed=seed)) for seed in range(count)]
    frames[0].save(tmp_path / "a.mpo", save_all=True, append_images=frames[1:])
    said = {1: None, 2: "1 more picture, which is", 3: "2 more pictures, which are"}[count]
    assert notes(tmp_path / "a.mpo") == ({LEFT_OUT: f"holds {said} left out"} if said else {})
    first = np.array(pillow(tmp_path / "a.mpo"))
    np.testing.assert_array_equal(read_picture(tmp_path / "a.mpo").pixels, first)


@pytest.mark.parametrize("first", [b"P5 1 1 255\n ", b"P4 1 1\n\x80", b"P6 1 1 65535\n000000"])
@pytest.mark.parametrize(
    ("rest", "more"),
    [
        (b"P5 1 1 255\n ", True),
        (b"\nP6 1 1 255\nabc", True),
        (b"", False),
        (b"\n", False),
        (b"Paul", False),
    ],
)
def test_pictures_behind_the_first_of_a_netpbm(tmp_path, first, rest, more):
    (tmp_path / "a.pnm").write_bytes(first + rest)
    assert (LEFT_OUT in notes(tmp_path / "a.pnm")) == more


def test_sub_images_of_a_tiff(tmp_path):
    with tifffile.TiffWriter(tmp_path / "a.tif") as writer:
        writer.write(noisy(32, 32), photometric="rgb", subifds=2)
        writer.write(noisy(16, 16), photometric="rgb", subfiletype=1)
        writer.write(noisy(8, 8), photometric="rgb", subfiletype=1)
    assert notes(tmp_path / "a.tif") == {LEFT_OUT: "holds 2 more pictures, which are left out"}
    write_picture(tmp_path / "b.tif", read_picture(tmp_path / "a.tif"))
    assert notes(tmp_path / "b.tif") == {}


# ---------------------------------------------------------------- what is said


def test_one_sentence_for_each_kind_of_note():
    deep, more = Note(DEPTH, "has 4-bit samples"), Note(LEFT_OUT, "holds 2 more")
    found = [(Path("a"), deep), (Path("b"), more), (Path("a"), deep), (Path("c"), deep)]
    assert sentences(found) == [
        "a has 4-bit samples (1 more file is alike).",
        "b holds 2 more.",
    ]
    found += [(Path("d"), Note(DEPTH, "has 1-bit samples"))]
    assert sentences(found)[1] == "d has 1-bit samples."
    found += [(Path(name), deep) for name in "de"]
    assert sentences(found)[0] == "a has 4-bit samples (3 more files are alike)."
    assert sentences([]) == []


def test_of_many_texts_of_a_kind_five_are_said():
    found = [(Path(f"{top}"), Note(DEPTH, f"has {top}")) for top in range(5)]
    assert sentences(found) == [f"{top} has {top}." for top in range(5)]
    found += [(Path("a"), Note(DEPTH, "has 5")), (Path("b"), Note(DEPTH, "has 4"))]
    assert sentences(found)[4:] == [
        "4 has 4 (1 more file is alike).",
        "1 more remark of the last kind: --json has them all.",
    ]
    found.append((Path("c"), Note(DEPTH, "has 6")))
    assert sentences(found)[-1].startswith("2 more remarks of the last kind: ")


def test_counts_and_sizes_make_no_sentences_of_their_own():
    found = [(Path(f"{n}"), Note(LEFT_OUT, f"holds {n} more")) for n in (2, 3, 4)]
    assert sentences(found) == ["2 holds 2 more (2 more files are alike)."]


def test_notes_stay_with_a_picture_that_is_turned(tmp_path):
    image = Image.fromarray(noisy(6, 9)).convert("P")
    image.save(tmp_path / "a.png", exif=exif(6))
    assert read_picture(tmp_path / "a.png").pixels.shape == (9, 6, 3)
    assert DEPTH in notes(tmp_path / "a.png")
    assert Picture(np.zeros((2, 2, 1), np.uint8)).notes == ()


# ---------------------------------------------------------------- sizes that follow a rotation

IFD0 = {0x0100: 24, 0x0101: 16, 0x011A: 300.0, 0x011B: 200.0}
INNER = {0xA002: 24, 0xA003: 16, 0xA20E: 3000.0, 0xA20F: 2000.0}


def sized_exif(orientation):
    block = exif(orientation)
    for tag, value in IFD0.items():
        block[tag] = value
    block[0x8769] = INNER
    return block


XMP = b'<x tiff:ImageWidth="24" tiff:ImageLength="16"><exif:PixelXDimension>24</e></x>'
XMP_TURNED = b'<x tiff:ImageLength="24" tiff:ImageWidth="16"><exif:PixelYDimension>24</e></x>'


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("suffix", [".jpg", ".png", ".webp"])
def test_width_and_height_in_exif_follow_a_rotation(tmp_path, suffix, orientation):
    image = Image.fromarray(noisy(16, 24))
    image.save(tmp_path / f"a{suffix}", exif=sized_exif(orientation))
    write_picture(tmp_path / f"b{suffix}", read_picture(tmp_path / f"a{suffix}"))
    got = pillow(tmp_path / f"b{suffix}")
    block = got.getexif()
    inner = block.get_ifd(0x8769)
    assert (block[0x0100], block[0x0101]) == (inner[0xA002], inner[0xA003]) == got.size
    turned = orientation >= 5
    assert block[0x011A] == (200 if turned else 300)
    assert inner[0xA20E] == (2000 if turned else 3000)
    assert block[0x010F] == "A maker"


@pytest.mark.parametrize("orientation", [3, 6])
def test_width_and_height_in_xmp_follow_a_rotation(tmp_path, orientation):
    stream = io.BytesIO()
    Image.fromarray(noisy(16, 24)).save(stream, "JPEG", exif=exif(orientation), xmp=XMP)
    (tmp_path / "a.jpg").write_bytes(stream.getvalue())
    expected = XMP_TURNED if orientation == 6 else XMP
    assert read_picture(tmp_path / "a.jpg").metadata.xmp == expected


# ---------------------------------------------------------------- metadata that is left out

_ALL = {
    "icc": RGB_PROFILE,
    "exif": b"II*\0" + bytes(12),
    "xmp": b"<x/>",
    "comment": b"hi",
    "iptc": b"caption",
    "png_chunks": ((b"sRGB", b"\0"), (b"tEXt", b"a\0b")),
    "dpi": (300.0, 300.0),
}


@pytest.mark.parametrize(
    ("name", "said", "text"),
    [
        ("a.png", _ALL, "has IPTC and a comment, which PNG results leave out"),
        ("a.tif", _ALL, "has EXIF, a comment and texts, which TIFF results leave out"),
        ("a.jpg", _ALL, "has texts, which JPEG results leave out"),
        ("a.webp", _ALL, "has IPTC, a comment and texts, which WebP results leave out"),
        ("a.jpg", {"exif": bytes(65_528)}, "has much EXIF, which JPEG results leave out"),
        ("a.jpg", {"exif": bytes(65_527)}, None),
        ("a.jpg", {"xmp": bytes(65_505)}, "has much XMP, which JPEG results leave out"),
        (
            "a.tif",
            {"png_chunks": ((b"gAMA", bytes(4)), (b"cICP", bytes(4)))},
            "has the chunks gAMA, cICP about colour, which TIFF results leave out",
        ),
        ("a.tif", {"png_chunks": ((b"gAMA", bytes(4)), (b"sRGB", b"\0"))}, None),
        ("a.png", {"tiff": TiffCoding(texts=((270, b"a"),))}, "has texts, which PNG"),
        (
            "a.png",
            {"tiff": TiffCoding(tags=((33550, 12, 3, bytes(24)),))},
            "has a place on a map, which PNG",
        ),
        ("a.png", {"tiff": TiffCoding(texts=((305, b"a"),))}, None),
        ("a.tif", {"png_chunks": ((b"tEXt", b"Software\0a"),)}, None),
        ("a.png", {}, None),
        ("a.dng", _ALL, None),
    ],
)
def test_metadata_that_a_kind_of_file_does_not_hold_is_named(name, said, text):
    found = lost(name, Picture(noisy(4, 5), metadata=PictureMetadata(**said)))
    assert [note.kind for note in found] == ([METADATA] if text else [])
    assert not text or found[0].text.startswith(text)


def test_a_profile_that_is_not_for_the_colours_is_named():
    picture = Picture(noisy(4, 5, 1), metadata=PictureMetadata(icc=RGB_PROFILE))
    assert [note.text for note in lost("a.png", picture)] == [
        "has a profile of other colours, which PNG results leave out"
    ]


def test_exif_of_a_tiff_is_left_out(tmp_path):
    path, tags = tmp_path / "a.tif", [(34664, "I", 1, 8, True)]
    tifffile.imwrite(path, noisy(6, 9), photometric="rgb", extratags=tags, byteorder="<")
    before, after = (struct.pack("<HHI", code, 4, 1) for code in (34664, 34665))  # of EXIF
    path.write_bytes(path.read_bytes().replace(before, after))
    assert notes(tmp_path / "a.tif") == {METADATA: "has EXIF, which is left out"}
