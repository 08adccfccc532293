"""`scorelet denoise`, end to end: files of every kind, folders, bad input, a killed job."""

import errno
import json
import os
import pickle
import re
import shutil
import signal
import struct
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import pytest
import tifffile
import torch
from PIL import Image, ImageOps

import scorelet as sl
from samples import (
    RGB_PROFILE,
    environment,
    exif,
    names,
    noisy,
    pillow,
    plain,
    read_png,
    write_model,
    write_png,
)
from scorelet.cli.main import run
from scorelet.data import Picture, write_picture
from scorelet.data.pictures.formats.png_chunks import SIGNATURE, pack_chunk
from scorelet.tasks.denoise import page

pytestmark = pytest.mark.usefixtures("float32")

PLAIN_TIFF = {"photometric": "minisblack", "metadata": None}


@pytest.fixture
def shell(tmp_path, monkeypatch, capsys, model):
    """Run `scorelet denoise` with the small model in an empty folder: status, stdout, stderr."""
    monkeypatch.chdir(tmp_path)

    def call(*words):
        words = [str(word) for word in words]
        status = run(["denoise", *words, *([] if "--model" in words else ["--model", model])])
        captured = capsys.readouterr()
        assert "Traceback" not in captured.err
        return status, captured.out, captured.err

    return call


@pytest.fixture
def denoised(model):
    """What `sl.denoise` makes of samples with the small model."""
    return lambda samples, **options: sl.denoise(samples, model=model, **options).image


def errors(stderr):
    """The sentences behind "error:", each a line with a full stop."""
    lines = [line for line in stderr.splitlines() if line.startswith("error: ")]
    assert all(line.endswith(".") for line in lines)
    return [line.removeprefix("error: ") for line in lines]


def write_tiff(path, samples):
    colour = samples.shape[2] > 2
    tifffile.imwrite(
        path,
        plain(samples),
        photometric="rgb" if colour else "minisblack",
        planarconfig="contig",
        extrasamples=[2] if samples.shape[2] in (2, 4) else None,
        metadata=None,
    )
    return path


CODECS = {".png": (write_png, read_png), ".tif": (write_tiff, tifffile.imread)}


# ---------------------------------------------------------------- the same kind and depth


@pytest.mark.parametrize("size", [(1, 1), (1, 37), (37, 1), (23, 34)])
@pytest.mark.parametrize("alpha", [False, True])
@pytest.mark.parametrize("channels", [1, 3])
@pytest.mark.parametrize("dtype", ["uint8", "uint16"])
@pytest.mark.parametrize("suffix", CODECS)
def test_gray_and_colour_with_and_without_alpha(
    shell, denoised, suffix, dtype, channels, alpha, size
):
    colour = noisy(*size, channels, dtype=dtype)
    opacity = noisy(*size, 1, sigma=99, seed=1, dtype=dtype)
    samples = np.concatenate([colour, opacity], axis=2) if alpha else colour
    write, read = CODECS[suffix]
    write(Path(f"a{suffix}"), samples)
    status, _, stderr = shell(f"a{suffix}", "-o", f"b{suffix}")
    assert (status, stderr) == (0, "")
    got = read(Path(f"b{suffix}"))
    assert got.dtype == dtype
    got = got.reshape(samples.shape)
    np.testing.assert_array_equal(got[..., :channels], denoised(colour))
    np.testing.assert_array_equal(got[..., channels:], samples[..., channels:])


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("unit", [1.0, 4000.0])
def test_float_tiff_keeps_its_unit(shell, denoised, model, dtype, unit):
    samples = (noisy(20, 30, 1, dtype=dtype) * unit).astype(dtype)
    write_tiff(Path("a.tif"), samples)
    status, stdout, _ = shell("a.tif", "-o", "b.tif")
    assert status == 0
    printed = re.search(r"sigma (\S+) \(in the unit of the file\)", stdout)
    assert float(printed[1]) == pytest.approx(sl.denoise(samples, model=model).sigma, rel=5e-3)
    got = tifffile.imread("b.tif")
    assert got.dtype == dtype
    np.testing.assert_array_equal(got, denoised(samples)[..., 0])
    assert (got > 1).any() == (unit > 1)


