"""Pictures of every kind come back as they were, with what their files say about them."""

import struct
from dataclasses import replace

import imagecodecs
import numpy as np
import pytest
import tifffile
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from picture_samples import KINDS, SIZES, assert_same, exif_block, noise, picture, rewrite, smooth
from samples import RGB_PROFILE, noisy, pillow
from scorelet.data import (
    Picture,
    read_picture,
    to_unit,
    write_picture,
)
from scorelet.data.pictures.formats.png_chunks import insert_chunks, iter_chunks

# ---------------------------------------------------------------- lossless round trips


@pytest.mark.parametrize("width", range(1, 6))
@pytest.mark.parametrize(("channels", "alpha"), [(1, False), (3, False), (3, True)])
@pytest.mark.parametrize("dtype", KINDS)
def test_narrow_pictures_are_written_as_png(tmp_path, width, channels, alpha, dtype):
    narrow = picture((3000, width), channels, dtype, alpha)
    write_picture(tmp_path / "a.png", narrow)
    assert_same(read_picture(tmp_path / "a.png"), narrow)


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


@pytest.mark.slow
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
        (b"cICP", bytes([9, 16, 0, 1])),
        (b"mDCV", bytes(range(24))),
        (b"cLLI", bytes(range(8))),
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
def test_a_jpeg_that_was_not_changed_stays_as_it_was_coded(
    tmp_path, mode, subsampling, progressive
):
    source = Image.fromarray(noisy(40, 50, sigma=50)).convert(mode)
    path = tmp_path / "a.jpg"
    source.save(path, quality=63, subsampling=subsampling, progressive=progressive)
    data = path.read_bytes()
    path.write_bytes(data + path.read_bytes())  # only the first picture is taken
    first, second, target = rewrite(path)
    assert target.read_bytes() == data
    assert second.metadata == first.metadata
    assert second.pixels.shape[2] == (1 if mode == "L" else 3)


