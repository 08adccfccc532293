"""`scorelet train` in several processes, as its help says to start it."""

import json
import os
import subprocess
import sys

import numpy as np
import pytest
import yaml

import scorelet as sl
from samples import TORCHRUN, loopback, waves, write_png
from scorelet.cli.train import parse_overrides
from scorelet.core.errors import InputError
from scorelet.data import from_unit
from scorelet.training import read_log


@pytest.fixture
def config(tmp_path):
    for k in range(3):
        write_png(tmp_path / "flat" / f"{k}.png", from_unit(waves(40, 44 + k, 3), "uint8"))
    tree = {
        "model": {
            "architecture": "ShuffleUNet",
            "options": {"channels": 3, "widths": [8, 8], "encoder": [1, 1], "decoder": [1]},
        },
        "data": {"train": [str(tmp_path / "flat")], "channels": 3, "patch": 16, "batch": 4},
        "steps": 4,
        "output": str(tmp_path / "run"),
        "log_every": 1,
        "tensorboard": False,
    }
    path = tmp_path / "tiny.yaml"
    path.write_text(yaml.safe_dump(tree))
    return path


@pytest.mark.slow
@pytest.mark.skipif(sys.platform != "linux", reason="the loopback interface has another name")
def test_torchrun_starts_one_run_with_one_result(tmp_path, config):
    words = ["train", str(config), "--cfg.seed", "5", "--json"]
    done = subprocess.run(
        [sys.executable, *TORCHRUN, "-m", "scorelet", *words],
        env=loopback(),
        capture_output=True,
        text=True,
        timeout=180,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-3000:]
    weights = tmp_path / "run" / "weights.safetensors"
    assert json.loads(done.stdout) == {"weights": str(weights), "steps": 4}
    assert done.stderr.count("weights: ") == 1
    assert [line["step"] for line in read_log(tmp_path / "run" / "log.jsonl")] == [1, 2, 3, 4]
    assert yaml.safe_load((tmp_path / "run" / "config.yaml").read_text())["seed"] == 5
    pixels = from_unit(waves(16, 16, 3), "uint8")
    out = sl.denoise(pixels, model=os.fspath(weights))
    assert np.isfinite(out.sigma)


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        ("--cfg.data.train pics --cfg.data.train val", r"^--cfg\.data\.train is given twice: keep"),
        ("--cfg.seed=1 --cfg.steps 2 --cfg.seed 1", r"^--cfg\.seed is given twice: keep one"),
        ("--cfg.a.b 1 --cfg.a {c:}", r"^--cfg\.a would replace --cfg\.a\.b, given before it: keep"),
        ("--cfg.a {b:,b:}", r"^--cfg\.a: the key b stands twice"),
    ],
)
def test_nothing_that_is_given_is_lost_without_a_word(words, sentence):
    with pytest.raises(InputError, match=sentence):
        parse_overrides(tuple(words.split()))


def test_a_field_of_a_section_that_is_given_is_changed():
    found = parse_overrides(("--cfg.a", "{b: 1, c: 2}", "--cfg.a.b", "3", "--cfg.ab", "[4, 5]"))
    assert found == {"a": {"b": 1, "c": 2}, "a.b": 3, "ab": [4, 5]}