def test_palettes_become_their_colours(shell, denoised):
    picture = Image.fromarray(noisy(30, 40)).convert("P", palette=Image.Palette.ADAPTIVE, colors=16)
    picture.save("a.png")
    assert shell("a.png", "-o", "b.png")[0] == 0
    np.testing.assert_array_equal(
        read_png(Path("b.png")), denoised(np.array(picture.convert("RGB")))
    )


@pytest.mark.parametrize("mode", ["L", "RGB"])
def test_jpeg_stays_jpeg(shell, denoised, mode):
    Image.fromarray(noisy(64, 64)).convert(mode).save("a.jpg", quality=95, subsampling=0)
    assert shell("a.jpg", "-o", "b.jpg")[0] == 0
    before, after = pillow(Path("a.jpg")), pillow(Path("b.jpg"))
    assert (after.format, after.mode, after.size) == ("JPEG", mode, (64, 64))
    assert after.quantization == before.quantization
    again = Image.fromarray(denoised(np.array(before)))
    again.save("c.jpg", qtables=before.quantization, subsampling=0)
    np.testing.assert_array_equal(np.array(after), np.array(pillow(Path("c.jpg"))))


@pytest.mark.parametrize("mode", ["RGB", "RGBA"])
def test_webp_stays_webp(shell, denoised, mode):
    samples = np.concatenate([noisy(30, 40), noisy(30, 40, 1, sigma=99)], axis=2)
    samples = samples[..., : len(mode)]
    Image.fromarray(samples).save("a.webp", lossless=True, exact=True)
    assert shell("a.webp", "-o", "b.webp")[0] == 0
    after = pillow(Path("b.webp"))
    assert (after.format, after.mode) == ("WEBP", mode)
    got = np.array(after)
    np.testing.assert_array_equal(got[..., :3], denoised(samples[..., :3]))
    np.testing.assert_array_equal(got[..., 3:], samples[..., 3:])


@pytest.mark.parametrize("suffix", [".png", ".jpg", ".webp", ".tif"])
def test_the_profile_is_kept(shell, suffix):
    Image.fromarray(noisy(20, 30)).save(f"a{suffix}", icc_profile=RGB_PROFILE)
    assert shell(f"a{suffix}", "-o", f"b{suffix}")[0] == 0
    assert pillow(Path(f"b{suffix}")).info["icc_profile"] == RGB_PROFILE


@pytest.mark.parametrize("suffix", [".png", ".jpg", ".webp"])
@pytest.mark.parametrize("orientation", [1, 3, 6])
def test_exif_is_kept_and_the_picture_is_upright(shell, denoised, suffix, orientation):
    options = {"lossless": True, "exact": True} if suffix == ".webp" else {}
    Image.fromarray(noisy(20, 32)).save(f"a{suffix}", exif=exif(orientation), **options)
    assert shell(f"a{suffix}", "-o", f"b{suffix}")[0] == 0
    upright = np.array(ImageOps.exif_transpose(pillow(Path(f"a{suffix}"))))
    after = pillow(Path(f"b{suffix}"))
    assert after.getexif()[0x010F] == "A maker"
    assert after.getexif().get(0x0112, 1) == 1
    if suffix == ".jpg":
        assert after.size == upright.shape[1::-1]
    else:
        np.testing.assert_array_equal(np.array(after), denoised(upright))


def test_pages_are_done_one_by_one(shell, denoised):
    pages = [noisy(9, 12, 1), noisy(20, 15, 3, dtype="uint16"), noisy(5, 5, 1, dtype="float32")]
    with tifffile.TiffWriter("a.tif") as writer:
        for page in pages:
            kind = "rgb" if page.shape[2] == 3 else "minisblack"
            writer.write(plain(page), photometric=kind, metadata=None)
    status, stdout, stderr = shell("a.tif", "-o", "b.tif", "--json")
    assert status == 0
    with tifffile.TiffFile("b.tif") as file:
        for got, page in zip(file.pages, pages, strict=True):
            assert got.asarray().dtype == page.dtype
            np.testing.assert_array_equal(got.asarray(), plain(denoised(page)))
    (report,) = json.loads(stdout)["files"]
    assert [(page["height"], page["width"]) for page in report["pages"]] == [
        (9, 12),
        (20, 15),
        (5, 5),
    ]
    assert "a.tif page 3: sigma" in stderr


# ---------------------------------------------------------------- options


