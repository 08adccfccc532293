"""The script that trains the joint network and its controls anew takes the steps of these."""

import json
import shlex
from pathlib import Path

import pytest
import torch
import yaml

from scorelet.cli.train import parse_overrides
from scorelet.models import NetworkJointEnergy
from scorelet.networks.grad_res_net import GradResNet
from scorelet.tasks.experiments import read_config
from scorelet.training.run_folder import CONFIG, WEIGHTS
from scorelet.zoo import load_as, save

CARDS = Path(__file__).parents[1] / "src/scorelet/zoo/weights"
MODELS = ("cifar10-joint", "cifar10-entropy", "cifar10-noisy", "cifar10-denoiser")
RATES = [(6e-4, 8e-3), (4.5e-4, 6e-3), *[(3e-4, 4e-3)] * 3]


@pytest.fixture
def script(program):
    return program("scripts", "train_joint")


def shipped(name):
    return name if name.endswith(("joint", "denoiser")) else "cifar10-joint"


def configs(script, name, folder):
    return [
        read_config(shipped(name), script.changed(name, key, folder)) for key in script.runs(name)
    ]


def law(seed, folder):
    """A small joint law, and where it was saved."""
    torch.manual_seed(seed)
    network = GradResNet(3, 10, widths=(8, 8, 8, 8), noise_features=4)
    found = NetworkJointEnergy(network, "abcdefghij", mean=(0.5,) * 3, size=(8, 8))
    folder.mkdir(parents=True, exist_ok=True)
    save(found, folder / WEIGHTS)
    return found


@pytest.mark.parametrize("name", MODELS)
def test_runs_are_those_of_the_cards(script, tmp_path, name):
    card = json.loads((CARDS / f"{name}.json").read_text())
    runs = configs(script, name, tmp_path)
    told = [(run["seed"], run["of"], run["batch"]) for run in card["runs"]]
    assert [(run.seed, run.steps, run.batch) for run in runs] == told
    command, published = card["command"].split("; ")
    given = parse_overrides(tuple(shlex.split(command)[3:]))
    last = runs[-1].model_dump(mode="json")
    expected = read_config(shipped(name), given).model_dump(mode="json")
    for config in (last, expected):
        assert config["model"].pop("start_from").endswith(".safetensors")
        config.pop("output")
        config.pop("validate_every")  # says how often it was watched
    assert last == expected
    printed, before = script.publishing(name, Path("runs")).split(" --before ")
    printed = printed.replace(f"runs/three/{name}.safetensors", "OTHER.safetensors")
    assert printed.replace("runs/fifth/", "runs/").replace("runs/sixth/", "runs/") == published
    assert before.split() == [f"runs/{key}/{name}" for key in script.runs(name)[:-1]]


def test_runs_before_the_last_are_those_that_were_made(script, tmp_path):
    for name in MODELS:
        runs = configs(script, name, tmp_path)
        rates = RATES if name != "cifar10-denoiser" else [*RATES, (5e-5, 5e-4)]
        assert [(run.optimizer.rate, run.optimizer.matrix_rate) for run in runs] == rates
        warm = [300, *[100] * 4, 10][: len(runs)]
        assert [run.schedule.warmup for run in runs] == warm
        assert [run.optimizer.ema for run in runs[1:5]] == [0.999, 0.99, 0.99, 0.99]
    joint, clean, noisy = (configs(script, name, tmp_path) for name in MODELS[:3])
    assert [run.lambda_dsm for run in joint] == [12, 16, 16, 16, 16]
    assert [run.lambda_posterior for run in joint] == [0, 0.2, 1, 1, 1]
    assert joint[1].posterior_share == 0.2
    assert {(run.lambda_dsm, run.lambda_posterior) for run in clean + noisy} == {(0, 0)}
    assert {(run.noise.clean, run.label_level) for run in clean} == {(1, None)}
    assert {(run.noise.clean, run.label_level) for run in noisy} == {(0.5, 0.03)}


def test_a_mean_is_moved_towards_the_other_step(script, tmp_path):
    """Of "two" half of the second run and half of the third; of "three" 0.667 of "two"."""
    both = [law(seed, tmp_path / ("second", "third")[seed] / MODELS[0]) for seed in range(2)]
    config = yaml.safe_dump(read_config(MODELS[0]).model_dump(mode="json"))
    (tmp_path / "third" / MODELS[0] / CONFIG).write_text(config)
    made = script._mean(MODELS[0], script.PLANS[MODELS[0]]["two"], tmp_path)
    for mine, *given in zip(*(each.network.parameters() for each in (made, *both)), strict=True):
        torch.testing.assert_close(mine.float(), sum(given) / 2, rtol=1e-3, atol=1e-6)
    assert script.PLANS[MODELS[0]]["three"] == script.Mean("fourth", "two", 0.667)


@pytest.fixture
def trained(script, monkeypatch):
    """Trainings, which are not done: name, start and steps; their weights are those of a law."""
    made = []

    def train(config, *, resume, **_):
        made.append((config.output.parts[-2], config.model.start_from, config.steps, resume))
        law(len(made), config.output)
        (config.output / CONFIG).write_text(yaml.safe_dump(config.model_dump(mode="json")))
        done[config.output] = config.steps
        return config.output / WEIGHTS

    done = {}
    monkeypatch.setattr(script, "run_training", train)
    monkeypatch.setattr(script, "steps_saved", lambda path: done.get(path.parent, 0))
    return made, done


def test_each_step_begins_with_those_before_it_and_none_is_done_again(script, tmp_path, trained):
    made, done = trained
    script.train("cifar10-joint", tmp_path, 0.01)
    first, second = (str(tmp_path / key / MODELS[0] / WEIGHTS) for key in ("first", "second"))
    three = tmp_path / f"three/{MODELS[0]}.safetensors"
    assert made == [
        ("first", None, 95, False),
        ("second", first, 45, False),
        ("third", second, 15, False),
        ("fourth", second, 15, False),
        ("fifth", str(three), 15, False),
    ]
    assert len(load_as(NetworkJointEnergy, three, verb="classify").classes) == 10
    made.clear()
    done[tmp_path / "fourth/cifar10-joint"] = 7
    script.train("cifar10-joint", tmp_path, 0.01)
    assert made == [("fourth", second, 15, True)]


def test_a_trial_is_not_taken_for_the_training(script, tmp_path, trained):
    script.train("cifar10-joint", tmp_path, 0.001)
    with pytest.raises(SystemExit, match="is a run of 10 steps, and 9500 were to be made"):
        script.train("cifar10-joint", tmp_path, 1.0)


def test_the_steps_of_a_trial_are_a_part(script, tmp_path):
    found = [
        script.changed("cifar10-joint", "second", tmp_path, part) for part in (1.0, 0.01, 1e-9)
    ]
    steps = [(fields["steps"], fields["schedule.warmup"]) for fields in found]
    assert steps == [(4500, 100), (45, 1), (2, 1)]


def test_the_denoiser_is_a_chain(script, tmp_path, trained, monkeypatch):
    made, _ = trained
    monkeypatch.setattr(script, "_redrawn", lambda *_: law(0, tmp_path))
    script.train("cifar10-denoiser", tmp_path, 0.01)
    starts = [Path(start).parts[-3 if start.endswith(WEIGHTS) else -2] for _, start, *_ in made[1:]]
    assert starts == ["first", "second", "third", "redrawn", "again"]
