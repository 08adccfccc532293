"""A folder of classes of the user's own, from the first line to a table: train, go on, classify."""

import re
from pathlib import Path

import numpy as np
import pytest
import yaml
from pyarrow import parquet

from samples import write_png
from scorelet.tasks.train import train
from scorelet.training import loop

PAGES = Path(__file__).parents[2] / "docs"
SIDES = {"train": (20, 20), "new": (30, 24)}


def waves(kind, rng, shape):
    """Stripes in one direction, or dots; neither has a place."""
    row, column = np.mgrid[: shape[0], : shape[1]]
    down, across = (np.cos(1.2 * axis + rng.uniform(0, 6)) for axis in (row, column))
    wave = 2 * down * across if kind == "dots" else 2 * down
    pixels = 128 + 40 * wave[..., None] + rng.normal(0, 10, (*shape, 3))
    return np.clip(np.rint(pixels), 0, 255).astype(np.uint8)


@pytest.fixture
def classes(tmp_path):
    """Twenty pictures of each class, four of another shape, and one file that is no picture."""
    rng = np.random.default_rng(0)
    for kind in ("dots", "stripes"):
        for number in range(20):
            write_png(tmp_path / "train" / kind / f"{number}.png", waves(kind, rng, SIDES["train"]))
        for number in range(2):
            write_png(tmp_path / "new" / f"{kind}{number}.png", waves(kind, rng, SIDES["new"]))
    (tmp_path / "train/dots/broken.png").write_bytes(b"no picture")
    return tmp_path / "train"


@pytest.fixture
def config(classes, tmp_path):
    """Write the configuration of the page, with changes by dotted name."""

    def write(**changes):
        tree = {
            "task": "classify",
            "model": {
                "architecture": "LearnedScattering",
                "options": {"classes": 2, "size": 16, "sizes": [4, 8, 8], "factorize": None},
            },
            "data": {"source": str(classes), "size": [16, 16], "fit": "crop", "flip": True},
            "optimizer": {"name": "sgd", "rate": 0.05, "ema": 0.0, "clip": None},
            "schedule": {"shape": "one-cycle", "warmup": 5},
            "steps": 24,
            "batch": 16,
            "save_every": 8,
            "output": str(tmp_path / "run"),
            "tensorboard": False,
        }
        for name, value in changes.items():
            *path, last = name.split("__")
            part = tree
            for key in path:
                part = part[key]
            part[last] = value
        path = tmp_path / "own.yaml"
        path.write_text(yaml.safe_dump(tree))
        return path

    return write


def test_the_configuration_of_the_page_has_twenty_lines():
    page = (PAGES / "wavelet_classifiers.md").read_text(encoding="utf-8")
    (block,) = re.findall(r"^```yaml\n# collapse.yaml\n(.*?)^```", page, re.DOTALL | re.MULTILINE)
    assert 10 < len(block.splitlines()) <= 20


@pytest.mark.slow
def test_from_a_folder_to_a_table(shell, config, tmp_path, monkeypatch):
    status, _, err = shell("train", config())
    assert status == 0
    assert "1 of 41 pictures was left out (dots/broken.png)" in err
    weights = tmp_path / "run/weights.safetensors"
    table = tmp_path / "found.parquet"
    status, out, err = shell("classify", tmp_path / "new", "--model", weights, "-o", table)
    assert status == 0
    assert "4 done, 0 failed" in out
    assert "is 30x24: its largest central part of the model's shape was scaled to 16x16" in err
    rows = parquet.read_table(table).to_pydict()
    names = [name.rpartition("/")[2][:-5] for name in rows["file"]]
    assert names == ["dots", "dots", "stripes", "stripes"]
    assert rows["class_1"] == names
    assert all(p > 0.5 for p in rows["probability_1"])
    _interrupted_and_resumed(shell, config, tmp_path, monkeypatch)


def _interrupted_and_resumed(shell, config, tmp_path, monkeypatch):
    """The weights are those of the run that nobody interrupted."""
    real = loop.Trainer._one_step

    def killed(self, parts):
        if self.step == 13:
            raise KeyboardInterrupt
        return real(self, parts)

    path = config(output=str(tmp_path / "again"))
    monkeypatch.setattr(loop.Trainer, "_one_step", killed)
    with pytest.raises(KeyboardInterrupt):
        train(path, quiet=True)
    monkeypatch.undo()
    status, _, err = shell("train", path)
    assert status == 2
    assert "add --resume to go on" in err
    assert shell("train", path, "--resume")[0] == 0
    weights = [tmp_path / folder / "weights.safetensors" for folder in ("run", "again")]
    assert weights[0].read_bytes() == weights[1].read_bytes()


FAULTS = {
    "too small": (
        {"data__size": [4, 4], "model__options__size": 4},
        "Images of 4 pixels are too small for 3 blocks",
    ),
    "another size": (
        {"data__size": [20, 20]},
        "LearnedScattering does not take the pictures of",
    ),
    "channels": (
        {"model__options__channels": 1},
        "LearnedScattering takes pictures of 1 channel and those of",
    ),
    "logits": (
        {"model__options__classes": 3},
        "LearnedScattering has 3 logits, and the pictures are of 2 classes",
    ),
    "told noise": (
        {
            "model": {
                "architecture": "GradResNet",
                "options": {"classes": 2, "widths": [8, 8, 8, 8]},
            },
            "data__size": [32, 32],
        },
        "This network is told the noise level",
    ),
    "no size": ({"data__size": None}, "which are 20x20: change model.options, or data.size"),
}


@pytest.mark.slow
@pytest.mark.parametrize("fault", FAULTS)
def test_what_does_not_fit_is_one_sentence(shell, config, tmp_path, fault):
    changes, sentence = FAULTS[fault]
    status, _, err = shell("train", config(**changes))
    assert status == 2
    assert sentence in err
    assert err.startswith("error: ")
    assert err.count("\n") == 1
    assert not (tmp_path / "run").exists()


@pytest.mark.parametrize(
    ("x", "y", "sentence"),
    [
        (4, [0, 1, 2, -1], "A label is -1, and there are 3 classes: expected 0 to 2"),
        (4, [0, 0, 0, 0], "expected at least two"),
        (4, [0, 1], "The labels are int64 of shape (2,) for 4 pictures"),
        (4, [0.0, 1.0, 0.0, 1.0], "The labels are float64: expected integers"),
        (4, None, "has no array y_train"),
    ],
)
def test_labels_that_are_wrong_or_missing_are_one_sentence(shell, config, tmp_path, x, y, sentence):
    arrays = {} if y is None else {"y_train": np.array(y)}
    np.savez(tmp_path / "set.npz", x_train=np.zeros((x, 16, 16, 3), np.uint8), **arrays)
    status, _, err = shell("train", config(data__source=str(tmp_path / "set.npz"), data__size=None))
    assert status == 2
    assert sentence in err
    assert err.count("\n") == 1
