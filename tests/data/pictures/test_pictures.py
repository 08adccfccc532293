"""Pictures: every kind comes back as it was, every bad file gets one clear sentence."""

import contextlib
import errno
import io
import os
import struct
import subprocess
import sys
import weakref
import zlib
from dataclasses import replace
from pathlib import Path

import imagecodecs
import numpy as np
import pytest
import tifffile
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image, ImageCms, ImageOps

from scorelet.core.errors import ImageFileError, InputError
from scorelet.data import (
    SUFFIXES,
    Picture,
    PictureMetadata,
    check_target,
    count_pages,
    find_pictures,
    from_unit,
    iter_pages,
    read_picture,
    suffix_for_result,
    to_unit,
    write_pages,
    write_picture,
)
from scorelet.data.pictures.formats.png_chunks import insert_chunks, iter_chunks, pack_chunk

RGB_PROFILE = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
SIZES = [(1, 1), (1, 9), (9, 1), (13, 10)]
KINDS = ["u1", "u2"]


def noise(shape, dtype="u1", seed=0):
    dtype = np.dtype(dtype)
    rng = np.random.default_rng(seed)
    if dtype.kind == "f":
        return rng.normal(0.4, 2.0, shape).astype(dtype)
    return rng.integers(0, np.iinfo(dtype).max, shape, dtype=dtype, endpoint=True)


def pillow(path):
    """The file as Pillow sees it, without keeping it open."""
    return Image.open(io.BytesIO(path.read_bytes()))


def smooth(height, width):
    y, x = np.mgrid[:height, :width]
    return np.stack([y * 3, x * 2, y + x], axis=-1).clip(0, 255).astype(np.uint8)


def exif_block(orientation=1):
    exif = Image.Exif()
    exif[0x010F] = "A maker"
    exif[0x0112] = orientation
    return exif.tobytes().removeprefix(b"Exif\x00\x00")


def picture(shape, channels=3, dtype="u1", alpha=False, **metadata):
    plane = noise(shape, dtype, seed=1) if alpha else None
    return Picture(noise((*shape, channels), dtype), plane, PictureMetadata(**metadata))


def assert_same(got, expected):
    np.testing.assert_array_equal(got.pixels, expected.pixels)
    assert got.pixels.dtype == expected.pixels.dtype
    assert (got.alpha is None) == (expected.alpha is None)
    if expected.alpha is not None:
        np.testing.assert_array_equal(got.alpha, expected.alpha)
        assert got.alpha.dtype == expected.alpha.dtype


def rewrite(path):
    """Read, write under another name with the same suffix, read again."""
    first = read_picture(path)
    target = path.with_name(f"again{path.suffix}")
    write_picture(target, first)
    second = read_picture(target)
    return first, second, target


def sentence(path, call=read_picture):
    """The message of the error; the path starts it and one full stop ends it."""
    with pytest.raises(ImageFileError) as caught:
        call(path)
    text = str(caught.value)
    assert text.startswith(str(path))
    assert text.endswith(".")
    assert "\n" not in text
    return text.removeprefix(str(path))


# ---------------------------------------------------------------- units


@pytest.mark.parametrize("dtype", ["uint8", "uint16"])
def test_units_invert_each_other_for_every_integer(dtype):
    every = np.arange(np.iinfo(dtype).max + 1).astype(dtype)
    unit = to_unit(every)
    assert unit.dtype == np.float32
    assert (unit.min(), unit.max()) == (0.0, 1.0)
    np.testing.assert_array_equal(from_unit(unit, dtype), every)


def test_from_unit_clips_and_rounds_integers_but_not_floats():
    x = np.array([-3.0, 0.4999 / 255, 0.5001 / 255, 7.0])
    assert from_unit(x, np.uint8).tolist() == [0, 0, 1, 255]
    assert from_unit(x, "float32").tolist() == x.astype(np.float32).tolist()
    assert to_unit(x) is x
    half = from_unit(np.ones(2, np.float16), np.uint16)
    assert half.tolist() == [65535, 65535]


def test_units_refuse_what_they_cannot_express():
    with pytest.raises(InputError, match="1 NaN"):
        from_unit(np.array([0.0, np.nan]), np.uint8)
    with pytest.raises(InputError, match="int32"):
        from_unit(np.zeros(1), np.int32)
    with pytest.raises(InputError, match="int64"):
        to_unit(np.zeros(1, np.int64))


def test_picture_checks_its_arrays():
    assert picture((2, 3), dtype="u2").scale == 65535.0
    assert picture((2, 3), dtype="f4").scale == 1.0
    for shape in [(2, 3), (2, 3, 2), (2, 3, 4), (0, 3, 1)]:
        with pytest.raises(InputError, match="shape"):
            Picture(np.zeros(shape, np.uint8))
    with pytest.raises(InputError, match="int32"):
        Picture(np.zeros((2, 3, 1), np.int32))
    with pytest.raises(InputError, match="Alpha"):
        Picture(np.zeros((2, 3, 1), np.uint8), np.zeros((2, 3), np.uint16))