@pytest.mark.parametrize("subsampling", [0, 2])
@pytest.mark.parametrize("mode", ["L", "RGB"])
@pytest.mark.parametrize("progressive", [False, True])
def test_a_jpeg_that_was_changed_has_a_quarter_of_its_steps_and_all_of_its_colour(
    tmp_path, mode, subsampling, progressive
):
    source = Image.fromarray(smooth(40, 50)).convert(mode)
    path, target = tmp_path / "a.jpg", tmp_path / "b.jpg"
    source.save(path, quality=63, subsampling=subsampling, progressive=progressive)
    picture = read_picture(path)
    write_picture(target, replace(picture, pixels=picture.pixels // 2))
    before, after = read_picture(path).metadata.jpeg, read_picture(target).metadata.jpeg
    expected = [[np.ceil(step / 4) for step in table] for table in before.tables]
    np.testing.assert_array_equal(after.tables, expected)
    assert after.progressive == progressive
    assert mode == "L" or after.subsampling == 0


def test_a_jpeg_with_bytes_between_its_segments_is_coded_anew(tmp_path):
    path = tmp_path / "a.jpg"
    Image.fromarray(smooth(16, 16)).save(path)
    data = path.read_bytes()
    place = data.index(b"\xff\xdb")
    path.write_bytes(data[:place] + b"\0" + data[place:])
    first, second, _ = rewrite(path)
    assert not first.metadata.jpeg.stored
    assert second.metadata.jpeg.stored
    np.testing.assert_allclose(second.pixels.astype(int), first.pixels, atol=2)


@pytest.mark.parametrize("quality", [75, 90])
def test_a_written_jpeg_keeps_coloured_text_and_what_was_gained(tmp_path, quality):
    """An array that is a quarter nearer to the pixels before the JPEG makes a file that is, too."""
    before = np.full((64, 64, 3), 255, np.uint8)
    before[8:56:4, 8:56] = (255, 0, 0)
    before[8:56, 9:56:5] = (0, 0, 200)
    Image.fromarray(before).save(tmp_path / "a.jpg", quality=quality)
    given = read_picture(tmp_path / "a.jpg")
    nearer = np.uint8(np.rint(given.pixels + 0.25 * (before - given.pixels.astype(float))))
    write_picture(tmp_path / "b.jpg", replace(given, pixels=nearer))
    written = read_picture(tmp_path / "b.jpg").pixels
    errors = [np.sqrt(np.mean((x - before.astype(float)) ** 2)) for x in (given.pixels, written)]
    assert errors[1] < 0.85 * errors[0]


@pytest.mark.parametrize("subsampling", [0, 2])
@pytest.mark.parametrize("rgb", [False, True])
def test_jpeg_keeps_its_colours(tmp_path, rgb, subsampling):
    source = Image.fromarray(smooth(40, 50))
    kept = {"keep_rgb": True} if rgb else {"subsampling": subsampling}
    source.save(tmp_path / "a.jpg", quality=63, **kept)
    first, second, target = rewrite(tmp_path / "a.jpg")
    assert_same(second, first)
    assert pillow(target).info.get("adobe_transform") == (0 if rgb else None)
    assert pillow(target).layer == pillow(tmp_path / "a.jpg").layer
    write_picture(target, replace(first, pixels=first.pixels // 2))
    assert pillow(target).info.get("adobe_transform") == (0 if rgb else None)
    gray = replace(first, pixels=first.pixels[..., :1])
    write_picture(tmp_path / "gray.jpg", gray)
    assert pillow(tmp_path / "gray.jpg").mode == "L"


def test_new_jpeg_has_quality_95(tmp_path):
    write_picture(tmp_path / "a.jpg", Picture(smooth(16, 16)))
    Image.fromarray(smooth(16, 16)).save(tmp_path / "b.jpg", quality=95)
    expected = pillow(tmp_path / "b.jpg").quantization
    assert pillow(tmp_path / "a.jpg").quantization == expected


def lossy_webp(path, mode="RGB", **said):
    samples = noisy(30, 41, len(mode), sigma=50)
    Image.fromarray(samples).save(path, quality=80, **said)
    return path


@pytest.mark.parametrize("mode", ["RGB", "RGBA"])
@pytest.mark.parametrize("said", [{}, {"icc_profile": RGB_PROFILE, "xmp": b"<x/>"}])
def test_lossy_webp_that_does_not_change_is_copied(tmp_path, mode, said):
    path = lossy_webp(tmp_path / "a.webp", mode, **said)
    first, second, target = rewrite(path)
    assert_same(second, first)
    assert second.metadata == first.metadata
    assert target.read_bytes() == path.read_bytes()


def test_lossy_webp_is_copied_with_what_is_said_of_it_now(tmp_path):
    first = read_picture(lossy_webp(tmp_path / "a.webp"))
    said = replace(first.metadata, exif=exif_block(), xmp=b"<x/>")
    write_picture(tmp_path / "b.webp", replace(first, metadata=said))
    second = read_picture(tmp_path / "b.webp")
    assert_same(second, first)
    assert second.metadata == said
    assert pillow(tmp_path / "b.webp").size == (41, 30)


def test_lossy_webp_that_hardly_changes_is_copied_where_that_is_nearer(tmp_path):
    """Of noise, which the second coding moves by more; a smooth picture is nearer when new."""
    first = read_picture(lossy_webp(tmp_path / "a.webp"))
    pixels = np.minimum(first.pixels, 253)
    pixels[::3] += 2
    write_picture(tmp_path / "b.webp", replace(first, pixels=pixels))
    assert_same(read_picture(tmp_path / "b.webp"), first)
    Image.fromarray(np.full((32, 32, 3), 90, "u1")).save(tmp_path / "c.webp", quality=80)
    flat = read_picture(tmp_path / "c.webp")
    write_picture(tmp_path / "d.webp", replace(flat, pixels=flat.pixels + np.uint8(2)))
    assert np.abs(read_picture(tmp_path / "d.webp").pixels - (flat.pixels + 2.0)).max() <= 1


@pytest.mark.parametrize("change", ["pixel", "size", "opacity"])
def test_lossy_webp_that_changed_stays_lossy_at_its_best(tmp_path, change):
    first = read_picture(lossy_webp(tmp_path / "a.webp", "RGBA"))
    pixels, alpha = first.pixels.copy(), first.alpha
    if change == "pixel":
        pixels[3, 4] = 255 - pixels[3, 4]
    elif change == "size":
        pixels, alpha = pixels[:20], alpha[:20]
    else:
        alpha = None
    write_picture(tmp_path / "b.webp", replace(first, pixels=pixels, alpha=alpha))
    samples = pixels if alpha is None else np.dstack([pixels, alpha])
    Image.fromarray(samples).save(tmp_path / "c.webp", quality=100, exact=True)
    assert b"VP8 " in (tmp_path / "b.webp").read_bytes()
    assert (tmp_path / "b.webp").read_bytes() == (tmp_path / "c.webp").read_bytes()


def test_converting_between_kinds_keeps_pixels_profile_and_dpi(tmp_path):
    source = picture((6, 7), 3, "u2", icc=RGB_PROFILE, dpi=(200.0, 200.0))
    write_picture(tmp_path / "a.png", source)
    write_picture(tmp_path / "b.tif", read_picture(tmp_path / "a.png"))
    write_picture(tmp_path / "c.png", read_picture(tmp_path / "b.tif"))
    last = read_picture(tmp_path / "c.png")
    assert_same(last, source)
    assert last.metadata.icc == RGB_PROFILE
    assert last.metadata.dpi == pytest.approx((200, 200), abs=0.02)


def test_metadata_can_be_replaced(tmp_path):
    source = picture((3, 3), dpi=(72.0, 72.0))
    changed = replace(source, metadata=replace(source.metadata, dpi=(300.0, 300.0)))
    write_picture(tmp_path / "a.png", changed)
    assert read_picture(tmp_path / "a.png").metadata.dpi == pytest.approx((300, 300), abs=0.02)


def test_tables_of_16_bits_become_a_quarter_too(tmp_path):
    path, target = tmp_path / "a.jpg", tmp_path / "b.jpg"
    tables = [[300] * 64, [400] * 64]
    Image.fromarray(smooth(40, 50)).convert("RGB").save(path, qtables=tables, subsampling=2)
    picture = read_picture(path)
    assert picture.metadata.jpeg.tables == tuple(map(tuple, tables))
    write_picture(target, replace(picture, pixels=picture.pixels // 2))
    assert read_picture(target).metadata.jpeg.tables == ((75,) * 64, (100,) * 64)
