"""Pictures that are not read are called what they are, and never give their preview instead."""

import struct
import zlib

import imagecodecs
import numpy as np
import pytest
import tifffile
from PIL import Image

from picture_samples import sentence
from samples import noisy
from scorelet.core.errors import ImageFileError
from scorelet.data import count_pages, iter_pages, read_picture
from scorelet.data.pictures.formats import libraw
from scorelet.data.pictures.formats.png_chunks import SIGNATURE, pack_chunk
from scorelet.data.pictures.kinds import is_raw_file

# ---------------------------------------------------------------- camera raw files in TIFF

MOSAIC = noisy(32, 48, 1, dtype="uint16")[..., 0]
PREVIEW = noisy(8, 12)
DNG = (50706, 1, 4, (1, 4, 0, 0), True)


def preview_and_mosaic(path, *, photometric=32803, tags=(), subfiletype=1, **options):
    """A small RGB picture whose sub-image is the mosaic, as in NEF, ARW, 3FR, SRW and DNG."""
    with tifffile.TiffWriter(path) as writer:
        writer.write(PREVIEW, photometric="rgb", subifds=1, subfiletype=subfiletype, extratags=tags)
        writer.write(MOSAIC, photometric=photometric, metadata=None, **options)


def assert_taken_for_raw(path):
    """It is one page: the mosaic, developed, or a sentence; never the preview."""
    assert is_raw_file(path)
    assert count_pages(path) == 1
    try:
        pages = list(iter_pages(path))
    except ImageFileError as error:
        assert "camera raw" in str(error)  # noqa: PT017 - either is right
    else:
        assert [page.pixels.shape[:2] for page in pages] == [MOSAIC.shape]


@pytest.mark.parametrize("subfiletype", [0, 1])
def test_a_mosaic_behind_a_preview(tmp_path, subfiletype):
    preview_and_mosaic(tmp_path / "a.nef", subfiletype=subfiletype)
    assert_taken_for_raw(tmp_path / "a.nef")


def test_without_the_extra_a_mosaic_is_refused(tmp_path, monkeypatch):
    preview_and_mosaic(tmp_path / "a.nef")
    monkeypatch.setattr(libraw, "find_spec", lambda _name: None)
    for call in (read_picture, lambda p: list(iter_pages(p))):
        said = sentence(tmp_path / "a.nef", call)
        assert "is a camera raw file, and the extra that reads them is missing" in said
        assert "develop it to a 16-bit TIFF" in said


def test_a_mosaic_as_the_first_page(tmp_path):
    tifffile.imwrite(tmp_path / "a.pef", MOSAIC, photometric=32803)
    assert_taken_for_raw(tmp_path / "a.pef")


def test_a_dng_by_its_version_alone(tmp_path):
    tifffile.imwrite(tmp_path / "a.dng", PREVIEW, photometric="rgb", extratags=[DNG])
    assert_taken_for_raw(tmp_path / "a.dng")
    tifffile.imwrite(tmp_path / "b.dng", noisy(8, 8, dtype="uint16"), photometric=34892)
    assert_taken_for_raw(tmp_path / "b.dng")


def test_a_mosaic_on_a_later_page(tmp_path):
    with tifffile.TiffWriter(tmp_path / "a.tif") as writer:
        writer.write(PREVIEW, photometric="rgb")
        writer.write(MOSAIC, photometric=32803, metadata=None)
    assert_taken_for_raw(tmp_path / "a.tif")


@pytest.mark.parametrize("code", [32767, 34713, 65000, 65535])
def test_compressions_that_only_cameras_write(tmp_path, code):
    preview_and_mosaic(tmp_path / "a.arw", photometric="minisblack")
    with tifffile.TiffFile(tmp_path / "a.arw") as file:
        place = file.pages[0].pages[0].tags[259].valueoffset
    data = bytearray((tmp_path / "a.arw").read_bytes())
    data[place : place + 2] = struct.pack("<H", code)
    (tmp_path / "a.arw").write_bytes(data)
    assert_taken_for_raw(tmp_path / "a.arw")