# ---------------------------------------------------------------- lossless round trips


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("alpha", [False, True])
@pytest.mark.parametrize("channels", [1, 3])
@pytest.mark.parametrize(
    ("suffix", "dtype"),
    [
        (".png", "u1"),
        (".png", "u2"),
        (".tif", "u1"),
        (".TIFF", "u2"),
        (".tif", "f4"),
        (".tif", "f8"),
    ],
)
def test_lossless_round_trip(tmp_path, suffix, dtype, channels, alpha, size):
    expected = picture(size, channels, dtype, alpha)
    path = tmp_path / f"a{suffix}"
    write_picture(path, expected)
    first, second, _ = rewrite(path)
    assert_same(first, expected)
    assert_same(second, expected)


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("alpha", [False, True])
def test_webp_lossless_round_trip(tmp_path, alpha, size):
    expected = picture(size, 3, "u1", alpha)
    if alpha:
        expected.alpha[0, 0] = 7  # the encoder drops an alpha that is opaque everywhere
    write_picture(tmp_path / "a.webp", expected)
    first, second, target = rewrite(tmp_path / "a.webp")
    assert_same(first, expected)
    assert_same(second, expected)
    assert b"VP8L" in target.read_bytes()


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize(
    ("suffix", "channels", "dtype"),
    [
        (".bmp", 1, "u1"),
        (".bmp", 3, "u1"),
        (".pgm", 1, "u1"),
        (".pgm", 1, "u2"),
        (".ppm", 3, "u1"),
        (".ppm", 3, "u2"),
        (".pnm", 1, "u2"),
    ],
)
def test_plain_kinds_round_trip(tmp_path, suffix, channels, dtype, size):
    expected = picture(size, channels, dtype)
    path = tmp_path / f"a{suffix}"
    write_picture(path, expected)
    first, second, _ = rewrite(path)
    assert_same(first, expected)
    assert_same(second, expected)


@settings(max_examples=25, deadline=None, derandomize=True)
@given(
    height=st.integers(1, 6),
    width=st.integers(1, 6),
    channels=st.sampled_from([1, 3]),
    alpha=st.booleans(),
    suffix=st.sampled_from([".png", ".tif"]),
    seed=st.integers(0, 99),
)
def test_any_size_round_trips(tmp_path_factory, height, width, channels, alpha, suffix, seed):
    plane = noise((height, width), "u2", seed + 1) if alpha else None
    expected = Picture(noise((height, width, channels), "u2", seed), plane)
    path = tmp_path_factory.mktemp("any") / f"a{suffix}"
    write_picture(path, expected)
    assert_same(read_picture(path), expected)


def test_every_16_bit_value_survives_png(tmp_path):
    ramp = np.arange(65536, dtype=np.uint16).reshape(256, 256, 1)
    write_picture(tmp_path / "a.png", Picture(ramp))
    np.testing.assert_array_equal(read_picture(tmp_path / "a.png").pixels, ramp)
    independent = np.array(pillow(tmp_path / "a.png")).astype(np.uint16)
    np.testing.assert_array_equal(independent, ramp[..., 0])


def test_float16_tiff_is_float32_in_memory_and_half_on_disk(tmp_path):
    values = noise((5, 7), "f2")
    tifffile.imwrite(tmp_path / "a.tif", values)
    first, second, target = rewrite(tmp_path / "a.tif")
    assert first.pixels.dtype == np.float32
    assert_same(second, first)
    np.testing.assert_array_equal(tifffile.imread(target), values)


def test_float_result_of_a_16_bit_source_stays_float32(tmp_path):
    write_picture(tmp_path / "a.tif", picture((5, 7), 1, "u2"))
    source = read_picture(tmp_path / "a.tif")
    result = replace(source, pixels=to_unit(source.pixels))
    write_picture(tmp_path / "b.tif", result)
    assert_same(read_picture(tmp_path / "b.tif"), result)


# ---------------------------------------------------------------- metadata


@pytest.mark.parametrize("dtype", KINDS)
@pytest.mark.parametrize("suffix", [".png", ".tif"])
def test_profile_exif_and_dpi_survive(tmp_path, suffix, dtype):
    source = picture((4, 5), 3, dtype, icc=RGB_PROFILE, exif=exif_block(), dpi=(300.0, 150.0))
    write_picture(tmp_path / f"a{suffix}", source)
    _, second, target = rewrite(tmp_path / f"a{suffix}")
    assert second.metadata.icc == RGB_PROFILE
    assert second.metadata.dpi == pytest.approx((300, 150), abs=0.02)  # PNG: whole pixels/metre
    if suffix == ".png":
        assert second.metadata.exif == exif_block()
        if dtype == "u1":
            assert pillow(target).getexif()[0x010F] == "A maker"
            assert pillow(target).info["icc_profile"] == RGB_PROFILE