def test_strength_zero_returns_the_input_and_a_half_the_mean(shell):
    samples = write_and_get("a.png", sigma=120)
    full, half, nothing = (
        read_png(denoised_to(shell, "a.png", strength)).astype(float) for strength in (1, 0.5, 0)
    )
    np.testing.assert_array_equal(nothing, samples)
    # two roundings to integers: half a level, and half of half a level
    assert np.abs(half - (samples + full) / 2).max() <= 0.75 + 1e-2
    assert np.abs(full - samples).max() > 2


def write_and_get(name, **options):
    samples = noisy(30, 40, **options)
    write_png(Path(name), samples)
    return samples


def denoised_to(shell, name, strength):
    target = Path(f"strength{strength}.png")
    assert shell(name, "-o", target, "--strength", strength)[0] == 0
    return target


def test_tiles_do_not_show(shell):
    write_tiff(Path("a.tif"), noisy(150, 170, 1, dtype="float32"))
    for tile in ("none", "auto", "24"):
        assert shell("a.tif", "-o", f"{tile}.tif", "--tile", tile)[0] == 0
    whole = tifffile.imread("none.tif")
    for tile in ("auto", "24"):
        assert np.abs(tifffile.imread(f"{tile}.tif") - whole).max() <= 1e-5  # the promise


def test_the_noise_level_is_printed_for_each_file(shell):
    for name in ("in/a.png", "in/b.png"):
        write_and_get(name)
    status, stdout, stderr = shell("in", "-o", "out", "--model", "photo")
    assert (status, stderr) == (0, "")
    for name in ("a.png", "b.png"):
        out = sl.denoise(Path("in") / name)
        assert f"in/{name}: sigma {out.sigma * 255:.1f} -> out/{name}\n" in stdout
    assert "2 done, 0 failed" in stdout


def test_a_given_sigma_is_compared_and_has_no_effect(shell):
    write_and_get("a.png")
    shell("a.png", "-o", "plain.png")
    status, stdout, stderr = shell("a.png", "-o", "told.png", "--sigma", 25, "--json")
    assert status == 0
    assert Path("plain.png").read_bytes() == Path("told.png").read_bytes()
    (page,) = json.loads(stdout)["files"][0]["pages"]
    (warning,) = page["warnings"]
    assert f"sigma 25.0 was given, {page['sigma_8bit']:.1f} was found" in warning
    assert "had no effect" in warning
    assert f"warning: a.png: {warning}." in stderr


def test_noise_of_a_strong_jpeg_is_warned_of(shell):
    Image.fromarray(noisy(160, 160, sigma=25)).save("a.jpg", quality=30)
    status, _, stderr = shell("a.jpg", "-o", "b.jpg", "--model", "photo")
    assert status == 0
    assert "warning: a.jpg: the noise is not white" in stderr
    assert "leaves most of it in" in stderr


def test_json_is_one_document_on_stdout_and_nothing_else(shell):
    write_and_get("in/a.png")
    Path("in/b.png").write_text("nothing")
    status, stdout, stderr = shell("in", "--json")
    document = json.loads(stdout)
    assert status == 1
    assert set(document) == {"files", "failed", "seconds"}
    (report,) = document["files"]
    assert (report["input"], report["output"]) == ("in/a.png", "in_denoised/a.png")
    (page,) = report["pages"]
    assert page["sigma_8bit"] == pytest.approx(255 * page["sigma"])
    (failure,) = document["failed"]
    assert failure["input"] == "in/b.png"
    assert f"error: {failure['error']}" in stderr
    assert "in/a.png: sigma" in stderr


def test_a_dry_run_says_the_level_and_writes_nothing(shell):
    for name in ("in/a.png", "in/b.png"):
        write_and_get(name)
    before = names(".")
    status, stdout, stderr = shell("in", "--dry-run")
    assert (status, stderr) == (0, "")
    assert re.search(r"^in/a.png: sigma \d+\.\d$", stdout, re.MULTILINE)
    assert names(".") == before
    _, document, _ = shell("in", "--dry-run", "--json")
    reports = json.loads(document)["files"]
    assert [set(report) for report in reports] == [{"input", "convolutions_in", "pages"}] * 2
    _, document, _ = shell("in", "-o", "out", "--json")
    assert [r["pages"] for r in json.loads(document)["files"]] == [r["pages"] for r in reports]