@pytest.mark.parametrize("mark", [b"CR\x02\x00", b"IIII"])
def test_marks_behind_the_header(tmp_path, mark):
    """Canon and Phase One put their marks between the header and the first page."""
    tifffile.imwrite(tmp_path / "a.tif", PREVIEW, photometric="rgb")
    data = bytearray((tmp_path / "a.tif").read_bytes())
    start = struct.unpack_from("<I", data, 4)[0]
    assert start == 8
    count = struct.unpack_from("<H", data, 8)[0]
    directory = bytes(data[8 : 8 + 2 + 12 * count + 4])
    data[4:8] = struct.pack("<I", len(data))
    data[8:12] = mark
    (tmp_path / "a.cr2").write_bytes(bytes(data) + directory)
    assert_taken_for_raw(tmp_path / "a.cr2")


def test_a_preview_of_something_unknown(tmp_path):
    preview_and_mosaic(tmp_path / "a.tif", photometric="minisblack")
    assert "only its maker looks" in sentence(tmp_path / "a.tif")


def test_a_pyramid_of_smaller_copies_is_no_raw_file(tmp_path):
    preview_and_mosaic(tmp_path / "a.tif", photometric="minisblack", subfiletype=0)
    np.testing.assert_array_equal(read_picture(tmp_path / "a.tif").pixels, PREVIEW)


@pytest.mark.parametrize("place", [0, 1 << 30, 8])
def test_a_pointer_to_a_sub_image_that_is_none(tmp_path, place):
    tags = [(330, "I", 1, place, True)]
    tifffile.imwrite(tmp_path / "a.tif", PREVIEW, photometric="rgb", extratags=tags)
    try:
        np.testing.assert_array_equal(read_picture(tmp_path / "a.tif").pixels, PREVIEW)
    except ImageFileError as error:
        assert "damaged" in str(error)  # noqa: PT017 - either is right


# ---------------------------------------------------------------- other kinds


def box(brand):
    return struct.pack(">I4s4s", 24, b"ftyp", brand) + bytes(12)


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (box(b"crx "), "camera raw"),
        (b"FUJIFILMCCD-RAW 0201", "camera raw"),
        (b"IIU\x00\x18\x00\x00\x00", "camera raw"),
        (b"IIRO\x08\x00\x00\x00", "camera raw"),
        (b"GIF89a\x01\x00\x01\x00", "GIF"),
        (b"8BPS\x00\x01", "Photoshop"),
        (b"%PDF-1.7\n", "PDF"),
        (b"PF\n2 2\n-1.0\n", "PFM"),
        (b"P7\nWIDTH 2\n", "PAM"),
        (b"nothing of the kind", "not a picture of a known kind"),
    ],
)
def test_first_bytes_tell_what_it_is(tmp_path, data, words):
    (tmp_path / "a.png").write_bytes(data)
    said = sentence(tmp_path / "a.png")
    assert words in said
    kinds = "expected PNG, TIFF, JPEG, WebP, BMP, Netpbm (PBM, PGM, PPM), AVIF or HEIC: "
    assert ("; expected " if words == "camera raw" else kinds) in said


@pytest.mark.parametrize(
    ("encode", "title"),
    [
        (imagecodecs.jpegxl_encode, "JPEG XL"),
        (lambda a: imagecodecs.jpeg2k_encode(a, codecformat="jp2"), "JPEG 2000"),
        (lambda a: imagecodecs.jpeg2k_encode(a, codecformat="j2k"), "JPEG 2000"),
        (imagecodecs.jpegxr_encode, "JPEG XR"),
        (imagecodecs.qoi_encode, "QOI"),
    ],
)
def test_what_other_encoders_write(tmp_path, encode, title):
    (tmp_path / "a.png").write_bytes(encode(noisy(16, 16)))
    assert f"{title} picture" in sentence(tmp_path / "a.png")