@pytest.mark.parametrize("suffix", [".jpg", ".webp"])
def test_profile_and_exif_survive_in_lossy_kinds(tmp_path, suffix):
    options = {"icc_profile": RGB_PROFILE, "exif": b"Exif\x00\x00" + exif_block()}
    if suffix == ".jpg":
        options["dpi"] = (300, 150)
    Image.fromarray(smooth(20, 30)).save(tmp_path / f"a{suffix}", quality=80, **options)
    _, second, target = rewrite(tmp_path / f"a{suffix}")
    assert second.metadata.icc == RGB_PROFILE
    assert second.metadata.exif == exif_block()
    assert pillow(target).getexif()[0x010F] == "A maker"
    if suffix == ".jpg":
        assert second.metadata.dpi == (300.0, 150.0)


def test_png_chunks_about_colour_survive(tmp_path):
    chunks = [
        (b"gAMA", struct.pack(">I", 45455)),
        (b"cHRM", struct.pack(">8I", *range(30000, 30008))),
        (b"pHYs", struct.pack(">IIB", 3, 2, 0)),
    ]
    plain = imagecodecs.png_encode(noise((4, 5, 3), "u2"))
    (tmp_path / "a.png").write_bytes(insert_chunks(bytes(plain), chunks))
    first, _, target = rewrite(tmp_path / "a.png")
    assert first.metadata.dpi is None
    found = dict(iter_chunks(target.read_bytes()))
    for name, content in chunks:
        assert found[name] == content


def test_gray_picture_does_not_keep_an_rgb_profile(tmp_path):
    for suffix in (".png", ".tif", ".jpg"):
        path = tmp_path / f"a{suffix}"
        write_picture(path, picture((4, 5), 1, icc=RGB_PROFILE))
        assert read_picture(path).metadata.icc is None


def test_tiff_keeps_compression_texts_resolution_and_offsets(tmp_path):
    tifffile.imwrite(
        tmp_path / "a.tif",
        noise((40, 50), "u2"),
        compression="zstd",
        predictor=True,
        resolution=(120.5, 60),
        resolutionunit="CENTIMETER",
        description="two µm".encode(),
        software="scope",
        metadata=None,
        bigtiff=True,
    )
    first, _, target = rewrite(tmp_path / "a.tif")
    assert first.metadata.dpi == pytest.approx((306.07, 152.4))
    with tifffile.TiffFile(target) as file:
        page = file.pages[0]
        assert file.is_bigtiff
        assert (page.compression.name, page.predictor) == ("ZSTD", 2)
        assert page.resolution == (120.5, 60)
        assert page.resolutionunit == 3
        assert page.description == "two µm"
        assert page.software == "scope"


@pytest.mark.parametrize("subsampling", [0, 1, 2])
@pytest.mark.parametrize("mode", ["L", "RGB"])
@pytest.mark.parametrize("progressive", [False, True])
def test_jpeg_keeps_its_quantisation(tmp_path, mode, subsampling, progressive):
    source = Image.fromarray(smooth(40, 50)).convert(mode)
    source.save(tmp_path / "a.jpg", quality=63, subsampling=subsampling, progressive=progressive)
    _, second, target = rewrite(tmp_path / "a.jpg")
    before, after = pillow(tmp_path / "a.jpg"), pillow(target)
    assert after.quantization == before.quantization
    assert mode == "L" or after.layer == before.layer
    assert bool(after.info.get("progressive")) == progressive
    assert second.pixels.shape[2] == (1 if mode == "L" else 3)


def test_new_jpeg_has_quality_95(tmp_path):
    write_picture(tmp_path / "a.jpg", Picture(smooth(16, 16)))
    Image.fromarray(smooth(16, 16)).save(tmp_path / "b.jpg", quality=95)
    expected = pillow(tmp_path / "b.jpg").quantization
    assert pillow(tmp_path / "a.jpg").quantization == expected


def test_lossy_webp_stays_lossy(tmp_path):
    Image.fromarray(smooth(30, 40)).save(tmp_path / "a.webp", quality=80)
    first, second, target = rewrite(tmp_path / "a.webp")
    assert not second.metadata.webp_lossless
    assert b"VP8 " in target.read_bytes()
    # Quality 95 of a smooth ramp: chroma is halved in size, so a few levels are normal.
    assert np.abs(first.pixels.astype(int) - second.pixels).mean() < 3