def test_the_format_and_quality_of_a_folder(shell):
    for name in ("in/a.png", "in/deep/b.png"):
        write_and_get(name)
    assert shell("in", "-o", "fine", "--format", "jpeg", "--quality", 95)[0] == 0
    assert shell("in", "-o", "rough", "--format", "jpeg", "--quality", 20)[0] == 0
    assert names("fine") == ["a.jpg", "deep/b.jpg"]
    assert Path("fine/a.jpg").stat().st_size > 2 * Path("rough/a.jpg").stat().st_size
    status, _, stderr = shell("in", "-o", "png", "--quality", 95)
    assert status == 2
    assert all("quality" in sentence for sentence in errors(stderr))


def test_a_warning_of_one_kind_is_written_out_once(shell):
    for k in range(4):
        write_and_get(f"in/{k}.png")
    _, _, stderr = shell("in", "--sigma", 20)
    first, rest = stderr.splitlines()
    assert first.startswith(
        "warning: in/0.png: the given level had no effect: sigma 20.0 was given"
    )
    assert rest == "warning: 3 more: the given level had no effect (in/1.png, in/2.png, ...)."


def test_the_dtype_is_chosen_and_recorded(shell, monkeypatch):
    monkeypatch.delenv("SCORELET_DTYPE")
    write_and_get("a.png")
    for dtype in ("float32", "bfloat16"):
        _, stdout, _ = shell("a.png", "-o", f"{dtype}.png", "--dtype", dtype, "--json")
        assert json.loads(stdout)["files"][0]["convolutions_in"] == dtype
    status, _, stderr = shell("a.png", "--dtype", "half")
    assert status == 2
    assert errors(stderr) == ["dtype='half': use float32, bfloat16 or float16."]


@pytest.mark.parametrize("name", ["[Set 1] a.png", "{b}.png", "[1, 2].png", "a;b.png"])
def test_names_with_brackets(shell, name):
    write_and_get(name)
    assert shell(name)[0] == 0
    assert len(names(".")) == 2


def test_a_target_without_its_option_is_recognised(shell):
    write_and_get("a.png")
    status, _, stderr = shell("a.png", "out.jpg")
    assert status == 2
    assert "write -o out.jpg" in errors(stderr)[0]
    assert names(".") == ["a.png"]


def test_an_empty_path_is_not_the_current_folder(shell):
    write_and_get("a.png")
    for words in ([""], ["a.png", "-o", ""]):
        status, _, stderr = shell(*words)
        assert status == 2
        assert "is empty" in errors(stderr)[0]
    assert names(".") == ["a.png"]


def test_quiet_leaves_warnings_and_errors(shell):
    write_and_get("in/a.png")
    assert shell("in", "-o", "one", "--quiet") == (0, "", "")
    status, stdout, stderr = shell("in", "none.png", "-o", "two", "--quiet", "--sigma", 3)
    assert (status, stdout) == (1, "")
    assert "had no effect" in stderr
    assert errors(stderr)


def test_a_folder_has_a_progress_bar_for_people(shell, monkeypatch):
    for name in ("in/a.png", "in/b.png", "in/c.png"):
        write_and_get(name)
    assert "3/3" not in shell("in", "-o", "one")[2]  # nobody looks
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True)
    assert "3/3" in shell("in", "-o", "two")[2]
    assert "3/3" not in shell("in", "-o", "three", "--quiet")[2]


# ---------------------------------------------------------------- never over what is there


@pytest.mark.parametrize("more", [[], ["--resume"]])
def test_the_input_is_not_written_over_unless_told(shell, more):
    samples = write_and_get("a.png")
    for target in ("a.png", "./a.png"):
        status, _, stderr = shell("a.png", "-o", target, *more)
        assert status == 2
        assert "--overwrite" in errors(stderr)[0]
        np.testing.assert_array_equal(read_png(Path("a.png")), samples)
    assert shell("a.png", "-o", "a.png", "--overwrite", *more)[0] == 0
    assert (read_png(Path("a.png")) != samples).any()
    assert names(".") == ["a.png"]


