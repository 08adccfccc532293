"""Options and paths of `scorelet denoise`, possible and impossible."""

import json
import re
from pathlib import Path

import numpy as np
import pytest
import tifffile

from denoise_samples import errors, write_and_get, write_tiff
from samples import names, noisy, read_png


def test_strength_zero_returns_the_input_and_a_half_the_mean(shell):
    samples = write_and_get("a.png", sigma=120)
    full, half, nothing = (
        read_png(denoised_to(shell, "a.png", strength)).astype(float) for strength in (1, 0.5, 0)
    )
    np.testing.assert_array_equal(nothing, samples)
    # two roundings to integers: half a level, and half of half a level
    assert np.abs(half - (samples + full) / 2).max() <= 0.75 + 1e-2
    assert np.abs(full - samples).max() > 2


def denoised_to(shell, name, strength):
    target = Path(f"strength{strength}.png")
    assert shell(name, "-o", target, "--strength", strength)[0] == 0
    return target


@pytest.mark.slow
def test_tiles_do_not_show(shell):
    write_tiff(Path("a.tif"), noisy(150, 170, 1, dtype="float32"))
    for tile in ("none", "auto", "24"):
        assert shell("a.tif", "-o", f"{tile}.tif", "--tile", tile)[0] == 0
    whole = tifffile.imread("none.tif")
    for tile in ("auto", "24"):
        assert np.abs(tifffile.imread(f"{tile}.tif") - whole).max() <= 1e-5  # the promise


@pytest.mark.slow
def test_a_dry_run_says_the_level_and_writes_nothing(shell):
    for name in ("in/a.png", "in/b.png"):
        write_and_get(name)
    before = names(".")
    status, stdout, stderr = shell("in", "--dry-run")
    assert (status, stderr) == (0, "")
    assert re.search(r"^in/a.png: sigma \d+\.\d, white noise \(.+\)$", stdout, re.MULTILINE)
    assert names(".") == before
    _, document, _ = shell("in", "--dry-run", "--json")
    reports = json.loads(document)["files"]
    assert [set(report) for report in reports] == [
        {"input", "convolutions_in", "self_ensemble", "pages"}
    ] * 2
    _, document, _ = shell("in", "-o", "out", "--json")
    assert [r["pages"] for r in json.loads(document)["files"]] == [r["pages"] for r in reports]


def test_words_of_options_in_any_case(shell):
    write_and_get("a.png")
    assert shell("a.png", "--format", "JPEG", "--tile", "NONE", "--nodata", "None")[0] == 0
    assert Path("a_denoised.jpg").exists()


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (["-o", "z.png", "--format", "jpeg"], "name it z.jpg."),
        (["-o", "/dev/full"], "/dev/full is a device or a pipe; expected a folder, or a name"),
        (["-o", "plain"], "plain is a file; expected a folder, or a name with the suffix"),
        (["--nodata", "black"], "--nodata black: use auto, none or a number."),
        (["--nodata", "nan"], "nodata is nan: NaN and infinity are no data anyway"),
    ],
)
def test_targets_and_values_that_cannot_be(shell, words, sentence):
    write_and_get("a.png")
    Path("plain").write_text("text")
    status, _, stderr = shell("a.png", *words)
    assert status == 2
    assert sentence in errors(stderr)[0]
    assert sorted(p.name for p in Path().iterdir()) == ["a.png", "plain"]


def test_nodata_of_a_float_tiff_without_a_tag(shell):
    pixels = noisy(40, 40, 1, dtype="float32")
    pixels[5:20, 5:20] = -9999
    write_tiff(Path("a.tif"), pixels)
    status, _, stderr = shell("a.tif", "-o", "auto.tif")
    assert status == 0
    assert "warning: a.tif: pixels without data: 225 of 1600 hold exactly -9999" in stderr
    assert shell("a.tif", "-o", "named.tif", "--nodata", "-9999")[2].count("warning") == 0
    auto, named = (tifffile.imread(f"{name}.tif") for name in ("auto", "named"))
    np.testing.assert_array_equal(auto, named)
    assert (auto[5:20, 5:20] == -9999).all()
    assert shell("a.tif", "-o", "all.tif", "--nodata", "none")[2].count("warning") == 0


@pytest.mark.slow
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