def test_converting_between_kinds_keeps_pixels_profile_and_dpi(tmp_path):
    source = picture((6, 7), 3, "u2", icc=RGB_PROFILE, dpi=(200.0, 200.0))
    write_picture(tmp_path / "a.png", source)
    write_picture(tmp_path / "b.tif", read_picture(tmp_path / "a.png"))
    write_picture(tmp_path / "c.png", read_picture(tmp_path / "b.tif"))
    last = read_picture(tmp_path / "c.png")
    assert_same(last, source)
    assert last.metadata.icc == RGB_PROFILE
    assert last.metadata.dpi == pytest.approx((200, 200), abs=0.02)


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


# ---------------------------------------------------------------- pages


def mixed_pages():
    yield picture((3, 4), 1, "u1")
    yield picture((5, 2), 3, "u2", alpha=True)
    yield picture((1, 1), 1, "f4")
    yield picture((6, 7), 3, "f8")


def test_pages_of_different_sizes_and_types(tmp_path):
    path = tmp_path / "a.tif"
    write_pages(path, mixed_pages())
    again = tmp_path / "b.tif"
    write_pages(again, iter_pages(path))
    for got, expected in zip(iter_pages(again), mixed_pages(), strict=True):
        assert_same(got, expected)
    with tifffile.TiffFile(again) as file:
        assert len(file.pages) == 4
    assert "4 pages" in sentence(path)
    assert "save the wanted page" in sentence(path)


def test_pages_are_read_and_written_one_at_a_time(tmp_path):
    path, again = tmp_path / "a.tif", tmp_path / "b.tif"
    pages = [weakref.ref(picture((4, 4)))]
    most = 0

    def watched(source):
        nonlocal most
        for page in source:
            pages.append(weakref.ref(page))
            most = max(most, sum(ref() is not None for ref in pages))
            yield page

    write_pages(path, watched(picture((4, 4)) for _ in range(9)))
    write_pages(again, watched(iter_pages(path)))
    # The first page, the one being written and the one being made.
    assert most <= 3
    reader = iter_pages(path)
    next(reader)
    reader.close()


def test_imagej_stack_keeps_its_description(tmp_path):
    tifffile.imwrite(tmp_path / "a.tif", noise((3, 6, 7), "u2"), imagej=True)
    write_pages(tmp_path / "b.tif", iter_pages(tmp_path / "a.tif"))
    np.testing.assert_array_equal(tifffile.imread(tmp_path / "b.tif"), noise((3, 6, 7), "u2"))
    with tifffile.TiffFile(tmp_path / "b.tif") as file:
        assert file.imagej_metadata["images"] == 3


def test_only_tiff_has_several_pages(tmp_path):
    with pytest.raises(InputError, match="one page only"):
        write_pages(tmp_path / "a.png", [picture((2, 2)), picture((2, 2))])
    with pytest.raises(InputError, match="no pages"):
        write_pages(tmp_path / "a.tif", [])
    assert list(tmp_path.iterdir()) == []


def test_the_callers_own_error_passes_unchanged(tmp_path):
    def pages():
        yield picture((2, 2))
        raise OSError(errno.ENOSPC, "mine")

    with pytest.raises(OSError, match="mine") as caught:
        write_pages(tmp_path / "a.tif", pages())
    assert not isinstance(caught.value, ImageFileError)
    assert list(tmp_path.iterdir()) == []


# ---------------------------------------------------------------- bad input


def test_missing_folder_empty_and_foreign_files(tmp_path):
    assert "does not exist" in sentence(tmp_path / "none.png")
    assert "is a folder" in sentence(tmp_path)
    (tmp_path / "file.txt").write_text("hello, I am a text")
    assert "not a picture" in sentence(tmp_path / "file.txt")
    assert "does not exist" in sentence(tmp_path / "file.txt" / "a.png")
    (tmp_path / "empty.png").touch()
    assert "empty (0 bytes)" in sentence(tmp_path / "empty.png")
    assert "device" in sentence(Path("/dev/null"))


def test_unreadable_file(tmp_path, monkeypatch):
    write_picture(tmp_path / "a.png", picture((2, 2)))

    def refuse(*_, **__):
        raise PermissionError(errno.EACCES, "Permission denied")

    monkeypatch.setattr(Path, "open", refuse)  # modes do not stop root
    assert "permission" in sentence(tmp_path / "a.png")


def encoded(suffix, tmp_path):
    path = tmp_path / f"whole{suffix}"
    write_picture(path, picture((40, 52)))  # rows of 156 bytes: a BMP needs no padding
    return path.read_bytes()


