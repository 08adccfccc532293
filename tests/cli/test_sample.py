"""scorelet sample."""

import json

import numpy as np
import pytest

import scorelet as sl
from samples import assert_one_sentence
from scorelet.cli.main import run
from scorelet.models import (
    ResidualDenoiser,
)
from scorelet.networks import BFCNN
from scorelet.sampling.reverse import SAMPLERS
from scorelet.tasks.sample.whole import CHURN
from small_cascades import saved_model


@pytest.mark.slow
@pytest.mark.parametrize("name", list(SAMPLERS))
def test_the_command_takes_all_samplers(name, tmp_path, capsys):
    sl.save(saved_model(), tmp_path / "m.safetensors")
    words = ["--model", tmp_path / "m.safetensors", "-n", 1, "--steps", 3, "--sampler", name]
    assert run(["sample", *map(str, words), "-o", str(tmp_path / "x.npy"), "--json"]) == 0
    document = json.loads(capsys.readouterr().out)
    assert (document["sampler"], document["calls"]) == (name, 3 * (5 if name == "heun" else 3))


def test_the_command_writes_the_samples_of_python(tmp_path, capsys):
    sl.save(gaussian_file := saved_model(), tmp_path / "m.safetensors")
    words = ["--model", tmp_path / "m.safetensors", "-n", 2, "--steps", 2, "--seed", 5]
    assert run(["sample", *map(str, words), "-o", str(tmp_path / "x.npy"), "--json"]) == 0
    document = json.loads(capsys.readouterr().out)
    expected = sl.sample(gaussian_file, n=2, steps=2, seed=5)
    assert np.abs(np.load(tmp_path / "x.npy") - expected.images).max() < 1e-6
    assert document["calls"] == 3 * 3  # Heun, whose last step has one
    assert document["size"] == [16, 24]
    words = ["--first", 1, "-n", 1, "--steps", "2,2,2", "--churn", "0", "--batch", "1"]
    words += ["--seed", 5, "-o", tmp_path / "y.npy"]
    assert run(["sample", "--model", str(tmp_path / "m.safetensors"), *map(str, words)]) == 0
    assert np.abs(np.load(tmp_path / "y.npy") - expected.images[1:]).max() < 1e-4


def test_the_document_of_whole_pictures_is_strict_json(tmp_path, capsys):
    """Churn at every level has no largest one."""
    sl.save(ResidualDenoiser(BFCNN(1, width=6, depth=3)), tmp_path / "m.safetensors")
    words = ["--model", str(tmp_path / "m.safetensors"), "--size", "8", "-n", "1", "--steps", "2"]
    assert run(["sample", *words, "-o", str(tmp_path / "x.npy"), "--json"]) == 0
    document = json.loads(capsys.readouterr().out, parse_constant=pytest.fail)
    assert document["churn"] == [[CHURN, None]]


@pytest.mark.parametrize(
    ("words", "reason"),
    [
        (["-o", "x.jpg"], "unknown suffix"),
        (["-o", "x.npy", "--size", "16by24"], "expected HxW"),
        (["-o", "x.npy", "--steps", "0"], "steps is 0"),
        (["-o", "x.npy", "--steps", "3,2"], "of the low band of 4x6, details of 8x12"),
        (["-o", "x.npy", "--steps", "3,2.5,1"], "3,2.5,1: expected a whole number, or one for"),
        (["-o", "x.npy", "--churn", "much"], "--churn much: expected a number, or one for each"),
        (["-o", "x.npy", "--size", "17x24"], "divisible by 4"),
        (["-o", "x.npy", "--coarse", "none.png"], "none.png"),
    ],
)
def test_the_command_refuses_in_a_sentence(tmp_path, monkeypatch, capsys, words, reason):
    monkeypatch.chdir(tmp_path)
    sl.save(saved_model(), "m.safetensors")
    assert run(["sample", "--model", "m.safetensors", *words]) == 2
    assert_one_sentence(capsys.readouterr().err, reason)
    assert not list(tmp_path.glob("x.*"))
