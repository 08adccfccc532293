"""Every bad file gets one clear sentence."""

import contextlib
import errno
import io
import struct
import zlib
from pathlib import Path

import numpy as np
import pytest
import tifffile
from PIL import Image

from picture_samples import noise, picture, sentence
from scorelet.core.errors import ImageFileError
from scorelet.data import (
    SUFFIXES,
    iter_pages,
    read_picture,
    write_picture,
)
from scorelet.data.pictures.formats.png_chunks import pack_chunk


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


@pytest.mark.parametrize("word", ["z" * 90_000, "9" * 5000, "-7", "1.5"])
def test_a_netpbm_word_that_is_no_number_is_named_in_short(tmp_path, word):
    (tmp_path / "a.pgm").write_text(f"P2 2 2 255 1 {word} 3 4")
    found = sentence(tmp_path / "a.pgm")
    assert f"holds '{word[:16]}' where a sample should be; expected whole numbers" in found


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


@pytest.mark.parametrize("dtype", ["i8", "u8", "c8"])
def test_other_sample_types_in_tiff(tmp_path, dtype):
    tifffile.imwrite(tmp_path / "a.tif", np.ones((4, 5), dtype))
    assert np.dtype(dtype).name in sentence(tmp_path / "a.tif")


def test_too_many_samples_and_volumes(tmp_path):
    tifffile.imwrite(
        tmp_path / "a.tif", noise((6, 5, 5)), photometric="minisblack", planarconfig="separate"
    )
    assert "6 samples" in sentence(tmp_path / "a.tif")
    for planes, shape in (("contig", (6, 5, 2)), ("separate", (2, 6, 5))):
        options = {"photometric": "minisblack", "planarconfig": planes, "metadata": None}
        tifffile.imwrite(tmp_path / "c.tif", noise(shape), **options)
        assert "no tag says that the second is opacity" in sentence(tmp_path / "c.tif")
    tifffile.imwrite(tmp_path / "b.tif", noise((16, 32, 32)), volumetric=True, tile=(16, 16, 16))
    assert "volume" in sentence(tmp_path / "b.tif")


@pytest.mark.parametrize("suffix", [".png", ".webp", ".gif"])
def test_animations(tmp_path, suffix):
    frames = [Image.fromarray(noise((8, 8, 3), seed=seed)) for seed in range(3)]
    path = tmp_path / f"a{suffix}"
    frames[0].save(path, save_all=True, append_images=frames[1:])
    assert "animations are" in sentence(path)


def test_damaged_files_print_nothing(tmp_path, capfd):
    whole = encoded(".tif", tmp_path)
    (tmp_path / "a.tif").write_bytes(whole[: len(whole) // 2])
    sentence(tmp_path / "a.tif")
    profile = picture((4, 4), icc=b"not a profile at all" * 20)
    write_picture(tmp_path / "a.png", profile)
    read_picture(tmp_path / "a.png")
    assert capfd.readouterr() == ("", "")
