"""scorelet weights."""

import json
import re
from typing import get_args

import pytest

from learned_networks import write_data, write_learned
from scorelet.analysis.layer_spectrum import NOISES
from scorelet.cli.weights import Noise
from scorelet.tasks.weights.noise import WAYS, WORDS


@pytest.fixture
def files(tmp_path):
    models = [write_learned(tmp_path / f"{seed}.safetensors", seed) for seed in (0, 1)]
    return [*models, write_data(tmp_path / "data.npz")]


@pytest.mark.slow
def test_spectrum(shell, files, tmp_path):
    status, out, err = shell("weights", "spectrum", files[0], "-o", tmp_path / "s.html")
    lines = out.splitlines()
    assert status == 0
    assert re.search(r"of \d+ layers (has|have) learned directions", lines[0])
    assert " ".join(lines[1].split()) == (
        "layer kind neurons inputs learned beyond norms effective rank largest bulk / initial"
    )
    assert lines[2].split()[0] == "stem.0"
    assert lines[-1] == f"-> {tmp_path / 's.html'}"
    assert err.count("\n") <= 1
    status, out, _ = shell("weights", "spectrum", files[0], "--noise", "bulk", "--json")
    assert (status, json.loads(out)["noise"]) == (0, "bulk")
    status, _, err = shell("weights", "spectrum", files[0], "--device", "cuda")
    assert status == 2
    assert "computed on the cpu" in err


@pytest.mark.slow
def test_compare(shell, files, tmp_path):
    words = ["weights", "compare", *files[:2], "--data", files[2], "--draws", 2, "--limit", 40]
    status, out, err = shell(*words, "-o", tmp_path / "c.html")
    assert status == 0
    assert out.splitlines()[1].split()[:3] == ["layer", "S", "±"]
    assert "too few to align" in err
    status, out, _ = shell(*words, "--json")
    document = json.loads(out)
    assert (document["pictures"], document["held_out"]) == (32, 8)
    status, again, _ = shell(*words, "--json")
    assert again == out  # a function of the seed


@pytest.mark.slow
def test_resample(shell, files, tmp_path):
    words = ["weights", "resample", files[0], "--data", files[2], "--refit", "--seed", 1]
    status, out, _ = shell(*words, "-o", tmp_path / "new.safetensors")
    assert status == 0
    assert "accuracy, refitted:" in out
    status, out, _ = shell("weights", "spectrum", tmp_path / "new.safetensors", "--json")
    assert len(json.loads(out)["layers"]) == 7
    before = files[0].read_bytes()
    status, _, err = shell(*words, "-o", files[0], "--overwrite")
    assert status == 2
    assert "is what it would be made from" in err
    assert files[0].read_bytes() == before


def test_bad_words(shell, files, tmp_path):
    compare = ["weights", "compare", *files[:2], "--data", files[2]]
    for words in (
        [*compare, "--size", "axb"],
        [*compare, "--draws", "1"],
        [*compare, "-o", tmp_path / "c.pdf"],
        ["weights", "compare", files[0], "none.safetensors", "--data", files[2]],
        ["weights", "spectrum", files[0], "--arch", "resnet18"],
        ["weights", "resample", files[0], "--data", tmp_path / "nothing"],
        ["weights", "resample", files[0], "--data", files[2], "--rank", "0"],
    ):
        status, _, err = shell(*words)
        assert status == 2
        assert err.startswith("error: ")
        assert err.count("\n") == 1


def test_the_shell_names_all_kinds_of_noise():
    assert get_args(Noise) == WAYS
    assert {*WORDS} == {*NOISES}
