"""Train `cifar10-joint` and its controls anew, in the runs that the built-in ones come from.

export SCORELET_DATA=...                      # cifar10.npz below it
python scripts/train_joint.py                 # all four: about sixteen hours of a core
python scripts/train_joint.py cifar10-joint   # one of them: several processes share the work
python scripts/train_joint.py --part 0.001 --folder try  # a thousandth of the steps: does it run

The folder gets one for each run; a command that was interrupted goes on with the last and repeats
none. To have a run anew, remove FOLDER/RUN/NAME and all steps after it. `PLANS` has the runs and
the means between them; the last lines printed are the commands that publish what was made.
"""

import argparse
import shlex
from pathlib import Path
from typing import Any, NamedTuple

from publish_joint import DIRECT, JOINT, Changes, Model, halved, shipped
from redraw_idle_maps import redraw, watched

from scorelet.core.random import generator
from scorelet.models import ResidualDenoiser
from scorelet.tasks.experiments import read_config
from scorelet.tasks.train import train as run_training
from scorelet.training.run_folder import CONFIG, STATE, WEIGHTS
from scorelet.training.state import steps_saved
from scorelet.zoo import load_as, save

Fields = dict[str, Any]


class Run(NamedTuple):
    """A training.

    Attributes:
        start: name of the step whose weights it begins with; None: those of its seed.
        fields: of the configuration that differ from the shipped one.
    """

    start: str | None
    fields: Fields


class Mean(NamedTuple):
    """The weights of a run, moved towards those of another step by a share of the way."""

    run: str
    towards: str
    share: float


class Redrawn(NamedTuple):
    """The weights of a run whose idle channels begin anew."""

    run: str


Plan = dict[str, Run | Mean | Redrawn]
LATER = {"optimizer.rate": 4.5e-4, "optimizer.matrix_rate": 6e-3, "schedule.warmup": 100}
LAST = {
    "optimizer.rate": 3e-4,
    "optimizer.matrix_rate": 4e-3,
    "optimizer.ema": 0.99,
    "schedule.warmup": 100,
}
SHORT = {
    "optimizer.rate": 5e-5,
    "optimizer.matrix_rate": 5e-4,
    "optimizer.ema": 0.95,
    "schedule.warmup": 10,
}
"""Fields of second runs, of those after them, and of one that only wakes channels."""


def labelling(always: Fields, second: Fields, last: Fields) -> Plan:
    """Return the runs of a network that labels.

    Args:
        always: fields of all its runs.
        second, last: those of the second run, and of the third to fifth, beside rates and steps.
    """
    third = {**always, **LAST, **last, "steps": 1500}
    return {
        "first": Run(None, always),
        "second": Run("first", {**always, **LATER, **second, "steps": 4500, "seed": 1}),
        "third": Run("second", {**third, "seed": 2}),
        "fourth": Run("second", {**third, "seed": 3}),
        "two": Mean("third", "second", 0.5),
        "three": Mean("fourth", "two", 0.667),
        "fifth": Run("three", {**third, "seed": 4}),
    }


NO_DENOISING = {"lambda_dsm": 0.0}
PLANS: dict[str, Plan] = {
    JOINT: labelling(
        {},
        {"lambda_dsm": 16.0, "lambda_posterior": 0.2, "posterior_share": 0.2},
        {"lambda_dsm": 16.0, "lambda_posterior": 1.0},
    ),
    "cifar10-entropy": labelling({**NO_DENOISING, "noise.clean": 1.0, "label_level": None}, {}, {}),
    "cifar10-noisy": labelling(NO_DENOISING, {}, {}),
    DIRECT: {
        "first": Run(None, {}),
        "second": Run("first", {**LATER, "steps": 2250, "seed": 1}),
        "third": Run("second", {**LAST, "steps": 750, "seed": 2}),
        "fourth": Run("third", {**LAST, "steps": 750, "seed": 3}),
        "redrawn": Redrawn("fourth"),
        "fifth": Run("redrawn", {**LAST, "steps": 750, "seed": 4}),
        "again": Redrawn("fifth"),
        "sixth": Run("again", {**SHORT, "steps": 150, "seed": 5}),
    },
}
"""Of each model its steps, by name."""
LABEL_LEVELS = {JOINT: 0.025, "cifar10-noisy": 0.025}
"""At which clean pictures are labelled, where that is not the level of the training."""


