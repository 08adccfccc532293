"""scorelet evaluate on a classifier; on denoisers see test_commands."""

import json

import scorelet as sl
from samples import ChannelMeans, colour_classifier, write_colours
from scorelet.networks import ARCHITECTURES
from scorelet.tasks.evaluate import evaluate


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
    status, _, stderr = shell("denoise", data.with_name("a.png"), "--model", path)
    assert status == 2
    assert "is a classifier, and denoise takes a denoiser: use it with scorelet classify" in stderr
