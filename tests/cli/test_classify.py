"""scorelet classify."""

import json
from pathlib import Path

import numpy as np
import pytest

from classifiers import write_classifier
from samples import names, write_model, write_png


@pytest.fixture
def classifier(tmp_path):
    return write_classifier(tmp_path / "classifier.safetensors")


@pytest.fixture
def pictures(tmp_path):
    for k, side in enumerate((8, 12, 20)):
        pixels = np.zeros((side, side, 3), np.uint8)
        pixels[..., k] = 255
        write_png(tmp_path / f"in/{k}.png", pixels)
    return tmp_path / "in"


def test_lines_say_classes_and_what_was_done_once(shell, pictures, classifier):
    status, out, err = shell("classify", pictures, "--model", classifier, "-k", 2)
    assert status == 0
    first, second, third, summary = out.splitlines()
    # e⁴/(e⁴ + 2) and 1/(e⁴ + 2)
    assert first == f"{pictures}/0.png: red 0.965, green 0.018"
    assert (second.split()[1], third.split()[1]) == ("green", "blue")
    assert summary.startswith("3 done, 0 failed")
    assert err.count("warning") == 1
    assert "1.png is 12x12" in err
    assert "(1 more file is alike)" in err


def test_a_broken_picture_stops_nobody(shell, pictures, classifier):
    (pictures / "1.png").write_bytes(b"no picture")
    status, out, err = shell("classify", pictures, "--model", classifier)
    assert status == 1
    assert "2 done, 1 failed" in out
    assert "1.png" in err
    (pictures / "0.png").unlink()
    (pictures / "2.png").unlink()
    assert shell("classify", pictures, "--model", classifier)[0] == 2


def test_files_that_are_no_pictures_are_counted(shell, pictures, classifier):
    (pictures / "notes.txt").write_text("three colours")
    status, _, err = shell("classify", pictures, "--model", classifier)
    assert status == 0
    assert "1 file is of no kind that is read: 1 .txt (notes.txt)" in err


def test_json_is_one_document(shell, pictures, classifier, tmp_path):
    output = tmp_path / "out.csv"
    status, out, _ = shell(
        "classify", pictures, "nowhere.png", "--model", classifier, "--json", "-o", output
    )
    document = json.loads(out)
    assert status == 1
    assert [report["pages"][0]["classes"][0]["class"] for report in document["files"]] == [
        "red",
        "green",
        "blue",
    ]
    assert document["files"][1]["pages"][0]["notes"]["size"].startswith("is 12x12")
    assert "nowhere.png" in document["failed"][0]["error"]
    assert document["output"] == str(output)
    assert len(output.read_text().splitlines()) == 4


def test_nothing_but_the_output_is_written(shell, pictures, classifier, tmp_path):
    before = names(tmp_path)
    shell("classify", pictures, "--model", classifier, "--quiet")
    assert names(tmp_path) == before


def test_a_denoiser_is_met_with_the_verb_that_fits(shell, pictures, tmp_path):
    model = write_model(tmp_path / "denoiser.safetensors")
    status, _, err = shell("classify", pictures, "--model", model)
    assert status == 2
    assert "scorelet denoise" in err
    assert err.count("\n") == 1


@pytest.mark.slow
def test_the_first_example_of_the_help_runs(shell, monkeypatch):
    monkeypatch.chdir(Path(__file__).parents[2])
    _, after = shell("classify", "--help")[1].split("For example:")
    status, out, _ = shell(*after.split("scorelet ")[1].split())
    assert status == 0
    assert out.startswith("examples/clean/chelsea.png: cat ")
