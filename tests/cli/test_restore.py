"""scorelet restore."""

import json

import numpy as np
import pytest

from samples import names, noisy, read_png, write_model, write_png


@pytest.fixture
def words(tmp_path):
    write_png(tmp_path / "small.png", noisy(8, 10, sigma=2))
    model = write_model(tmp_path / "model.safetensors")
    return ["restore", tmp_path / "small.png", "--model", model, "--quality", "fast"]


def test_a_picture_becomes_larger(shell, words, tmp_path):
    status, out, err = shell(*words, "--task", "superres", "--factor", 3)
    assert (status, err) == (0, "")
    assert "30x24 pixels, 1 samples of 40 network calls" in out
    assert read_png(tmp_path / "small_restored.png").shape == (24, 30, 3)


@pytest.mark.slow
def test_samples_and_their_deviation_are_written(shell, words, tmp_path):
    target = tmp_path / "out" / "large.png"
    target.parent.mkdir()
    status, out, _ = shell(*words, "--task", "superres", "-n", 2, "-o", target, "--json")
    report = json.loads(out)
    assert status == 0
    assert names(target.parent) == [
        "large.png",
        "large_000.png",
        "large_001.png",
        "large_deviation.png",
    ]
    assert len(report["outputs"]) == 4
    target.unlink()
    status, _, err = shell(*words, "--task", "superres", "-n", 2, "-o", target)
    assert (status, "large_000.png exists already" in err) == (2, True)
    assert not target.exists()
    shell(*words, "--task", "superres", "-n", 2, "-o", target, "--overwrite")
    samples = [read_png(target.parent / f"large_00{k}.png").astype(float) for k in (0, 1)]
    assert abs(read_png(target).astype(float) - np.mean(samples, 0)).max() <= 1


def test_known_pixels_stay(shell, words, tmp_path):
    mask = np.full((8, 10, 1), 255, np.uint8)
    mask[3:5, 4:7] = 0
    write_png(tmp_path / "mask.png", mask)
    status, _, err = shell(*words, "--task", "inpaint", "--mask", tmp_path / "mask.png")
    assert (status, err) == (0, "")
    before, after = (read_png(tmp_path / f"small{end}.png") for end in ("", "_restored"))
    known = mask[..., 0] > 0
    assert np.array_equal(before[known], after[known])
    assert not np.array_equal(before[~known], after[~known])


@pytest.mark.parametrize(
    ("more", "said"),
    [
        (["--task", "superres", "--factor", "1"], "factor is 1"),
        (["--task", "polish"], "polish"),
        (["--task", "deblur"], "blur or kernel"),
        (["--task", "inpaint", "--mask", "nowhere.png"], "nowhere.png"),
        (["--task", "deblur", "--kernel", "nowhere.npy"], "nowhere.npy"),
    ],
)
def test_bad_words(shell, words, more, said, tmp_path):
    status, _, err = shell(*words, *more)
    assert status == 2
    assert said in err
    assert err.count("\n") == 1
    assert names(tmp_path) == ["model.safetensors", "small.png"]