def train(name: str, folder: Path, part: float) -> None:
    """Take the steps of a model that have not been taken; `part` of the steps of each run."""
    plan = PLANS[name]
    for key, step in plan.items():
        if isinstance(step, Run):
            _train(name, key, folder, part)
        elif not (path := weights(name, key, folder)).exists():
            path.parent.mkdir(parents=True, exist_ok=True)
            mean = isinstance(step, Mean)
            save(_mean(name, step, folder) if mean else _redrawn(name, step, folder), path)
            print(f"{name}: {path}", flush=True)


def weights(name: str, key: str, folder: Path) -> Path:
    """Return where the weights of a step lie."""
    if isinstance(PLANS[name][key], Run):
        return folder / key / name / WEIGHTS
    return folder / key / f"{name}.safetensors"


def changed(name: str, key: str, folder: Path, part: float = 1.0) -> Fields:
    """Return the fields of a run that differ from the shipped configuration."""
    run = PLANS[name][key]
    assert isinstance(run, Run)
    usual = read_config(shipped(name))
    fields = {**run.fields, "output": str(folder / key / name)}
    if run.start:
        fields["model.start_from"] = str(weights(name, run.start, folder))
    if part < 1:
        warmup = fields.get("schedule.warmup", usual.schedule.warmup)
        steps = fields.get("steps", usual.steps)
        fields |= {
            "steps": max(2, round(part * steps)),
            "schedule.warmup": max(1, round(part * warmup)),
        }
    return fields


def runs(name: str) -> list[str]:
    """Return the names of the steps of a model that are trainings."""
    return [key for key, step in PLANS[name].items() if isinstance(step, Run)]


def publishing(name: str, folder: Path) -> str:
    """Return the command that publishes a model: of what labels half way to the mean before."""
    *before, last = (str(folder / key / name) for key in runs(name))
    words = ["python", "scripts/publish_joint.py", last]
    if name != DIRECT:
        words += ["--towards", str(weights(name, "three", folder)), "--share", "0.5"]
    if name in LABEL_LEVELS:
        words += ["--label-level", f"{LABEL_LEVELS[name]:g}"]
    return shlex.join([*words, "--before", *before])


def _train(name: str, key: str, folder: Path, part: float) -> None:
    config = read_config(shipped(name), changed(name, key, folder, part))
    done = steps_saved(config.output / STATE)
    begun = config.output / CONFIG
    if begun.exists() and (other := read_config(begun).steps) != config.steps:
        raise SystemExit(
            f"{config.output} is a run of {other} steps, and {config.steps} were to be made: give "
            "another --folder, or remove it and all after it."
        )
    if done < config.steps:
        title = f"{name}, {key}"
        path = run_training(config, resume=done > 0, title=title, say=print, warn=print)
        print(f"{name}: {path}, {config.steps} steps", flush=True)


def _mean(name: str, step: Mean, folder: Path) -> Model:
    run = weights(name, step.run, folder)
    changes = Changes(weights(name, step.towards, folder), step.share)
    return halved(run, read_config(run.parent / "config.yaml"), changes)


def _redrawn(name: str, step: Redrawn, folder: Path) -> ResidualDenoiser:
    denoiser = load_as(ResidualDenoiser, weights(name, step.run, folder), verb="redraw").eval()
    for place, rows in redraw(denoiser, watched(), generator(0)).items():
        print(f"{name}, {step.run}: channels {rows} of {place} drawn anew", flush=True)
    return denoiser


if __name__ == "__main__":
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("models", nargs="*", metavar="MODEL", help=f"of {', '.join(PLANS)}")
    parser.add_argument("--folder", type=Path, default=Path("runs"), help="of all runs")
    parser.add_argument("--part", type=float, default=1.0, help="of the steps of each run")
    options = parser.parse_args()
    if unknown := set(options.models) - PLANS.keys():
        parser.error(f"unknown models: {', '.join(sorted(unknown))}")
    if not 0 < options.part <= 1:
        parser.error(f"--part is {options.part:g}: it must lie in (0, 1]")
    for model in options.models or PLANS:
        train(model, options.folder, options.part)
    for model in options.models or PLANS:
        print(publishing(model, options.folder))