def test_other_files_are_not_written_over_unless_told(shell):
    write_and_get("a.png")
    Path("b.png").write_text("mine")
    status, _, stderr = shell("a.png", "-o", "b.png")
    assert status == 2
    assert errors(stderr)[0].startswith("b.png exists already")
    assert Path("b.png").read_text() == "mine"
    assert shell("a.png", "-o", "b.png", "--overwrite")[0] == 0
    assert read_png(Path("b.png")).shape == (30, 40, 3)


def test_default_names(shell, denoised):
    samples = write_and_get("in/deep/a.png")
    assert shell("in")[0] == 0
    assert shell("in/deep/a.png")[0] == 0
    for name in ("in_denoised/deep/a.png", "in/deep/a_denoised.png"):
        np.testing.assert_array_equal(read_png(Path(name)), denoised(samples))


# ---------------------------------------------------------------- bad input


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


@pytest.mark.parametrize(
    ("number", "words"),
    [(errno.ENOSPC, "disk is full"), (errno.EROFS, "read-only"), (errno.EACCES, "permission")],
)
def test_a_full_or_read_only_disk_leaves_nothing(shell, monkeypatch, number, words):
    write_and_get("in/a.png")
    write_tiff(Path("in/b.tif"), noisy(9, 9))

    def refuse(*_, **__):
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr(
        *((os, "fsync") if number == errno.ENOSPC else (tempfile, "mkstemp")), refuse
    )
    status, _, stderr = shell("in")
    assert status == 2
    found = errors(stderr)
    assert [sentence.split()[0] for sentence in found] == ["in_denoised/a.png", "in_denoised/b.tif"]
    assert all(words in sentence for sentence in found)
    assert names("in_denoised") == []


def test_a_disk_that_is_full_for_one_file_only(shell, monkeypatch):
    for name in ("in/a.png", "in/b.png", "in/c.png"):
        write_and_get(name)
    replace = Path.replace

    def refuse(path, target):
        if target.name == "b.png":
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        return replace(path, target)

    monkeypatch.setattr(Path, "replace", refuse)
    status, _, stderr = shell("in")
    assert status == 1
    (sentence,) = errors(stderr)
    assert sentence.startswith("in_denoised/b.png cannot be written because the disk is full")
    assert names("in_denoised") == ["a.png", "c.png"]


def test_an_output_below_a_file(shell):
    write_and_get("a.png")
    Path("file").touch()
    status, _, stderr = shell("a.png", "-o", "file/b.png")
    assert status == 2
    assert errors(stderr)[0].startswith("file/b.png cannot be written")


@pytest.mark.parametrize(
    ("source", "target", "words"),
    [
        ("a.png", "b.jpg", "cannot hold uint16"),
        ("a.png", "b.gif", "suffix"),
        ("f.tif", "b.png", "cannot hold float32"),
    ],
)
def test_a_kind_that_cannot_hold_the_result(shell, source, target, words):
    write_png(Path("a.png"), noisy(9, 9, dtype="uint16"))
    write_tiff(Path("f.tif"), noisy(9, 9, dtype="float32"))
    status, _, stderr = shell(source, "-o", target)
    assert status == 2
    assert words in errors(stderr)[0]
    assert names(".") == ["a.png", "f.tif"]


@pytest.mark.parametrize(
    ("source", "target", "words"),
    [
        ("deep.png", "b.jpg", "A JPEG file cannot hold uint16 samples"),
        ("clear.png", "b.jpg", "A JPEG file cannot hold transparency"),
        ("float.tif", "b.png", "A PNG file cannot hold float32 samples"),
        ("pages.tif", "b.png", "b.png can hold one page only"),
        ("plain.png", "b.pgm", "A .pgm file cannot hold colours"),
        ("plain.png", "b.xyz", "b.xyz has the suffix '.xyz'"),
        ("wide.png", "b.webp", "A WebP file cannot hold 16384 x 1 pixels"),
    ],
)
def test_a_kind_that_cannot_hold_the_result_is_refused_before_the_work(
    shell, monkeypatch, source, target, words
):
    write_png(Path("deep.png"), noisy(9, 9, dtype="uint16"))
    write_png(Path("plain.png"), noisy(9, 9))
    write_png(Path("clear.png"), np.dstack([noisy(9, 9), noisy(9, 9, 1)]))
    write_png(Path("wide.png"), noisy(1, 16384))
    write_tiff(Path("float.tif"), noisy(9, 9, dtype="float32"))
    tifffile.imwrite("pages.tif", np.stack([noisy(9, 9, 1)[..., 0]] * 2), **PLAIN_TIFF)
    before = names(".")

    def never(*_):
        raise AssertionError("the work was begun")

    monkeypatch.setattr(page, "plan_page", never)
    status, stdout, stderr = shell(source, "-o", target)
    assert (status, stdout) == (2, "")
    (sentence,) = errors(stderr)
    assert words in sentence
    assert names(".") == before


