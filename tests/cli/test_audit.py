"""scorelet audit."""

import json

import numpy as np
import pytest

from samples import small_network, write_png
from scorelet.data.fields.ensembles import ensemble
from scorelet.models import ResidualDenoiser
from scorelet.zoo import save


@pytest.fixture
def files(tmp_path):
    x = 0.5 + 0.12 * ensemble("power_law", eta=3.0).sample(12, 12, 0)[:, 0].numpy()
    np.save(tmp_path / "new.npy", x.clip(0, 1).astype(np.float32))
    for k in (0, 1):
        save(ResidualDenoiser(small_network("bf-cnn", seed=k)), tmp_path / f"{k}.safetensors")
    return tmp_path


@pytest.mark.slow
def test_two_models(shell, files):
    words = ["audit", "--data", files / "new.npy", "--models", files / "0.safetensors"]
    words += [files / "1.safetensors", "--samples", 0]
    status, out, err = shell(*words, "-o", files / "r.html")
    lines = out.splitlines()
    assert (status, err) == (0, "")
    assert "less than half of the strongest noise" in lines[0]
    head = "verdict gap (dB) V twins nearest nearest of held out copies by heart"
    assert " ".join(lines[1].split()) == head
    assert lines[2].split()[:2] == ["two", "models"]
    assert lines[-1] == f"-> {files / 'r.html'}"
    status, out, _ = shell(*words, "--json")
    assert json.loads(out)["rows"][0]["verdict"] == "undertrained"
    status, out, _ = shell(*words, "--json", "--sigmas", "25.5,51")
    assert json.loads(out)["sigmas"] == pytest.approx([0.2, 0.1])
    assert shell(*words, "-o", files / "r.html", "--overwrite")[0] == 0
    status, _, err = shell(*words, "-o", files / "r.html")
    assert (status, err.count("\n")) == (2, 1)


@pytest.mark.slow
def test_files_that_are_no_pictures_are_counted_before_the_work(shell, files):
    for k, picture in enumerate(np.load(files / "new.npy")):
        write_png(files / f"new/{k:02}.png", np.rint(255 * picture[..., None]).astype(np.uint8))
    (files / "new/05.png").write_bytes(b"")
    (files / "new/notes.txt").write_text("twelve pictures")
    words = ["audit", "--data", files / "new", "--models", files / "0.safetensors"]
    status, _, err = shell(*words, files / "1.safetensors", "--samples", 0, "-o", files / "r.html")
    assert status == 0
    other, broken = err.splitlines()
    assert "1 file is of no kind that is read: 1 .txt (notes.txt)" in other
    assert "1 of 12 pictures was left out (new/05.png): " in broken
    page = (files / "r.html").read_text(encoding="utf-8")
    assert page.count("notes.txt") == page.count("new/05.png is empty") == 1


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--sizes", "10,many"], "whole numbers with commas"),
        (["--sizes", "10,100"], "12 different pictures"),
        (["--train", "a", "b"], "give --models, too"),
        (["--models", "only-one"], "--models"),
        (["--channels", "2"], "channels"),
        (["--sigmas", "25,many"], "--sigmas 25,many: give noise levels in 8-bit units"),
        (["--sigmas", "-25,50"], "--sigmas -25,50: give noise levels in 8-bit units"),
        (["--sigmas", "25,0"], "expected at least one, above 0"),
    ],
)
def test_bad_words(shell, files, words, said, monkeypatch):
    monkeypatch.chdir(files)
    status, _, err = shell("audit", "--data", files / "new.npy", *words)
    assert status == 2
    assert said in err
    assert err.count("\n") == 1


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--sizes", "10,100,1000"], "--sizes has no effect with --models"),
        (["--sizes", "5", "--steps", 5], "--sizes and --steps have no effect"),
        (["--width", 8, "--folder", "x", "--resume"], "--folder, --width and --resume have"),
        (["--overwrite"], "--overwrite has no effect"),
    ],
)
def test_options_of_twins_are_refused_beside_models(shell, files, words, said):
    models = [files / "0.safetensors", files / "1.safetensors"]
    status, _, err = shell("audit", "--data", files / "new.npy", "--models", *models, *words)
    assert (status, err.count("\n")) == (2, 1)
    assert said in err


@pytest.mark.slow
def test_twins_are_trained_and_kept(shell, files):
    words = ["audit", "--data", files / "new.npy", "--sizes", "2,3", "--held-out", 3]
    words += ["--steps", 3, "--width", 2, "--samples", 2, "--folder", files / "run"]
    status, out, _ = shell(*words, "-o", files / "twins.html")
    assert status == 0
    assert "4 trainings of 3 steps and 2 measurements of twins: about" in out
    assert "have not learned enough" in out
    again = shell(*words)
    assert again[0] == 2
    assert "--resume" in again[2]
    status, resumed, _ = shell(*words, "--resume", "-o", files / "twins.html")
    assert resumed.count("(kept from before)") == 6
    assert out.splitlines()[-4:] == resumed.splitlines()[-4:]
