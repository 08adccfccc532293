"""scorelet noise."""

import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

ROOT = Path(__file__).parents[2]


@pytest.fixture
def pictures(tmp_path):
    rng = np.random.default_rng(0)
    folder = tmp_path / "pictures"
    folder.mkdir()
    for name, level in (("weak", 5), ("strong", 20)):
        y = 110 + level * rng.standard_normal((128, 160, 3))
        Image.fromarray(np.uint8(np.rint(y.clip(0, 255)))).save(folder / f"{name}.png")
    return folder


@pytest.mark.slow
def test_a_line_for_each_picture(shell, pictures):
    status, out, _ = shell("noise", pictures)
    assert status == 0
    strong, weak, last = out.splitlines()
    assert strong.startswith(f"{pictures / 'strong.png'}: sigma ")
    assert float(strong.split("sigma ")[1].split(",")[0]) == pytest.approx(20, rel=0.05)
    assert weak.startswith(f"{pictures / 'weak.png'}: sigma ")
    assert ", white, variance " in weak
    assert last.startswith("2 done, 0 failed")


@pytest.mark.slow
def test_one_document_with_what_failed(shell, pictures):
    status, out, err = shell("noise", pictures, "nowhere.png", "--json")
    document = json.loads(out)
    assert status == 1
    assert [file["pages"][0]["white"] for file in document["files"]] == [True, True]
    assert document["files"][0]["pages"][0]["sigma"] == pytest.approx(20 / 255, rel=0.05)
    assert np.array(document["files"][0]["pages"][0]["spectrum"]).shape == (8, 8)
    assert "nowhere.png" in document["failed"][0]["error"]
    assert err.count("nowhere.png") == 1


@pytest.mark.slow
def test_a_report_with_figures(shell, pictures, tmp_path):
    output = tmp_path / "noise.html"
    assert shell("noise", pictures, "-o", output)[0] == 0
    text = output.read_text()
    assert "weak.png" in text
    assert "data:image/png" in text
    status, _, err = shell("noise", pictures, "-o", output)
    assert status == 2
    assert "exists already" in err
    assert shell("noise", pictures, "-o", tmp_path / "noise.json", "--quiet")[0] == 0
    assert len(json.loads((tmp_path / "noise.json").read_text())) == 2


def test_pictures_that_are_left_out_of_a_file_are_said_once(shell, tmp_path):
    """Two files, each a second picture behind the first: Netpbm may hold several."""
    one = b"P5 64 64 255\n" + bytes(64 * 64)
    for name in ("a.pgm", "b.pgm"):
        (tmp_path / name).write_bytes(one + one)
    status, out, err = shell("noise", tmp_path, "--json")
    assert status == 0
    assert err.count("left out") == 1
    assert "a.pgm holds more pictures than the first" in err
    assert "1 more file is alike" in err
    page = json.loads(out)["files"][0]["pages"][0]
    assert [note["kind"] for note in page["notes"]] == ["left out"]


def test_nothing_to_measure_is_a_sentence(shell, tmp_path):
    Image.new("RGB", (64, 64), (9, 9, 9)).save(tmp_path / "plain.png")
    status, out, _ = shell("noise", tmp_path / "plain.png", "-o", tmp_path / "plain.html")
    assert status == 0
    assert "no noise that can be measured" in out
    assert (tmp_path / "plain.html").exists()


@pytest.mark.slow
def test_the_page_shows_what_the_command_prints(shell, monkeypatch):
    monkeypatch.chdir(ROOT)
    status, out, _ = shell("noise", "examples/noisy.png")
    assert status == 0
    assert f"```text\n{out}```" in (ROOT / "docs/noise.md").read_text(encoding="utf-8")