@pytest.mark.parametrize("suffix", [".png", ".jpg", ".webp", ".tif", ".bmp", ".ppm"])
def test_truncated_files_raise_at_every_length(tmp_path, suffix):
    whole = encoded(suffix, tmp_path)
    path = tmp_path / f"cut{suffix}"
    lengths = {*range(1, 64, 3), *range(64, len(whole), len(whole) // 40), len(whole) - 1}
    for length in sorted(lengths - {len(whole)}):
        path.write_bytes(whole[:length])
        sentence(path)


def test_truncated_jpeg_progressive_and_uncompressed_tiff(tmp_path):
    Image.fromarray(noise((40, 50, 3))).save(tmp_path / "a.jpg", progressive=True)
    tifffile.imwrite(tmp_path / "a.tif", noise((9, 40, 50), "u2"), photometric="minisblack")
    for path in (tmp_path / "a.jpg", tmp_path / "a.tif"):
        whole = path.read_bytes()
        for part in (0.2, 0.5, 0.8, 0.99):
            path.write_bytes(whole[: int(part * len(whole))])
            sentence(path, lambda path: list(iter_pages(path)))


@pytest.mark.parametrize("suffix", [".png", ".jpg", ".webp", ".tif", ".bmp", ".ppm"])
def test_damaged_bytes_never_raise_anything_else(tmp_path, suffix):
    whole = bytearray(encoded(suffix, tmp_path))
    rng = np.random.default_rng(3)
    for _ in range(60):
        damaged = bytearray(whole)
        for place in rng.integers(0, min(len(whole), 400), 4):
            damaged[place] = rng.integers(256)
        path = tmp_path / f"damaged{suffix}"
        path.write_bytes(damaged)
        with contextlib.suppress(ImageFileError):
            list(iter_pages(path))


def test_wrong_check_sum_and_short_pixel_stream_in_png(tmp_path):
    whole = encoded(".png", tmp_path)
    place = whole.index(b"IDAT") + 30
    path = tmp_path / "a.png"
    path.write_bytes(whole[:place] + bytes([whole[place] ^ 1]) + whole[place + 1 :])
    assert "check sum" in sentence(path)
    header = pack_chunk(b"IHDR", struct.pack(">IIBBBBB", 40, 40, 8, 0, 0, 0, 0))
    short = pack_chunk(b"IDAT", zlib.compress(bytes(41 * 20)))
    path.write_bytes(whole[:8] + header + short + pack_chunk(b"IEND", b""))
    assert "damaged or truncated" in sentence(path)


def header_only(suffix):
    """Files whose header claims 60000 x 60000 pixels."""
    if suffix == ".png":
        header = pack_chunk(b"IHDR", struct.pack(">IIBBBBB", 60000, 60000, 8, 0, 0, 0, 0))
        return b"\x89PNG\r\n\x1a\n" + header + pack_chunk(b"IEND", b"")
    if suffix == ".ppm":
        return b"P6\n60000 60000\n255\n"
    stream = io.BytesIO()
    if suffix == ".bmp":
        Image.new("L", (2, 2)).save(stream, "BMP")
        data = bytearray(stream.getvalue())
        data[18:26] = struct.pack("<II", 60000, 60000)
        return bytes(data)
    Image.new("L", (2, 2)).save(stream, "JPEG")
    data = bytearray(stream.getvalue())
    place = data.index(b"\xff\xc0") + 5
    data[place : place + 4] = struct.pack(">HH", 60000, 60000)
    return bytes(data)


@pytest.mark.parametrize("suffix", [".png", ".jpg", ".bmp", ".ppm"])
def test_huge_claims_are_refused_before_decoding(tmp_path, suffix):
    (tmp_path / f"a{suffix}").write_bytes(header_only(suffix))
    text = sentence(tmp_path / f"a{suffix}")
    assert "60000 x 60000" in text
    assert "400,000,000" in text


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_the_limit_can_be_set_and_pillows_own_stays(tmp_path, suffix):
    limit = Image.MAX_IMAGE_PIXELS
    write_picture(tmp_path / f"a{suffix}", picture((10, 10), 1))
    text = sentence(tmp_path / f"a{suffix}", lambda path: read_picture(path, max_pixels=99))
    assert "10 x 10" in text
    assert read_picture(tmp_path / f"a{suffix}", max_pixels=100).pixels.shape[:2] == (10, 10)
    assert limit == Image.MAX_IMAGE_PIXELS


def test_pillows_bomb_limit_does_not_apply(tmp_path, monkeypatch):
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", 10)
    for suffix in SUFFIXES:
        write_picture(tmp_path / f"a{suffix}", picture((10, 10), 1))
        assert read_picture(tmp_path / f"a{suffix}").pixels.shape[:2] == (10, 10)


def test_zero_size(tmp_path):
    (tmp_path / "a.pgm").write_bytes(b"P5\n0 3\n255\n")
    assert "0 x 3" in sentence(tmp_path / "a.pgm")
    header = pack_chunk(b"IHDR", struct.pack(">IIBBBBB", 0, 3, 8, 0, 0, 0, 0))
    (tmp_path / "a.png").write_bytes(b"\x89PNG\r\n\x1a\n" + header + pack_chunk(b"IEND", b""))
    assert "0 x 3" in sentence(tmp_path / "a.png")


@pytest.mark.parametrize("dtype", ["f2", "f4", "f8"])
def test_values_that_are_not_finite_are_counted(tmp_path, dtype):
    values = noise((5, 7), dtype)
    values[0, :3] = [np.nan, np.inf, -np.inf]
    tifffile.imwrite(tmp_path / "a.tif", values)
    assert "3 of 35 values" in sentence(tmp_path / "a.tif")


def test_the_page_is_named(tmp_path):
    with tifffile.TiffWriter(tmp_path / "a.tif") as writer:
        writer.write(noise((5, 7)), metadata=None)
        writer.write(np.full((5, 7), np.nan, np.float32), metadata=None)
    text = sentence(tmp_path / "a.tif", lambda path: list(iter_pages(path)))
    assert "page 2 of 2" in text


def test_cmyk(tmp_path):
    Image.new("CMYK", (4, 4)).save(tmp_path / "a.jpg")
    assert "CMYK" in sentence(tmp_path / "a.jpg")
    Image.new("CMYK", (4, 4)).save(tmp_path / "a.tif")
    assert "convert it to RGB" in sentence(tmp_path / "a.tif")


@pytest.mark.parametrize("dtype", ["i1", "i2", "u4", "i4", "u8", "c8"])
def test_other_sample_types_in_tiff(tmp_path, dtype):
    tifffile.imwrite(tmp_path / "a.tif", np.ones((4, 5), dtype))
    assert np.dtype(dtype).name in sentence(tmp_path / "a.tif")


def test_too_many_samples_and_volumes(tmp_path):
    tifffile.imwrite(
        tmp_path / "a.tif", noise((6, 5, 5)), photometric="minisblack", planarconfig="separate"
    )
    assert "6 samples" in sentence(tmp_path / "a.tif")
    tifffile.imwrite(tmp_path / "b.tif", noise((16, 32, 32)), volumetric=True, tile=(16, 16, 16))
    assert "volume" in sentence(tmp_path / "b.tif")


@pytest.mark.parametrize("suffix", [".png", ".webp", ".gif"])
def test_animations(tmp_path, suffix):
    frames = [Image.fromarray(noise((8, 8, 3), seed=seed)) for seed in range(3)]
    path = tmp_path / f"a{suffix}"
    frames[0].save(path, save_all=True, append_images=frames[1:])
    assert "animations are" in sentence(path)


# ---------------------------------------------------------------- writing that cannot work


@pytest.mark.parametrize("suffix", [".jpg", ".webp", ".bmp"])
def test_16_bit_needs_png_or_tiff(tmp_path, suffix):
    with pytest.raises(InputError, match=r"uint16.*PNG or TIFF"):
        write_picture(tmp_path / f"a{suffix}", picture((2, 2), dtype="u2"))


@pytest.mark.parametrize("suffix", [".jpg", ".webp", ".bmp", ".png", ".ppm"])
def test_floats_need_tiff(tmp_path, suffix):
    with pytest.raises(InputError, match=r"float32.*TIFF"):
        write_picture(tmp_path / f"a{suffix}", picture((2, 2), dtype="f4"))


@pytest.mark.parametrize("suffix", [".jpg", ".ppm"])
def test_alpha_needs_a_kind_that_has_it(tmp_path, suffix):
    with pytest.raises(InputError, match="transparency"):
        write_picture(tmp_path / f"a{suffix}", picture((2, 2), alpha=True))


def test_suffix_decides_and_must_be_known(tmp_path):
    with pytest.raises(InputError, match=r"\.xyz.*\.png"):
        write_picture(tmp_path / "a.xyz", picture((2, 2)))
    with pytest.raises(InputError, match=r"\.pgm"):
        write_picture(tmp_path / "a.pgm", picture((2, 2)))
    write_picture(tmp_path / "a.PNG", picture((2, 2)))
    assert (tmp_path / "a.PNG").read_bytes()[1:4] == b"PNG"


def write_sentence(path, value=None):
    return sentence(path, lambda path: write_picture(path, value or picture((64, 64))))


def test_folder_that_is_missing_or_a_file(tmp_path):
    assert "create it first" in write_sentence(tmp_path / "none" / "a.png")
    (tmp_path / "file").touch()
    assert "its folder is a file" in write_sentence(tmp_path / "file" / "a.tif")
    (tmp_path / "b.png").mkdir()
    assert "folder of that name" in write_sentence(tmp_path / "b.png")


@pytest.mark.parametrize(
    ("number", "words"),
    [(errno.ENOSPC, "disk is full"), (errno.EROFS, "read-only"), (errno.EACCES, "permission")],
)
@pytest.mark.parametrize("suffix", [".png", ".tif"])
def test_full_or_read_only_disk_leaves_the_old_file(tmp_path, monkeypatch, suffix, number, words):
    path = tmp_path / f"a{suffix}"
    write_picture(path, picture((2, 2)))
    before = path.read_bytes()

    def refuse(*_, **__):
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr(Path, "write_bytes", refuse)
    monkeypatch.setattr(tifffile.TiffWriter, "write", refuse)
    assert words in write_sentence(path)
    assert path.read_bytes() == before
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.skipif(sys.platform == "win32", reason="limits on file size are a Unix feature")
@pytest.mark.parametrize("suffix", [".png", ".tif"])
def test_a_write_that_stops_half_way_leaves_nothing(tmp_path, suffix):
    program = """
import resource, sys
import numpy as np
from scorelet.core.errors import ImageFileError
from scorelet.data import Picture, write_pages
resource.setrlimit(resource.RLIMIT_FSIZE, (20000, 20000))
noise = np.random.default_rng(0).integers(0, 255, (100, 100, 1), dtype=np.uint8)
try:
    write_pages(sys.argv[1], [Picture(noise)] * int(sys.argv[2]))
except ImageFileError as error:
    print(error)
"""
    path = tmp_path / f"a{suffix}"
    pages = "9" if suffix == ".tif" else "1"
    if suffix == ".png":
        program = program.replace("(100, 100, 1)", "(200, 200, 1)")
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    command = [sys.executable, "-W", "error", "-c", program, str(path), pages]
    done = subprocess.run(command, capture_output=True, text=True, env=environment, check=True)
    assert "larger than allowed" in done.stdout
    assert done.stderr == ""
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(("suffix", "side"), [(".jpg", 65500), (".webp", 16383)])
def test_a_picture_may_be_as_large_as_its_kind_allows(tmp_path, suffix, side):
    path = tmp_path / f"a{suffix}"
    for shape in ((1, side, 1), (side, 1, 1)):
        write_picture(path, Picture(np.zeros(shape, np.uint8)))
        assert read_picture(path).pixels.shape[:2] == shape[:2]
    path.unlink()
    with pytest.raises(InputError, match=rf"cannot hold 1 x {side + 1} pixels.*at most {side}"):
        write_picture(path, Picture(np.zeros((side + 1, 1, 1), np.uint8)))
    assert list(tmp_path.iterdir()) == []


def test_what_an_encoder_refuses_is_one_sentence(tmp_path, monkeypatch):
    def refuse(*_, **__):
        raise RuntimeError("encoder error -2\nwhen writing image file")

    monkeypatch.setattr(imagecodecs, "png_encode", refuse)
    assert "cannot be encoded (encoder error -2)" in write_sentence(tmp_path / "a.png")
    assert list(tmp_path.iterdir()) == []


ALL_TYPES = [
    (dtype, channels, alpha)
    for dtype in ("u1", "u2", "f4", "f8")
    for channels in (1, 3)
    for alpha in (False, True)
]


@pytest.mark.parametrize("suffix", [*SUFFIXES, ".PNG", ".gif", ""])
def test_a_target_is_refused_beforehand_exactly_if_it_cannot_be_written(tmp_path, suffix):
    for dtype, channels, alpha in ALL_TYPES:
        for pages in (1, 2):
            value = picture((3, 4), channels, dtype, alpha)
            said = []
            for call in (
                lambda path, value=value, pages=pages: check_target(path, value, pages=pages),
                lambda path, value=value, pages=pages: write_pages(path, [value] * pages),
            ):
                try:
                    call(tmp_path / f"a{suffix}")
                    said.append(None)
                except InputError as error:
                    said.append(str(error))
            assert said[0] == said[1]


@pytest.mark.parametrize("count", [1, 3])
def test_pages_are_counted(tmp_path, count):
    write_pages(tmp_path / "a.tif", [picture((3, 4))] * count)
    assert count_pages(tmp_path / "a.tif") == count
    write_picture(tmp_path / "a.jpg", picture((3, 4)))
    assert count_pages(tmp_path / "a.jpg") == 1
    (tmp_path / "b.tif").write_bytes((tmp_path / "a.tif").read_bytes()[:20])
    for name in ("b.tif", "none.png"):
        sentence(tmp_path / name, count_pages)


P1, P6 = b"P1\n2 1\n1 0\n", b"P6\n1 1\n255\nabc"


@pytest.mark.parametrize(
    ("name", "content", "suffix"),
    [
        *((f"a{suffix}", suffix, suffix) for suffix in SUFFIXES),
        ("a.JPG", ".jpg", ".JPG"),
        # a suffix of which nothing is written
        *(("scan", ".tif", ".tif"), ("a.jpe", ".jpg", ".jpg"), ("a.dib", ".bmp", ".bmp")),
        *(("a.pbm", P1, ".pnm"), ("a.pam", P6, ".pnm"), ("v1.0", ".webp", ".webp")),
        # a suffix of another kind: kept where that kind can hold at least as much
        *(("a.png", ".jpg", ".png"), ("a.bmp", ".webp", ".bmp"), ("a.tif", ".png", ".tif")),
        *(("a.jpg", ".png", ".png"), ("a.jpg", ".webp", ".webp"), ("a.webp", ".png", ".png")),
        *(("a.png", ".tif", ".tif"), ("a.ppm", ".png", ".png")),
        # no picture: the reader says what is wrong with it
        *(("a.gif", b"GIF89a", ".gif"), ("a.txt", b"text", ".txt"), ("a.png", b"", ".png")),
        ("none.pbm", None, ".pbm"),
    ],
)
def test_a_result_keeps_its_suffix_wherever_it_can(tmp_path, name, content, suffix):
    path = tmp_path / name
    if isinstance(content, str):
        write_picture(tmp_path / f"b{content}", picture((3, 4), 1))
        (tmp_path / f"b{content}").rename(path)
    elif content is not None:
        path.write_bytes(content)
    assert suffix_for_result(path) == suffix
    if isinstance(content, str) or content in (P1, P6):
        write_pages(tmp_path / f"c{suffix}", iter_pages(path))
        if suffix in (".png", ".tif", ".pnm"):
            assert_same(read_picture(tmp_path / f"c{suffix}"), read_picture(path))
    assert suffix_for_result(tmp_path) == ""


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("channels", [1, 3])
def test_a_transparent_bmp_stays_one_and_pillow_sees_it(tmp_path, channels, size):
    source = picture(size, channels, alpha=True, dpi=(300.0, 150.0))
    write_picture(tmp_path / "a.bmp", source)
    expected = np.broadcast_to(source.pixels, (*size, 3))
    seen = pillow(tmp_path / "a.bmp")
    assert seen.mode == "RGBA"
    np.testing.assert_array_equal(np.array(seen), np.dstack([expected, source.alpha]))
    first, second, _ = rewrite(tmp_path / "a.bmp")
    assert_same(first, replace(source, pixels=np.ascontiguousarray(expected)))
    assert_same(second, first)
    assert second.metadata.dpi == pytest.approx((300, 150), abs=0.02)  # whole pixels per metre


def test_damaged_files_print_nothing(tmp_path, capfd):
    whole = encoded(".tif", tmp_path)
    (tmp_path / "a.tif").write_bytes(whole[: len(whole) // 2])
    sentence(tmp_path / "a.tif")
    profile = picture((4, 4), icc=b"not a profile at all" * 20)
    write_picture(tmp_path / "a.png", profile)
    read_picture(tmp_path / "a.png")
    assert capfd.readouterr() == ("", "")


# ---------------------------------------------------------------- finding


def test_find_pictures(tmp_path):
    for name in ["b.PNG", "a.tif", "sub/c.jpg", ".hidden.png", ".cache/d.png", "notes.txt"]:
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).touch()
    names = [path.relative_to(tmp_path).as_posix() for path in find_pictures(tmp_path)]
    assert names == ["a.tif", "b.PNG", "sub/c.jpg"]
    flat = find_pictures(tmp_path, recursive=False)
    assert [path.name for path in flat] == ["a.tif", "b.PNG"]


def test_find_pictures_finds_none(tmp_path):
    with pytest.raises(InputError, match=r"no pictures.*\.png"):
        find_pictures(tmp_path)
    with pytest.raises(InputError, match="no folder"):
        find_pictures(tmp_path / "none")


def test_reading_pictures_imports_neither_torch_nor_the_codecs():
    heavy = {"torch", "tifffile", "imagecodecs"}
    program = f"import sys, scorelet.data.pictures.files; print({heavy} & set(sys.modules))"
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    command = [sys.executable, "-c", program]
    done = subprocess.run(command, capture_output=True, text=True, env=environment, check=True)
    assert done.stdout.strip() == "set()"


def test_metadata_can_be_replaced(tmp_path):
    source = picture((3, 3), dpi=(72.0, 72.0))
    changed = replace(source, metadata=replace(source.metadata, dpi=(300.0, 300.0)))
    write_picture(tmp_path / "a.png", changed)
    assert read_picture(tmp_path / "a.png").metadata.dpi == pytest.approx((300, 300), abs=0.02)
