"""scorelet fisher."""

import json

import numpy as np
import pytest

from classifiers import write_classifier


@pytest.fixture
def words(tmp_path):
    rng = np.random.default_rng(0)
    y = np.arange(60) % 3
    x = (rng.random((60, 8, 8, 3)) * 200).astype(np.uint8)
    x[np.arange(60), :, :, y] += 40
    np.savez(tmp_path / "data.npz", x_test=x, y_test=y, classes=np.array(["r", "g", "b"]))
    model = write_classifier(tmp_path / "model.safetensors")
    return ["fisher", "--model", model, "--data", tmp_path / "data.npz", "--dimension", 8]


@pytest.mark.slow
def test_a_table_of_layers(shell, words, tmp_path):
    status, out, err = shell(*words, "-o", tmp_path / "r.html")
    lines = out.splitlines()
    assert (status, err) == (0, "")
    assert lines[0].endswith("60 pictures, 3 classes")
    assert " ".join(lines[1].split()) == "layer rank ratio floor without bias from halves of traces"
    assert [line.split()[0] for line in lines[2:6]] == [
        "input",
        "coefficients.scattering",
        "standardise",
        "head",
    ]
    assert lines[-1] == f"-> {tmp_path / 'r.html'}"


def test_what_was_found_is_shown_where_it_cannot_be_written(shell, words, tmp_path, monkeypatch):
    def full(*_words):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("scorelet.core.files.os.fsync", full)
    status, out, err = shell(*words, "--layers", "head,input", "-o", tmp_path / "r.html")
    assert (status, err.count("\n")) == (2, 1)
    assert "r.html cannot be written (No space left on device)" in err
    assert [line.split()[0] for line in out.splitlines()[2:]] == ["input", "head"]
    assert [path.name for path in tmp_path.iterdir() if "html" in path.name] == []


def test_json_and_bad_words(shell, words):
    status, out, _ = shell(*words, "--layers", "head,input", "--json")
    assert status == 0
    assert [layer["name"] for layer in json.loads(out)["layers"]] == ["input", "head"]
    status, _, err = shell(*words, "--pool", "max")
    assert status == 2
    assert err.count("\n") == 1
