"""What is said of the size and the place of a picture follows when it is enlarged."""

import struct

import numpy as np
import pytest
import tifffile
from PIL import Image

from samples import exif, noisy, pillow
from scorelet.data import Picture, PictureMetadata, read_picture, write_picture
from scorelet.data.pictures.enlarged import enlarged

TIES = (33922, "d", 12, (1.5, 2, 0, 440720, 3751320, 0, 8, 4, 0, 440720 + 65, 3751320 - 40, 0))
SCALE = (33550, "d", 3, (10.0, 20.0, 1.0))
MATRIX = (34264, "d", 16, (10, 1, 0, 5, 2, -20, 0, 7, 0, 0, 1, 3, 0, 0, 0, 1))
KEYS = (34735, "H", 12, (1, 1, 0, 2, 1024, 0, 1, 1, 1025, 0, 1))


def copied(tmp_path, tags, factor):
    """Enlarge what a file says, and return its tags once written and read again."""
    source, target = tmp_path / "a.tif", tmp_path / "b.tif"
    extra = [(*tag, True) for tag in tags]
    tifffile.imwrite(source, noisy(6, 8, 1), photometric="minisblack", extratags=extra)
    picture = read_picture(source)
    large = picture.pixels.repeat(factor, 0).repeat(factor, 1)
    write_picture(target, Picture(large, None, enlarged(picture, factor)))
    with tifffile.TiffFile(target) as file:
        return {code: np.array(file.pages[0].tags.valueof(code)) for code, *_ in tags}


@pytest.mark.parametrize("raster", [None, 1, 2])
@pytest.mark.parametrize("factor", [1, 2, 3])
def test_corners_of_a_map_stay_where_they_are(tmp_path, raster, factor):
    """Where middles are counted, the corner of a pixel is half a pixel before its number."""
    keys = [] if raster is None else [(*KEYS[:3], (*KEYS[3], raster))]
    tags = copied(tmp_path, [SCALE, TIES, MATRIX, *keys], factor)
    first = 0.5 if raster == 2 else 0.0
    np.testing.assert_allclose(tags[33550], (10 / factor, 20 / factor, 1))
    before = np.reshape(TIES[3], (2, 6))
    after = tags[33922].reshape(2, 6)
    np.testing.assert_array_equal(after[:, 2:], before[:, 2:])
    np.testing.assert_allclose(after[:, :2] + first, factor * (before[:, :2] + first))
    old, new = np.reshape(MATRIX[3], (4, 4)), tags[34264].reshape(4, 4)
    for corner in ((0, 0), (3, 5)):
        at, finer = np.array(corner) - first, factor * np.array(corner) - first
        np.testing.assert_allclose(new @ [*finer, 2, 1], old @ [*at, 2, 1])
    if keys:
        assert tuple(tags[34735]) == keys[0][3]


def test_tags_of_another_type_are_copied(tmp_path):
    tag = (33550, "f", 3, (10.0, 20.0, 1.0))
    assert tuple(copied(tmp_path, [tag], 2)[33550]) == tag[3]


@pytest.mark.parametrize("suffix", [".jpg", ".png", ".webp"])
def test_width_and_height_in_exif_are_those_of_the_enlarged_picture(tmp_path, suffix):
    block = exif()
    block[0x0100], block[0x0101] = 24, 16
    block[0x8769] = {0xA002: 24, 0xA003: 16, 0xA20E: 3000.0}
    Image.fromarray(noisy(16, 24)).save(tmp_path / f"a{suffix}", exif=block)
    picture = read_picture(tmp_path / f"a{suffix}")
    large = Picture(picture.pixels.repeat(2, 0).repeat(2, 1), None, enlarged(picture, 2))
    write_picture(tmp_path / f"b{suffix}", large)
    got = pillow(tmp_path / f"b{suffix}").getexif()
    inner = got.get_ifd(0x8769)
    assert (got[0x0100], got[0x0101]) == (inner[0xA002], inner[0xA003]) == (48, 32)
    assert (got[0x010F], inner[0xA20E]) == ("A maker", 3000)


@pytest.mark.parametrize("order", "<>")
def test_a_side_beyond_16_bits_gets_a_longer_number(order):
    start = b"II*\0" if order == "<" else b"MM\0*"
    sides = [struct.pack(order + "HHIHH", 0x0100 + k, 3, 1, 5000, 0) for k in range(2)]
    block = start + struct.pack(order + "IH", 8, 2) + b"".join(sides) + b"\0\0\0\0"
    picture = Picture(np.zeros((1, 5000, 1), np.uint8), metadata=PictureMetadata(exif=block))
    got = Image.Exif()
    got.load(enlarged(picture, 16).exif)
    assert (got[0x0100], got[0x0101]) == (80000, 16)


@pytest.mark.parametrize(
    ("form", "sides"),
    [
        ('tiff:ImageWidth="{}" tiff:ImageLength="{}"', (True, False)),
        ("exif:PixelXDimension = '{}' exif:PixelYDimension = '{}'", (True, False)),
        ("<exif:PixelYDimension>{}</e>\n<tiff:ImageWidth>\n {}</e>", (False, True)),
        ('tiff:ImageWidthX="{}" tiff:XResolution="{}"', (None, None)),
    ],
)
def test_width_and_height_in_xmp_are_those_of_the_enlarged_picture(form, sides):
    packet = form.format(24, 16).encode()
    picture = Picture(np.zeros((16, 24, 1), np.uint8), metadata=PictureMetadata(xmp=packet))
    expected = form.format(*(48 if wide else 32 for wide in sides)).encode()
    assert enlarged(picture, 2).xmp == (packet if None in sides else expected)
    assert enlarged(picture, 1) is picture.metadata