def test_what_has_no_suffix_to_be_written_back_under_gets_one(shell, denoised):
    """A bitmap, a transparent BMP, a 16-bit PNG called .jpg, and names that say nothing."""
    Path("in").mkdir()
    Path("a.pbm").write_bytes(b"P4\n24 9\n" + bytes(range(27)))
    write_png(Path("deep.png"), noisy(9, 12, dtype="uint16")).rename("in/deep.jpg")
    write_tiff(Path("scan"), noisy(9, 12, 1, dtype="float32"))
    clear = np.dstack([noisy(9, 12), noisy(9, 12, 1, sigma=99)])
    write_picture("in/clear.bmp", Picture(clear[..., :3].copy(), clear[..., 3].copy()))
    status, stdout, stderr = shell("a.pbm", "scan", "in", "-o", "out")
    assert status == 0
    assert stderr == "warning: a.pbm has values from 0 to 1; results have 0 to 255, scaled.\n"
    assert names("out") == ["a.pnm", "clear.bmp", "deep.png", "scan.tif"]
    assert "a.pbm: sigma" in stdout
    assert "-> out/a.pnm\n" in stdout
    assert read_png(Path("out/deep.png")).dtype == "uint16"
    after = np.array(pillow(Path("out/clear.bmp")))
    np.testing.assert_array_equal(after[..., :3], denoised(clear[..., :3].copy()))
    np.testing.assert_array_equal(after[..., 3], clear[..., 3])
    assert shell("scan")[0] == 0
    assert tifffile.imread("scan_denoised.tif").dtype == "float32"


# ---------------------------------------------------------------- bad models


class Trap:
    """A pickle of it makes a folder when it is opened."""

    def __reduce__(self):
        return os.mkdir, ("trap",)


def weights_cut_short(path):
    write_model(path)
    path.write_bytes(path.read_bytes()[:-100])


BAD_MODELS = {
    "cut.safetensors": (weights_cut_short, "damaged"),
    "noise.safetensors": (lambda path: path.write_bytes(bytes(range(256)) * 9), "damaged"),
    "empty.safetensors": (lambda path: path.touch(), "damaged"),
    "foreign.safetensors": (
        lambda path: safetensors_of(path, {"weight": torch.zeros(3)}),
        "does not say of which kind",
    ),
    "pickle.safetensors": (lambda path: path.write_bytes(pickle.dumps(Trap())), "is a pickle"),
    "model.pt": (lambda path: torch.save({"weight": Trap()}, path), "is a pickle"),
    "none.safetensors": (lambda path: None, "no checkpoint"),
}


def safetensors_of(path, tensors):
    from safetensors.torch import save_file

    save_file(tensors, path)


@pytest.mark.parametrize("name", BAD_MODELS)
def test_weights_that_cannot_be_used(shell, name):
    write, words = BAD_MODELS[name]
    write(Path(name))
    write_and_get("a.png")
    before = names(".")
    status, stdout, stderr = shell("a.png", "--model", name)
    assert (status, stdout) == (2, "")
    (sentence,) = errors(stderr)
    assert name in sentence
    assert words in sentence
    assert names(".") == before
    assert not Path("trap").exists()


def test_a_gray_model_does_the_gray_pictures(shell):
    write_png(Path("in/a.png"), noisy(9, 9, 3))
    write_png(Path("in/b.png"), noisy(9, 9, 1))
    model = write_model(Path("gray.safetensors"), channels=1)
    status, _, stderr = shell("in", "--model", model)
    assert status == 1
    assert errors(stderr) == ["in/a.png: The image has 3 channels: this denoiser takes 1."]
    assert names("in_denoised") == ["b.png"]


