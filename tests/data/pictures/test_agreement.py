"""Samples and orientation are those that other readers find."""

import struct
import zlib

import numpy as np
import pytest
import tifffile
from PIL import Image, ImageOps

from picture_samples import assert_same, exif_block, noise, picture, rewrite, sentence, smooth
from samples import pillow
from scorelet.data import on_white, read_picture, write_picture
from scorelet.data.pictures.formats.png_chunks import pack_chunk
from scorelet.data.pictures.notes import OPACITY

# ---------------------------------------------------------------- agreement with other readers


@pytest.mark.parametrize("mode", ["1", "L", "LA", "P", "RGB", "RGBA"])
def test_png_agrees_with_pillow(tmp_path, mode):
    channels = 3 if mode == "P" else 4
    Image.fromarray(noise((9, 11, channels))).convert(mode).save(tmp_path / "a.png")
    target = {"1": "L", "P": "RGB"}.get(mode, mode)
    expected = np.array(pillow(tmp_path / "a.png").convert(target))
    got = read_picture(tmp_path / "a.png")
    joined = got.pixels if got.alpha is None else np.dstack([got.pixels, got.alpha])
    np.testing.assert_array_equal(joined, expected.reshape(9, 11, -1))
    _, second, _ = rewrite(tmp_path / "a.png")
    assert_same(second, got)


def test_gray_png_of_2_and_4_bits_with_a_transparent_level(tmp_path):
    for bits in (2, 4):
        header = pack_chunk(b"IHDR", struct.pack(">IIBBBBB", 4, 1, bits, 0, 0, 0, 0))
        row = bytes([0, 0b00011011]) if bits == 2 else bytes([0, 0x01, 0x2F])
        rest = pack_chunk(b"tRNS", b"\x00\x01") + pack_chunk(b"IDAT", zlib.compress(row))
        data = b"\x89PNG\r\n\x1a\n" + header + rest + pack_chunk(b"IEND", b"")
        (tmp_path / "a.png").write_bytes(data)
        got = read_picture(tmp_path / "a.png")
        expected = [0, 85, 170, 255] if bits == 2 else [0, 17, 34, 255]
        assert got.pixels.ravel().tolist() == expected
        assert got.alpha.ravel().tolist() == [255, 0, 255, 255]


def packed_tiff(values, bits):
    """A little-endian gray TIFF whose samples are packed without gaps."""
    height, width = values.shape
    wide = np.unpackbits(values.astype(">u2")[..., None].view(np.uint8), axis=2)
    data = np.packbits(wide[..., 16 - bits :].reshape(height, -1), axis=1).tobytes()
    start = 8 + 2 + 9 * 12 + 4
    tags = {256: width, 257: height, 258: bits, 259: 1, 262: 1}
    tags |= {273: start, 277: 1, 278: height, 279: len(data)}
    entries = b"".join(struct.pack("<HHIHH", tag, 3, 1, tags[tag], 0) for tag in tags)
    return b"II*\x00" + struct.pack("<IH", 8, 9) + entries + bytes(4) + data


