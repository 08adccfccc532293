"""A run is published whole or not at all, and under its own name only."""

from pathlib import Path

import pytest
import torch
import yaml

from scorelet.models import NetworkJointEnergy
from scorelet.networks.grad_res_net import GradResNet
from scorelet.tasks.experiments import read_config

PLACE = ("a machine", "")


@pytest.fixture
def scripts(program, monkeypatch, tmp_path):
    module = program("scripts", "publish_joint")
    torch.manual_seed(0)
    network = GradResNet(3, 2, widths=(8, 8, 8, 8), noise_features=4)
    trained = NetworkJointEnergy(network, "ab", mean=(0.5,) * 3, size=(8, 8))
    for name, value in {
        "ROOT": tmp_path,
        "WEIGHTS": tmp_path / "weights",
        "halved": lambda *_: trained,
    }.items():
        monkeypatch.setattr(module, name, value)
    (tmp_path / "weights").mkdir()
    (tmp_path / "docs/results").mkdir(parents=True)
    return module


def run_of(folder, changes=None):
    config = read_config("cifar10-joint").model_dump(mode="json") | (changes or {})
    folder.mkdir()
    (folder / "config.yaml").write_text(yaml.safe_dump(config))
    return folder


def written(folder):
    return sorted(path.name for path in Path(folder).rglob("*") if path.is_file())


def test_what_cannot_be_measured_replaces_nothing(scripts, monkeypatch, tmp_path):
    run = run_of(tmp_path / "cifar10-joint")
    (tmp_path / "weights/cifar10-joint.safetensors").write_bytes(b"before")
    monkeypatch.setattr(scripts, "measured", lambda *_: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        scripts.main(run, "weights.safetensors", PLACE)
    assert (tmp_path / "weights/cifar10-joint.safetensors").read_bytes() == b"before"
    assert written(tmp_path / "docs") == []


@pytest.mark.parametrize(
    ("name", "changes", "words"),
    [
        ("cifar10-noisy", {}, "has learnt to denoise: it is no run of cifar10-noisy"),
        ("cifar10-joint", {"lambda_dsm": 0.0}, "has learnt labels only"),
        ("cifar10-other", {}, "the name of no model"),
    ],
)
def test_a_run_has_the_name_of_what_it_learnt(scripts, tmp_path, name, changes, words):
    with pytest.raises(SystemExit, match=words):
        scripts.main(run_of(tmp_path / name, changes), "weights.safetensors", PLACE)
    assert written(tmp_path / "weights") == []


def test_the_command_of_a_card_names_every_field_that_differs(scripts):
    config = read_config("cifar10-joint").model_dump(mode="json")
    command = scripts.train_command("cifar10-joint", config)
    assert command == "scorelet train cifar10-joint"
    config["model"]["options"]["side_bias"] = True
    command = scripts.train_command("cifar10-joint", config)
    assert command == "scorelet train cifar10-joint --cfg.model.options.side_bias true"
    del config["model"]["options"]["width"]
    with pytest.raises(SystemExit, match=r"lacks .*model\.options\.width"):
        scripts.train_command("cifar10-joint", config)
