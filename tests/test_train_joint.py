"""The script that trains the joint network and its controls anew takes the steps of these."""

import json
import shlex
from pathlib import Path

import pytest

from scorelet.cli.train import parse_overrides
from scorelet.models import NetworkJointEnergy
from scorelet.networks.grad_res_net import GradResNet
from scorelet.tasks.experiments import read_config
from scorelet.training.run_folder import CONFIG, STATE, WEIGHTS
from scorelet.zoo import save

CARDS = Path(__file__).parents[1] / "src/scorelet/zoo/weights"
MODELS = ("cifar10-joint", "cifar10-entropy", "cifar10-noisy", "cifar10-denoiser")


@pytest.fixture
def script(program):
    return program("scripts", "train_joint")


def runs_of(script, name, folder):
    plan = script.PLANS[name]
    keys = [key for key, step in plan.items() if isinstance(step, script.Run)]
    return [read_config(name_of(name), script.changed(name, key, folder)) for key in keys]


def name_of(name):
    return name if name.endswith(("joint", "denoiser")) else "cifar10-joint"


@pytest.mark.parametrize("name", MODELS)
def test_runs_are_those_of_the_built_in_models(script, tmp_path, name):
    card = json.loads((CARDS / f"{name}.json").read_text())
    runs = runs_of(script, name, tmp_path)
    told = [(run["seed"], run["of"], run["batch"]) for run in card["runs"]]
    assert [(run.seed, run.steps, run.batch) for run in runs] == told
    command, published = card["command"].split("; ")
    given = parse_overrides(tuple(shlex.split(command)[3:]))
    last = runs[-1].model_dump(mode="json")
    expected = read_config(name_of(name), given).model_dump(mode="json")
    for config in (last, expected):
        assert config["model"].pop("start_from").endswith(".safetensors")
        config.pop("output")
        config.pop("validate_every")  # says how often it was watched
    assert last == expected
    ends = script.ENDS[name].format(name, "runs").split()[1:]
    assert " ".join(ends).replace(f"runs/three/{name}.safetensors", "OTHER.safetensors") == (
        published.partition(f"runs/{name}")[2].strip()
    )


def test_what_is_finished_is_not_done_again(script, tmp_path, monkeypatch):
    """Each step begins with the weights of those before it; a run with a state goes on."""
    made = []

    def train_once(config, _title, *, quiet):
        made.append((config.output.parts[-2], config.model.start_from, config.steps))
        config.output.mkdir(parents=True, exist_ok=True)
        (config.output / CONFIG).write_text("")
        save(network, config.output / WEIGHTS)
        (config.output / STATE).unlink(missing_ok=True)
        return {"seconds": 0.0}

    network = NetworkJointEnergy(
        GradResNet(3, 2, widths=(8, 8, 8, 8), noise_features=4), "ab", mean=(0.5,) * 3, size=(8, 8)
    )
    monkeypatch.setattr(script, "train_once", train_once)
    monkeypatch.setattr(script, "_mean", lambda *_: network)
    script.train("cifar10-joint", tmp_path, 0.01)
    place = {key: tmp_path / key / "cifar10-joint" / WEIGHTS for key in ("first", "second")}
    three = str(tmp_path / "three/cifar10-joint.safetensors")
    assert made == [
        ("first", None, 95),
        ("second", str(place["first"]), 45),
        ("third", str(place["second"]), 15),
        ("fourth", str(place["second"]), 15),
        ("fifth", three, 15),
    ]
    (tmp_path / "fourth/cifar10-joint" / STATE).touch()
    made.clear()
    script.train("cifar10-joint", tmp_path, 0.01)
    assert made == [("fourth", str(place["second"]), 15)]