@pytest.mark.parametrize("bits", [1, 2, 4, 12])
def test_packed_tiff_samples(tmp_path, bits):
    values = np.arange(16, dtype=np.uint16).reshape(2, 8) % 2**bits
    (tmp_path / "a.tif").write_bytes(packed_tiff(values, bits))
    if bits == 12:
        assert "12-bit" in sentence(tmp_path / "a.tif")
    else:
        got = read_picture(tmp_path / "a.tif").pixels[..., 0]
        np.testing.assert_array_equal(got, values * (255 // (2**bits - 1)))


def test_unspecified_extra_sample_is_alpha_and_stays_unspecified(tmp_path):
    tifffile.imwrite(
        tmp_path / "a.tif", noise((4, 5, 4)), photometric="rgb", extrasamples=["unspecified"]
    )
    first, second, target = rewrite(tmp_path / "a.tif")
    np.testing.assert_array_equal(np.dstack([first.pixels, first.alpha]), noise((4, 5, 4)))
    assert_same(second, first)
    with tifffile.TiffFile(target) as file:
        assert file.pages[0].extrasamples == (0,)
    assert [note.kind for note in first.notes] == [OPACITY]


def test_palette_with_transparency_reads_as_rgba(tmp_path):
    image = Image.fromarray(noise((9, 11, 3))).quantize(16)
    image.save(tmp_path / "a.png", transparency=bytes(range(0, 160, 10)))
    expected = np.array(pillow(tmp_path / "a.png").convert("RGBA"))
    got = read_picture(tmp_path / "a.png")
    np.testing.assert_array_equal(np.dstack([got.pixels, got.alpha]), expected)


def test_gray_palette_reads_as_gray(tmp_path):
    image = Image.fromarray(noise((9, 11)) // 64).convert("P")
    image.putpalette([value for level in (0, 50, 100, 200) for value in [level] * 3])
    image.save(tmp_path / "a.png")
    got = read_picture(tmp_path / "a.png")
    np.testing.assert_array_equal(got.pixels[..., 0], np.array(image.convert("L")))


@pytest.mark.parametrize("mode", ["1", "L", "P", "RGB"])
@pytest.mark.parametrize("suffix", [".bmp", ".tif"])
def test_bmp_and_tiff_agree_with_pillow(tmp_path, mode, suffix):
    Image.fromarray(noise((9, 11, 3))).convert(mode).save(tmp_path / f"a{suffix}")
    target = {"1": "L", "P": "RGB"}.get(mode, mode)
    expected = np.array(pillow(tmp_path / f"a{suffix}").convert(target)).reshape(9, 11, -1)
    np.testing.assert_array_equal(read_picture(tmp_path / f"a{suffix}").pixels, expected)


@pytest.mark.parametrize("suffix", [".jpg", ".webp"])
def test_lossy_kinds_agree_with_pillow(tmp_path, suffix):
    Image.fromarray(noise((17, 19, 3))).save(tmp_path / f"a{suffix}", quality=70)
    expected = np.array(pillow(tmp_path / f"a{suffix}"))
    np.testing.assert_array_equal(read_picture(tmp_path / f"a{suffix}").pixels, expected)


@pytest.mark.parametrize("compression", [None, "lzw", "zlib", "zstd", "packbits", "jpeg"])
@pytest.mark.parametrize("layout", ["gray", "contig", "separate"])
@pytest.mark.parametrize("byteorder", ["<", ">"])
def test_tiff_agrees_with_tifffile(tmp_path, compression, layout, byteorder):
    dtype = "u1" if compression == "jpeg" else "u2"
    shape = {"gray": (33, 20), "contig": (33, 20, 3), "separate": (3, 33, 20)}[layout]
    options = {} if layout == "gray" else {"planarconfig": layout}
    tifffile.imwrite(
        tmp_path / "a.tif",
        noise(shape, dtype),
        photometric="minisblack" if layout == "gray" else "rgb",
        compression=compression,
        byteorder=byteorder,
        **options,
    )
    expected = tifffile.imread(tmp_path / "a.tif")
    expected = np.moveaxis(expected, 0, -1) if layout == "separate" else expected
    first, second, _ = rewrite(tmp_path / "a.tif")
    np.testing.assert_array_equal(first.pixels, expected.reshape(33, 20, -1))
    assert first.pixels.dtype.isnative
    assert_same(second, first)


@pytest.mark.parametrize("dtype", ["?", "u1", "u2", "f4"])
def test_miniswhite_is_inverted(tmp_path, dtype):
    values = noise((5, 7), "u1") > 99 if dtype == "?" else noise((5, 7), dtype)
    tifffile.imwrite(tmp_path / "a.tif", values, photometric="miniswhite")
    first, second, _ = rewrite(tmp_path / "a.tif")
    top = {"?": 255, "u1": 255, "u2": 65535, "f4": 1}[dtype]
    scaled = values.astype(np.uint8) * 255 if dtype == "?" else values
    np.testing.assert_array_equal(first.pixels[..., 0], top - scaled)
    assert_same(second, first)


def test_tiled_and_ycbcr_tiff(tmp_path):
    tifffile.imwrite(tmp_path / "a.tif", noise((40, 50), "u2"), tile=(16, 32))
    np.testing.assert_array_equal(
        read_picture(tmp_path / "a.tif").pixels[..., 0], noise((40, 50), "u2")
    )
    Image.fromarray(smooth(32, 32)).save(tmp_path / "b.tif", compression="jpeg", quality=90)
    first, second, _ = rewrite(tmp_path / "b.tif")
    assert np.abs(first.pixels.astype(int) - smooth(32, 32)).mean() < 5  # JPEG loss
    assert_same(second, first)


def test_premultiplied_alpha_is_kept_in_tiff_and_divided_elsewhere(tmp_path):
    samples = np.full((2, 2, 4), 100, np.uint8)
    samples[..., 3] = [[200, 100], [0, 255]]
    samples[1, 0, :3] = 0
    tifffile.imwrite(tmp_path / "a.tif", samples, photometric="rgb", extrasamples=["assocalpha"])
    first, second, target = rewrite(tmp_path / "a.tif")
    assert_same(second, first)
    with tifffile.TiffFile(target) as file:
        assert file.pages[0].extrasamples == (1,)
    write_picture(tmp_path / "a.png", first)
    assert read_picture(tmp_path / "a.png").pixels[..., 0].tolist() == [[128, 255], [0, 100]]
    expected = (100 + 255 - samples[..., 3].astype(float)) / 255
    expected[1, 0] = 1
    np.testing.assert_allclose(on_white(first).pixels[..., 0], expected, atol=1 / 255)


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        (b"P1\n# note\n3 2\n101\n0 1 0\n", [[0, 255, 0], [255, 0, 255]]),
        (b"P2 3 1 # note\n15\n0 5 15\n", [[0, 85, 255]]),
        (b"P4\n3 2\n\xa0\x40", [[0, 255, 0], [255, 0, 255]]),
        (b"P5\n2 1\n100\n\x00\x64", [[0, 255]]),
        (b"P5 2 1 1023\n\x00\x00\x03\xff", [[0, 65535]]),
    ],
)
def test_netpbm_variants(tmp_path, data, expected):
    (tmp_path / "a.pgm").write_bytes(data)
    assert read_picture(tmp_path / "a.pgm").pixels[..., 0].tolist() == expected


def test_text_ppm(tmp_path):
    (tmp_path / "a.ppm").write_bytes(b"P3\n2 1\n255\n1 2 3\n4 5 6\n")
    assert read_picture(tmp_path / "a.ppm").pixels.tolist() == [[[1, 2, 3], [4, 5, 6]]]


def test_kind_is_told_by_content_not_by_suffix(tmp_path):
    Image.fromarray(smooth(4, 5)).save(tmp_path / "a.jpg")
    (tmp_path / "a.jpg").rename(tmp_path / "a.png")
    assert read_picture(tmp_path / "a.png").metadata.kind == "jpeg"


# ---------------------------------------------------------------- orientation


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("suffix", [".jpg", ".png", ".webp"])
def test_orientation_agrees_with_pillow(tmp_path, suffix, orientation):
    options = {"lossless": True} if suffix == ".webp" else {}
    image = Image.fromarray(noise((8, 11, 3)))
    exif = b"Exif\x00\x00" + exif_block(orientation)
    image.save(tmp_path / f"a{suffix}", exif=exif, **options)
    expected = np.array(ImageOps.exif_transpose(pillow(tmp_path / f"a{suffix}")))
    first, second, target = rewrite(tmp_path / f"a{suffix}")
    np.testing.assert_array_equal(first.pixels, expected)
    assert second.pixels.shape == expected.shape
    assert pillow(target).getexif()[0x0112] == 1
    assert pillow(target).getexif()[0x010F] == "A maker"


@pytest.mark.parametrize("orientation", range(1, 9))
def test_tiff_orientation_agrees_with_pillow(tmp_path, orientation):
    samples = noise((5, 8, 4))
    tifffile.imwrite(
        tmp_path / "a.tif",
        samples,
        photometric="rgb",
        extrasamples=["unassalpha"],
        resolution=(300, 100),
        resolutionunit="INCH",
        extratags=[(274, "H", 1, orientation, True)],
    )
    image = Image.fromarray(samples)
    image.getexif()[0x0112] = orientation
    expected = np.array(ImageOps.exif_transpose(image))
    first, second, target = rewrite(tmp_path / "a.tif")
    np.testing.assert_array_equal(np.dstack([first.pixels, first.alpha]), expected)
    assert_same(second, first)
    assert second.metadata.dpi == ((300, 100) if orientation < 5 else (100, 300))
    with tifffile.TiffFile(target) as file:
        assert file.pages[0].tags.valueof(274) in (None, 1)


def test_damaged_exif_does_not_hide_the_picture(tmp_path):
    source = picture((3, 4), exif=b"II*\x00\xff\xff\xff\x00")
    write_picture(tmp_path / "a.png", source)
    assert_same(read_picture(tmp_path / "a.png"), source)
