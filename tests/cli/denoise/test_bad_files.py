"""Files that `scorelet denoise` cannot use are named in one sentence and stop nobody."""

import errno
import json
import os
import struct
from pathlib import Path

import numpy as np
import pytest
import tifffile
from PIL import Image

from denoise_samples import PLAIN_TIFF, errors, write_and_get, write_tiff
from samples import names, noisy, read_png, write_png
from scorelet.data.pictures.formats.png_chunks import SIGNATURE, pack_chunk


def truncated(path):
    whole = write_png(path, noisy(30, 30)).read_bytes()
    path.write_bytes(whole[: len(whole) // 2])


def huge(path):
    header = struct.pack(">IIBBBBB", 50_000, 50_000, 8, 2, 0, 0, 0)
    path.write_bytes(SIGNATURE + pack_chunk(b"IHDR", header) + pack_chunk(b"IEND", b""))


def not_finite(value):
    def write(path):
        samples = noisy(8, 8, 1, dtype="float32")
        samples[2, 3] = value
        write_tiff(path, samples)

    return write


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
def test_what_is_no_number_stays_what_it_is(shell, value):
    not_finite(value)(Path("a.tif"))
    assert shell("a.tif", "-o", "b.tif")[0] == 0
    before, after = tifffile.imread("a.tif"), tifffile.imread("b.tif")
    np.testing.assert_equal(after[2, 3], value)
    assert np.isfinite(after).sum() == np.isfinite(before).sum() == before.size - 1


def second_page_damaged(path):
    tifffile.imwrite(path, np.stack([noisy(30, 30, 1)[..., 0]] * 2), **PLAIN_TIFF)
    path.write_bytes(path.read_bytes()[:-300])


BAD = {
    "truncated.png": (truncated, "damaged or truncated"),
    "text.png": (lambda path: path.write_text("This is no picture."), "not a picture"),
    "empty.jpg": (lambda path: path.touch(), "empty (0 bytes)"),
    "huge.png": (huge, "50000 x 50000"),
    "cmyk.jpg": (lambda path: Image.new("CMYK", (9, 9)).save(path), "CMYK"),
    "cmyk.tif": (lambda path: Image.new("CMYK", (9, 9)).save(path), "expected gray or RGB"),
    "pages.tif": (second_page_damaged, "damaged"),
}


@pytest.mark.parametrize("name", BAD)
def test_a_bad_file_alone_is_one_sentence_and_nothing_done(shell, name):
    write, words = BAD[name]
    write(Path(name))
    before = names(".")
    status, stdout, stderr = shell(name)
    assert (status, stdout) == (2, "")
    (line,) = stderr.splitlines()
    (sentence,) = errors(stderr)
    assert line == f"error: {sentence}"
    assert sentence.startswith(name)
    assert words in sentence
    assert names(".") == before


def test_bad_files_do_not_stop_the_others(shell, denoised):
    samples = write_and_get("in/good.png")
    for name, (write, _) in BAD.items():
        write(Path("in") / name)
    last = write_and_get("in/zzz.png", seed=1)
    status, stdout, stderr = shell("in", "-o", "out", "--json")
    assert status == 1
    assert names("out") == ["good.png", "zzz.png"]
    np.testing.assert_array_equal(read_png(Path("out/good.png")), denoised(samples))
    np.testing.assert_array_equal(read_png(Path("out/zzz.png")), denoised(last))
    document = json.loads(stdout)
    assert [report["input"] for report in document["files"]] == ["in/good.png", "in/zzz.png"]
    assert [failure["input"] for failure in document["failed"]] == sorted(f"in/{n}" for n in BAD)
    assert errors(stderr) == [failure["error"] for failure in document["failed"]]


@pytest.mark.parametrize("paths", [["none.png"], ["none.png", "other.png"]])
def test_files_that_do_not_exist(shell, paths):
    status, _, stderr = shell(*paths)
    assert status == 2
    assert all(f"no file or folder {p}" in e for p, e in zip(paths, errors(stderr), strict=True))


def test_a_folder_without_pictures(shell):
    Path("in").mkdir()
    Path("in/note.txt").touch()
    status, _, stderr = shell("in")
    assert status == 2
    assert "in contains no pictures" in errors(stderr)[0]
    assert names(".") == ["in/note.txt"]


def test_a_file_that_may_not_be_read(shell, monkeypatch):
    write_and_get("in/a.png")
    write_and_get("in/b.png")
    opened = Path.open

    def refuse(path, *args, **kwargs):
        if path.name == "b.png":
            raise PermissionError(errno.EACCES, os.strerror(errno.EACCES))
        return opened(path, *args, **kwargs)

    monkeypatch.setattr(Path, "open", refuse)  # modes do not stop root
    status, _, stderr = shell("in")
    assert status == 1
    (sentence,) = errors(stderr)
    assert sentence.startswith("in/b.png may not be read (permission denied)")
    assert names("in_denoised") == ["a.png"]