def test_a_jpeg_of_12_bits(tmp_path):
    deep = (noisy(16, 16, 1, dtype="uint16")[..., 0] >> 4).astype("u2")
    (tmp_path / "a.jpg").write_bytes(imagecodecs.jpeg_encode(deep, bitspersample=12))
    said = sentence(tmp_path / "a.jpg")
    assert "is a 12-bit JPEG; expected 8 bits" in said
    assert "damaged" not in said


def test_a_preview_inside_a_jpeg_does_not_say_its_depth(tmp_path):
    """Bytes of other segments that look like a frame header are none."""
    fake = b"Exif\x00\x00" + b"\xff\xc0\x00\x11\x0c" * 3
    Image.fromarray(PREVIEW).save(tmp_path / "a.jpg", exif=fake, comment=b"\xff\xc1\x00\x11\x0c")
    assert read_picture(tmp_path / "a.jpg").pixels.shape == PREVIEW.shape


# ---------------------------------------------------------------- no reason to refuse


def with_short_tag(path, tag, value):
    with tifffile.TiffFile(path) as file:
        place = file.pages[0].tags[tag].valueoffset
    data = bytearray(path.read_bytes())
    data[place : place + 2] = struct.pack("<H", value)
    path.write_bytes(data)


@pytest.mark.parametrize("unit", [0, 4, 6, 65535])
def test_a_unit_of_resolution_that_is_none(tmp_path, unit):
    path = tmp_path / "a.tif"
    tifffile.imwrite(path, PREVIEW, photometric="rgb", resolution=(72, 36), resolutionunit=2)
    with_short_tag(path, 296, unit)
    got = read_picture(path)
    np.testing.assert_array_equal(got.pixels, PREVIEW)
    assert got.metadata.dpi is None
    assert got.metadata.tiff.resolution == (72, 36)
    assert got.metadata.tiff.resolution_unit == 1


@pytest.mark.parametrize("orientation", [0, 9, 65535])
def test_an_orientation_that_is_none(tmp_path, orientation):
    path = tmp_path / "a.tif"
    tags = [(274, "H", 1, 1, True)]
    tifffile.imwrite(path, PREVIEW, photometric="rgb", extratags=tags)
    with_short_tag(path, 274, orientation)
    np.testing.assert_array_equal(read_picture(path).pixels, PREVIEW)


PASSES = ((0, 0, 8, 8), (4, 0, 8, 8), (0, 4, 4, 8), (2, 0, 4, 4), (0, 2, 2, 4), (1, 0, 2, 2))
PASSES = (*PASSES, (0, 1, 1, 2))  # of Adam7: first column and row, steps


@pytest.mark.parametrize("size", [(1, 1), (3, 2), (9, 13), (16, 16)])
@pytest.mark.parametrize(("depth", "colour_type", "channels"), [(8, 0, 1), (16, 2, 3), (8, 6, 4)])
def test_an_interlaced_png_prints_nothing(tmp_path, capfd, size, depth, colour_type, channels):
    samples = noisy(*size, channels, dtype=f"uint{depth}")
    rows = b"".join(
        b"\0" + row.astype(">u2" if depth == 16 else "u1").tobytes()
        for left, top, right, down in PASSES
        for row in samples[top::down, left::right]
        if row.size
    )
    header = struct.pack(">IIBBBBB", size[1], size[0], depth, colour_type, 0, 0, 1)
    chunks = [(b"IHDR", header), (b"IDAT", zlib.compress(rows)), (b"IEND", b"")]
    (tmp_path / "a.png").write_bytes(SIGNATURE + b"".join(pack_chunk(*c) for c in chunks))
    got = read_picture(tmp_path / "a.png")
    planes = got.pixels if got.alpha is None else np.dstack([got.pixels, got.alpha])
    np.testing.assert_array_equal(planes, samples)
    assert capfd.readouterr() == ("", "")