def test_a_model_that_nobody_knows(shell):
    write_and_get("a.png")
    status, _, stderr = shell("a.png", "--model", "foto")
    assert status == 2
    assert "Unknown model 'foto'" in errors(stderr)[0]
    assert "photo" in errors(stderr)[0]
    assert names(".") == ["a.png"]


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (["--strength", "1.5"], "strength is 1.5"),
        (["--strength", "nan"], "strength is nan"),
        (["--sigma", "-3"], "--sigma -3"),
        (["--sigma", "much"], "--sigma"),
        (["--tile", "0"], "--tile 0"),
        (["--tile", "big"], "--tile big"),
        (["--device", "tpu"], "Unknown device 'tpu'"),
        (["--bogus"], "--bogus"),
    ],
)
def test_options_that_cannot_be(shell, options, words):
    write_and_get("a.png")
    status, stdout, stderr = shell("a.png", *options, "--json")
    assert (status, stdout) == (2, "")
    assert words in errors(stderr)[0]
    assert names(".") == ["a.png"]


# ---------------------------------------------------------------- going on


def test_resume_keeps_what_is_done(shell):
    for name in ("in/a.png", "in/b.png"):
        write_and_get(name)
    assert shell("in")[0] == 0
    Path("in_denoised/b.png").unlink()
    kept = Path("in_denoised/a.png").stat().st_mtime_ns
    assert shell("in")[0] == 2  # not without being told
    status, stdout, _ = shell("in", "--resume")
    assert status == 0
    assert "in_denoised/a.png (kept from before)" in stdout
    assert "in_denoised/b.png\n" in stdout
    assert Path("in_denoised/a.png").stat().st_mtime_ns == kept


def test_resuming_with_another_model_does_everything_anew(shell, tmp_path):
    write_and_get("in/a.png")
    model = write_model(tmp_path / "m.safetensors", seed=3)
    assert shell("in", "--model", model)[0] == 0
    first = Path("in_denoised/a.png").read_bytes()
    write_model(model, seed=4)  # of the same name and size
    assert shell("in", "--model", model, "--resume")[0] == 0
    assert Path("in_denoised/a.png").read_bytes() != first


def test_resuming_in_another_dtype_does_everything_anew(shell, monkeypatch):
    """bfloat16 is chosen by a measurement: a job must not become a mixture."""
    write_and_get("in/a.png")
    assert shell("in")[0] == 0
    monkeypatch.setenv("SCORELET_DTYPE", "bfloat16")
    status, stdout, _ = shell("in", "--resume")
    assert status == 0
    assert "kept from before" not in stdout
    shell("in", "-o", "fresh")
    assert Path("in_denoised/a.png").read_bytes() == Path("fresh/a.png").read_bytes()


def report(stdout):
    document = json.loads(stdout)
    del document["seconds"]
    return document


def test_killed_in_the_middle_and_resumed_is_as_if_undisturbed(shell, tmp_path, monkeypatch):
    killed, undisturbed = tmp_path / "killed", tmp_path / "undisturbed"
    for k in range(6):
        write_png(killed / "in" / f"{k}.png", noisy(160, 160, seed=k, dtype="uint16"))
    (killed / "in" / "3.png").write_text("broken")
    shutil.copytree(killed, undisturbed)

    words = ["in", "-o", "out", "--json", "--model", "photo", "--device", "cpu"]
    job = subprocess.Popen(
        [sys.executable, "-m", "scorelet", "denoise", *words],
        cwd=killed,
        env=environment(),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    until = time.monotonic() + 60
    while len(list(killed.glob("out/[0-9].png"))) < 2 and time.monotonic() < until:
        time.sleep(0.005)
    job.kill()
    assert job.wait() == -signal.SIGKILL
    done = {path.name: path.stat().st_mtime_ns for path in killed.glob("out/[0-9].png")}
    assert 2 <= len(done) < 5

    monkeypatch.chdir(undisturbed)
    status, expected, _ = shell(*words)
    assert status == 1
    monkeypatch.chdir(killed)
    status, resumed, stderr = shell(*words, "--resume")
    assert status == 1
    assert "kept from before" in stderr
    assert report(resumed) == report(expected)
    assert (
        names(killed / "out") == names(undisturbed / "out") == [f"{k}.png" for k in (0, 1, 2, 4, 5)]
    )
    for name in names(killed / "out"):
        assert (killed / "out" / name).read_bytes() == (undisturbed / "out" / name).read_bytes()
    assert (killed / "out" / "0.png").stat().st_mtime_ns == done["0.png"]  # not made again
