"""How large a picture may be, and what reading one costs."""

import io
import struct
import subprocess
import sys
import zlib

import numpy as np
import pytest
import tifffile
from PIL import Image

from samples import environment
from scorelet.core.errors import ImageFileError, InputError
from scorelet.data import MAX_PIXELS, iter_pages, read_picture
from scorelet.data.pictures.errors import RefusedError
from scorelet.data.pictures.formats.png_chunks import SIGNATURE, pack_chunk
from scorelet.data.pictures.limits import FREE_BYTES, MAX_RATIO, VARIABLE, Limits, limits


def refusal(limit=None, *, size=(100, 100), pixel_bytes=1, file_bytes=10**9):
    with pytest.raises(RefusedError) as caught:
        (limit or Limits()).check(*size, pixel_bytes=pixel_bytes, file_bytes=file_bytes)
    return str(caught.value)


def test_the_ratio_bounds_what_a_small_file_may_claim():
    free = FREE_BYTES // 4
    assert free < MAX_PIXELS
    Limits().check(free, 1, pixel_bytes=4, file_bytes=1)
    said = refusal(size=(free + 1, 1), pixel_bytes=4, file_bytes=1)
    assert "268 MB" in said
    assert f"{VARIABLE}={free + 1}" in said
    wide = 2 * free
    Limits().check(wide, 1, pixel_bytes=4, file_bytes=-(-wide * 4 // MAX_RATIO))
    refusal(size=(wide, 1), pixel_bytes=4, file_bytes=wide * 4 // MAX_RATIO - 1)


def test_pixels_are_bounded_whatever_the_file():
    Limits().check(MAX_PIXELS, 1, pixel_bytes=1, file_bytes=10**9)
    assert "400,000,000" in refusal(size=(MAX_PIXELS + 1, 1))
    for size in ((0, 1), (1, 0), (-1, 5)):
        assert "at least 1 x 1" in refusal(size=size)


def test_who_says_a_number_is_believed(monkeypatch):
    assert limits() == Limits(MAX_PIXELS, MAX_RATIO)
    assert limits(10) == Limits(10, None)
    monkeypatch.setenv(VARIABLE, "1_000_000_000")
    assert limits() == Limits(10**9, None)
    assert limits(10, gaps=True) == Limits(10, None, gaps=True)
    limits().check(30_000, 30_000, pixel_bytes=8, file_bytes=1)
    monkeypatch.setenv(VARIABLE, " ")
    assert limits() == Limits()


@pytest.mark.parametrize("said", ["many", "0", "-5", "1e9", "10 MB"])
def test_a_variable_that_is_no_number(tmp_path, monkeypatch, said):
    monkeypatch.setenv(VARIABLE, said)
    with pytest.raises(InputError, match=f"{VARIABLE} is '{said}'; expected a number of pixels"):
        list(iter_pages(tmp_path / "a.png"))


def blank_png(side, *, bits=1, colour_type=0):
    """A picture of zeros in very few bytes."""
    channels = {0: 1, 2: 3, 3: 1, 4: 2, 6: 4}[colour_type]
    header = struct.pack(">IIBBBBB", side, side, bits, colour_type, 0, 0, 0)
    packer = zlib.compressobj(9)
    row = bytes(1 + -(-side * bits * channels // 8))
    rows = b"".join(packer.compress(row * 100) for _ in range(side // 100)) + packer.flush()
    return b"".join(
        [
            SIGNATURE,
            pack_chunk(b"IHDR", header),
            pack_chunk(b"PLTE", bytes(6)) if colour_type == 3 else b"",
            pack_chunk(b"IDAT", rows),
            pack_chunk(b"IEND", b""),
        ]
    )


def blank_webp(side):
    stream = io.BytesIO()
    Image.new("RGB", (side, side)).save(stream, "WEBP", lossless=True, method=0)
    return stream.getvalue()


def blank_tiff(side):
    stream = io.BytesIO()
    tifffile.imwrite(stream, np.zeros((side, side), bool), compression="zlib", rowsperstrip=side)
    return stream.getvalue()


HOSTILE = {
    "1.png": lambda: blank_png(19_000),
    "rgba16.png": lambda: blank_png(6000, bits=16, colour_type=6),
    "palette.png": lambda: blank_png(19_000, colour_type=3),
}

PROGRAM = """
import resource, sys
from scorelet.core.errors import ImageFileError
from scorelet.data import iter_pages
import imagecodecs, tifffile, PIL.Image
limit = int(sys.argv[2]) or None
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
try:
    for page in iter_pages(sys.argv[1], max_pixels=limit):
        print(page.pixels.nbytes + (0 if page.alpha is None else page.alpha.nbytes))
except ImageFileError as error:
    print(error)
print((resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) * 1024)
"""


def peak(path, limit=0):
    """(what was said, bytes of memory that reading took beyond the libraries)."""
    command = [sys.executable, "-c", PROGRAM, str(path), str(limit)]
    done = subprocess.run(command, capture_output=True, text=True, env=environment(), check=True)
    assert done.stderr == ""
    said, memory = done.stdout.strip().rsplit("\n", 1)
    return said, int(memory)


linux = pytest.mark.skipif(sys.platform != "linux", reason="ru_maxrss has other units elsewhere")


@pytest.mark.slow
@linux
@pytest.mark.parametrize("name", ["1.png", "rgba16.png", "palette.png"])
def test_a_hostile_header_takes_no_memory(tmp_path, name):
    path = tmp_path / name
    path.write_bytes(HOSTILE[name]())
    assert path.stat().st_size < 500_000
    said, memory = peak(path)
    assert "MB in memory for a file of" in said
    assert memory < 20e6


@pytest.mark.slow
@linux
@pytest.mark.parametrize(
    ("name", "made"),
    [
        ("gray.png", lambda: blank_png(8000)),
        ("palette.png", lambda: blank_png(4000, colour_type=3)),
        ("rgba16.png", lambda: blank_png(3000, bits=16, colour_type=6)),
        ("a.pbm", lambda: b"P4 8000 8000\n" + bytes(8_000_000)),
        ("a.pgm", lambda: b"P5 5000 5000 1023\n" + bytes(50_000_000)),
        ("a.tif", lambda: blank_tiff(8000)),
        ("a.webp", lambda: blank_webp(4000)),
    ],
)
def test_reading_takes_three_times_the_picture_at_most(tmp_path, name, made):
    path = tmp_path / name
    path.write_bytes(made())
    said, memory = peak(path)
    assert memory < 3 * int(said) + path.stat().st_size + 20e6


@pytest.mark.slow
@linux
def test_the_limit_is_lifted_by_who_asks(tmp_path):
    (tmp_path / "a.png").write_bytes(blank_png(17_000))
    with pytest.raises(ImageFileError, match="289 MB in memory"):
        read_picture(tmp_path / "a.png")
    said, _ = peak(tmp_path / "a.png", 17_000**2)
    assert int(said) == 17_000**2
