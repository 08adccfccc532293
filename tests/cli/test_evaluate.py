"""scorelet evaluate on a classifier; on denoisers see test_commands."""

import json

import numpy as np
import pytest

import scorelet as sl
from samples import ChannelMeans, colour_classifier, write_colours, write_png
from scorelet.networks import ARCHITECTURES
from scorelet.tasks.evaluate import evaluate
from scorelet.tasks.progress import Bar


def test_the_shell_shows_figures_rows_and_json(shell, tmp_path, monkeypatch):
    monkeypatch.setitem(ARCHITECTURES, "ChannelMeans", ChannelMeans)
    path, data = tmp_path / "colours.safetensors", write_colours(tmp_path / "data.npz")
    sl.save(colour_classifier(size=(6, 6)), path)
    words = ("evaluate", "--model", path, "--data", data)
    status, stdout, stderr = shell(*words)
    assert (status, stderr) == (0, "")
    assert "  accuracy: 0.8333 ± 0.1521\n" in stdout
    assert stdout.splitlines()[-2].split() == ["green", "2", "0.5000", "±", "0.3536"]
    document = json.loads(shell(*words, "--json")[1])
    assert document == evaluate(data, model=path)
    assert document["confusion"][1] == [1, 1, 0]
    status, _, stderr = shell(*words, "--sigma", "-25,50")
    assert (status, stderr) == (
        2,
        "error: --sigma -25,50: give noise levels in 8-bit units, as 15,25,50.\n",
    )
    status, _, stderr = shell("denoise", data.with_name("a.png"), "--model", path)
    assert status == 2
    assert "is a classifier, and denoise takes a denoiser: use it with scorelet classify" in stderr


def test_the_bar_follows_the_work(shell, tmp_path, monkeypatch):
    monkeypatch.setitem(ARCHITECTURES, "ChannelMeans", ChannelMeans)
    seen = []
    monkeypatch.setattr(Bar, "follow", lambda _bar, *step: seen.append(step))
    path, data = tmp_path / "colours.safetensors", write_colours(tmp_path / "data.npz")
    sl.save(colour_classifier(size=(6, 6)), path)
    assert shell("evaluate", "--model", path, "--data", data)[0] == 0
    assert seen == [(1, 1)]  # six pictures are one batch


@pytest.mark.slow
def test_samples_are_measured_beside_data(shell, tmp_path):
    rng = np.random.default_rng(0)
    pictures = rng.integers(0, 256, (120, 16, 16, 1), np.uint8)
    for k in range(40):
        write_png(tmp_path / f"drawn/sample_{k:03d}.png", pictures[k])
    np.save(tmp_path / "data.npy", pictures[39:])
    words = ("evaluate", "--samples", tmp_path / "drawn", "--data", tmp_path / "data.npy")
    status, stdout, stderr = shell(*words, "-o", tmp_path / "near.png")
    assert (status, stderr) == (0, "")
    lines = stdout.splitlines()
    assert lines[0] == f"{tmp_path / 'drawn'} beside {tmp_path / 'data.npy'}"
    assert lines[1:4] == ["  count: 40", "  pictures: 81", "  channels: 1"]
    assert any(line.split() == ["measure", "samples", "data"] for line in lines)
    assert sum("cycles a side" in line for line in lines) == 4
    assert lines[-2].endswith("1 of 40 samples is a copy of a picture of the data.")
    assert lines[-1] == f"-> {tmp_path / 'near.png'}"
    assert (tmp_path / "near.png").is_file()
    document = json.loads(shell(*words, "--json")[1])
    assert document == sl.evaluate(samples=tmp_path / "drawn", data=str(tmp_path / "data.npy"))
    assert document["nearest_pictures"][39] == 0


def test_samples_and_a_model_are_refused_together(shell, tmp_path):
    np.save(tmp_path / "x.npy", np.zeros((4, 16, 16), np.uint8))
    words = ("evaluate", "--samples", tmp_path / "x.npy", "--data", tmp_path / "x.npy")
    status, stdout, stderr = shell(*words, "--model", "photo")
    assert (status, stdout) == (2, "")
    assert "Samples are measured without a model: leave out model, or samples." in stderr
    status, _, stderr = shell("evaluate", "--data", tmp_path / "x.npy", "-o", tmp_path / "x.png")
    assert status == 2
    assert "A picture is drawn of samples" in stderr
