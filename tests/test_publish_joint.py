"""A run is published whole or not at all, and under its own name only."""

import json
from pathlib import Path

import pytest
import torch
import yaml

from scorelet.models import NetworkJointEnergy
from scorelet.networks.grad_res_net import GradResNet
from scorelet.tasks.experiments import read_config
from scorelet.zoo import save

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


def test_weights_are_moved_by_a_share_towards_earlier_ones(program, tmp_path):
    script = program("scripts", "publish_joint")
    networks = []
    for seed in (0, 1):
        torch.manual_seed(seed)
        networks.append(GradResNet(3, 10, widths=(8, 8, 8, 8), noise_features=4))
        law = NetworkJointEnergy(networks[-1], script.CIFAR10_CLASSES, mean=(0.5,) * 3, size=(8, 8))
        save(law, tmp_path / f"{seed}.safetensors")
    changes = script.Changes(tmp_path / "0.safetensors", 0.25, 0.02)
    found = script.halved(tmp_path / "1.safetensors", read_config("cifar10-joint"), changes)
    for old, new, mine in zip(*(n.parameters() for n in (*networks, found.network)), strict=True):
        torch.testing.assert_close(mine.float(), 0.25 * old + 0.75 * new, rtol=1e-3, atol=1e-6)
    assert found.label_level == 0.02
    words = " --towards OTHER.safetensors --share 0.25"
    assert changes.words == f"{words} --label-level 0.02"
    assert changes._replace(label_level=None).words == words
    assert script.Changes().words == ""


@pytest.mark.parametrize(
    ("name", "changes", "words"),
    [
        ("cifar10-noisy", {}, "has learnt to denoise: it is no run of cifar10-noisy"),
        ("cifar10-joint", {"lambda_dsm": 0.0}, "has learnt labels only"),
        ("cifar10-joint", {"lambda_ce": 0.0, "label_level": None}, "has learnt to denoise only"),
        ("cifar10-other", {}, "the name of no model"),
    ],
)
def test_a_run_has_the_name_of_what_it_learnt(scripts, tmp_path, name, changes, words):
    with pytest.raises(SystemExit, match=words):
        scripts.main(run_of(tmp_path / name, changes), "weights.safetensors", PLACE)
    assert written(tmp_path / "weights") == []


def test_a_card_tells_of_the_runs_before(scripts, tmp_path):
    folders = []
    for seed, steps in ((0, 500), (4, 100)):
        changes = {"seed": seed, "steps": steps, "batch": 80}
        folders.append(run_of(tmp_path / f"run{seed}", changes))
        line = json.dumps({"step": steps, "seconds": 36.0})
        (folders[-1] / "log.jsonl").write_text(f"{line}\n")
    place = "a machine", "with a plan of 200 steps"
    config = read_config(folders[1] / "config.yaml").model_dump(mode="json")
    told = scripts.told_runs("cifar10-joint", folders[1], config, place, folders[:1])
    first, last = told
    assert (first.get("start"), last["start"]) == (None, place[1])
    assert (first["seed"], first["steps"], first["hours"], first["epochs"]) == (0, 500, 0.01, 1.0)
    assert (last["seed"], last["steps"], last["machine"]) == (4, 100, "a machine")
    assert scripts.told_runs("cifar10-joint", folders[1], config, place, []) == [last]


def test_the_command_of_a_card_names_every_field_that_differs(scripts):
    config = read_config("cifar10-joint").model_dump(mode="json")
    command = scripts.train_command("cifar10-joint", config)
    assert command == "scorelet train cifar10-joint"
    config["model"]["options"]["side_bias"] = True
    command = scripts.train_command("cifar10-joint", config)
    assert command == "scorelet train cifar10-joint --cfg.model.options.side_bias true"
    config["model"]["start_from"] = "/somewhere/runs/cifar10-joint/weights.safetensors"
    assert scripts.train_command("cifar10-joint", config).endswith(" '\"EARLIER.safetensors\"'")
    cascade = read_config("faces").model_dump(mode="json")
    cascade["details"][1]["start_from"] = "/somewhere/weights.safetensors"
    assert '"start_from": "EARLIER.safetensors"' in scripts.train_command("faces", cascade)
    del config["model"]["options"]["width"]
    with pytest.raises(SystemExit, match=r"lacks .*model\.options\.width"):
        scripts.train_command("cifar10-joint", config)
