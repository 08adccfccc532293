"""What `scorelet denoise` prints: levels, warnings, JSON, progress."""

import json
import sys
from pathlib import Path

import pytest
from PIL import Image

import scorelet as sl
from denoise_samples import errors, write_and_get
from samples import noisy


@pytest.mark.slow
def test_the_noise_level_is_printed_for_each_file(shell):
    for name in ("in/a.png", "in/b.png"):
        write_and_get(name)
    status, stdout, stderr = shell("in", "-o", "out", "--model", "photo")
    assert (status, stderr) == (0, "")
    for name in ("a.png", "b.png"):
        out = sl.denoise(Path("in") / name)
        line = f"in/{name}: sigma {out.sigma * 255:.1f}, white noise ({out.reason}) -> out/{name}\n"
        assert line in stdout
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
    status, _, stderr = shell("a.jpg", "-o", "b.jpg", "--model", "photo", "--noise", "white")
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


def test_a_warning_of_one_kind_is_written_out_once(shell):
    for k in range(4):
        write_and_get(f"in/{k}.png")
    _, _, stderr = shell("in", "--sigma", 20)
    first, rest = stderr.splitlines()
    assert first.startswith(
        "warning: in/0.png: the given level had no effect: sigma 20.0 was given"
    )
    assert rest == "warning: 3 more: the given level had no effect (in/1.png, in/2.png, ...)."


def test_quiet_leaves_warnings_and_errors(shell):
    write_and_get("in/a.png")
    assert shell("in", "-o", "one", "--quiet") == (0, "", "")
    status, stdout, stderr = shell("in", "none.png", "-o", "two", "--quiet", "--sigma", 3)
    assert (status, stdout) == (1, "")
    assert "had no effect" in stderr
    assert errors(stderr)


@pytest.mark.slow
def test_a_folder_has_a_progress_bar_for_people(shell, monkeypatch):
    for name in ("in/a.png", "in/b.png", "in/c.png"):
        write_and_get(name)
    assert "3/3" not in shell("in", "-o", "one")[2]  # nobody looks
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True)
    assert "3/3" in shell("in", "-o", "two")[2]
    assert "3/3" not in shell("in", "-o", "three", "--quiet")[2]
