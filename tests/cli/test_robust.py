"""scorelet robust."""

import json

import numpy as np
import pytest

from classifiers import write_classifier
from scorelet.analysis.robustness import ATTACKS


@pytest.fixture
def words(tmp_path):
    rng = np.random.default_rng(0)
    y = np.arange(12) % 3
    x = (rng.random((12, 8, 8, 3)) * 200).astype(np.uint8)
    x[np.arange(12), :, :, y] += 40
    np.savez(tmp_path / "data.npz", x_test=x, y_test=y, classes=np.array(["red", "green", "blue"]))
    model = write_classifier(tmp_path / "model.safetensors")
    return ["robust", tmp_path / "data.npz", "--model", model, "--steps", 5]


@pytest.mark.slow
def test_a_table_a_report_and_no_parts_left(shell, words, tmp_path):
    report = tmp_path / "r.html"
    status, out, err = shell(*words, "--eps", "1/255,32/255", "--calibration", "-o", report)
    lines = out.splitlines()
    assert (status, err) == (0, "")
    assert lines[0].endswith("12 pictures, norm linf")
    assert lines[1].split() == ["attack", "eps", "accuracy"]
    found = [line.split()[:3] for line in lines[2:5]]
    assert found == [
        ["none", "0", "1.000"],
        ["pgd", "1/255", "1.000"],
        ["pgd", "32/255", "0.000"],
    ]
    assert lines[5].startswith("negative log-likelihood")
    assert lines[-1] == f"-> {report}"
    assert not list(tmp_path.glob(".r.html*"))
    status, _, err = shell(*words, "-o", report)
    assert (status, err.count("\n")) == (2, 1)
    assert "exists already" in err


@pytest.mark.slow
def test_json(shell, words):
    more = ("--eps", "0,0.1", "--attack", "apgd", "--norm", "l2", "--seed", 3, "--json")
    status, out, _ = shell(*words, *more)
    document = json.loads(out)
    assert status == 0
    assert [(row["attack"], row["eps"]) for row in document["rows"]] == [
        ("none", 0),
        ("apgd", 0),
        ("apgd", 0.1),
    ]
    assert (document["norm"], document["seed"], document["pictures"]) == ("l2", 3, 12)
    assert shell(*words, *more)[1] == out


@pytest.mark.parametrize(
    ("more", "text"),
    [
        (["--eps=-1/255"], "eps is -0.00392157: it must be 0 or more"),
        (["--eps", "-1/255"], "eps is -0.00392157: it must be 0 or more"),
        (["--smoothing", "-1/255"], "smoothing is -0.00392157: it must be positive"),
        (["--outlier-sigma", "-1/255"], "outlier-sigma is -0.00392157: it must be positive"),
        (["--eps", "0.01,8"], "write 8/255 for 8 in 8-bit units"),
        (["--smoothing", "25"], "smoothing is 25: pictures have values in [0, 1]"),
        (["--outlier-sigma", "25"], "outlier-sigma is 25: pictures have values in [0, 1]"),
        (["--eps", "x"], "--eps x: use a number or a fraction"),
        (["--eps", "1/0"], "--eps 1/0: use a number or a fraction"),
        (["--attack", "fgsm"], "There is no attack 'fgsm': use pgd, apgd, autoattack, square"),
        (["--resume"], "--resume needs -o"),
        (["-o", "r.html", "--resume", "--overwrite"], "give one"),
        (["-o", "r.txt"], "unknown suffix"),
        (["--outliers", "nothing"], "nothing"),
    ],
)
def test_bad_words_are_sentences(shell, words, more, text):
    status, _, err = shell(*words, *more)
    assert (status, err.count("\n")) == (2, 1)
    assert text in err


def test_help_names_every_attack(shell):
    _, said, _ = shell("robust", "--help")
    assert [name for name in ATTACKS if name not in said] == []


def test_other_models_are_refused(shell, words):
    status, _, err = shell("robust", words[1], "--model", "photo")
    assert status == 2
    assert "robust takes a classifier" in err


def test_a_missing_library_is_a_sentence(shell, words, monkeypatch):
    monkeypatch.setitem(__import__("sys").modules, "foolbox", None)
    status, _, err = shell(*words)
    assert (status, err.count("\n")) == (2, 1)
    assert "pip install 'scorelet[attacks]'" in err
