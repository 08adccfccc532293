"""What cannot be written is refused, and leaves what was there."""

import errno
import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import imagecodecs
import numpy as np
import pytest
import tifffile

from picture_samples import SIZES, assert_same, picture, rewrite, sentence
from samples import pillow
from scorelet.core.errors import InputError
from scorelet.data import (
    SUFFIXES,
    Picture,
    check_target,
    count_pages,
    iter_pages,
    read_picture,
    suffix_for_result,
    write_pages,
    write_picture,
)


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


def test_a_full_disk_of_which_numpy_drops_the_number_is_said(tmp_path, monkeypatch):
    def refuse(*_, **__):
        raise OSError("34560 requested and 32648 written")

    monkeypatch.setattr(tifffile.TiffWriter, "write", refuse)
    assert "disk is full; expected room" in write_sentence(tmp_path / "a.tif")


@pytest.mark.slow
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
