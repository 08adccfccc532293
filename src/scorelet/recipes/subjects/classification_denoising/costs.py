"""What training and answers of each network cost, in seconds of the processor and of the clock."""

import statistics
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import replace
from itertools import islice
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import torch

from scorelet.models import Classifier, Denoiser, JointEnergy, NetworkJointEnergy
from scorelet.plots.report import Section, Table, Text
from scorelet.recipes.report import figure
from scorelet.recipes.subjects.classification_denoising.networks import (
    DENOISER,
    JOINT,
    PLAIN,
    Networks,
)
from scorelet.tasks.experiments import build, model_of
from scorelet.training import Learner
from scorelet.training.contrastive_divergence import ContrastiveDivergence

LANGEVIN = "joint, by Langevin dynamics"
"""The joint network as earlier joint models are trained."""
_LEVEL = 0.1
_ANSWERED = 100
"""Pictures that are answered at a time."""
Seconds = tuple[float, float]
"""Of the processor, of the clock."""


def training(networks: Networks, name: str) -> list[float]:
    """Return seconds of a step of training of a network, or of `LANGEVIN`: processor, clock.

    All of it counts, pictures and optimiser, too; medians of steps after the first one.
    """
    settings = networks.settings
    with TemporaryDirectory(prefix="cost-", dir=networks.steps.folder) as folder:
        config = networks.config(JOINT if name == LANGEVIN else name, 0, Path(folder) / "run")
        experiment = build(config)
        if name == LANGEVIN:
            model = model_of(experiment.learner, NetworkJointEnergy)
            learner = Learner(model, ContrastiveDivergence(settings.chain))
            experiment = replace(experiment, learner=learner)
        with closing(experiment.trainer(config).run()) as steps:
            return list(_medians(islice(_timed(lambda: next(steps)), 1 + settings.timed)))


def answers(networks: Networks, model: Any) -> dict[str, list[float]]:  # noqa: ANN401 - a model
    """Return seconds of 1,000 pictures, likewise, by what the model does: classify, denoise."""
    images = networks.test.first(_ANSWERED)
    x = images.images(0, len(images))
    calls: dict[str, Callable[[], object]] = {}
    if isinstance(model, Classifier) or (isinstance(model, JointEnergy) and model.classifies):
        calls["classify"] = lambda: model(x)
    if isinstance(model, JointEnergy) and model.denoises:
        calls["denoise"] = lambda: model.denoise(x, _LEVEL)
    if isinstance(model, Denoiser):
        calls["denoise"] = lambda: model(x, _LEVEL)
    with torch.no_grad():
        found = {
            what: _medians(islice(_timed(call), 1 + networks.settings.timed))
            for what, call in calls.items()
        }
    return {what: [1000 / len(x) * each for each in pair] for what, pair in found.items()}


def rows(
    steps: Mapping[str, Sequence[float]],
    answered: Mapping[str, Mapping[str, Sequence[float]]],
    epoch: int,
) -> list[dict[str, Any]]:
    """Return a row for each network; the last column is its step over that of labels alone.

    Args:
        steps: of `training`, by name.
        answered: of `answers`, likewise; a name that is trained only is not there.
        epoch: steps of an epoch.
    """
    found = []
    for name, (processor, clock) in steps.items():
        row: dict[str, Any] = {"network": name, "step": _rounded(processor)}
        row |= {"step_clock": _rounded(clock), "epoch": _rounded(epoch * processor)}
        row["epoch_clock"] = _rounded(epoch * clock)
        for what in ("classify", "denoise"):
            pair = answered.get(name, {}).get(what, (None, None))
            row |= {what: _rounded(pair[0]), f"{what}_clock": _rounded(pair[1])}
        found.append(row | {"over": round(processor / steps[PLAIN][0], 2)})
    return found


def section(found: Sequence[Mapping[str, Any]], chain: int) -> Section:
    """The table of costs."""
    what = ("step", "epoch", "1,000 labelled", "1,000 denoised")
    head = [f"{each} ({by})" for each in what for by in ("processor", "clock")]
    cells = [tuple(v if isinstance(v, str) else figure(v) for v in row.values()) for row in found]
    return Section(
        "What it costs",
        [
            Table(["network", *head, "step over labels alone"], cells),
            Text(
                "Seconds of the processor (all threads) and of the clock, in which other work on "
                f"the machine counts. {LANGEVIN}: {chain} steps of a chain for each of training, "
                "a few steps only, which are no training; it labels and denoises as the joint one. "
                f"{DENOISER}: the U-Net.",
                "note",
            ),
        ],
    )


def _timed(call: Callable[[], object]) -> Iterator[Seconds]:
    """Yield the seconds of one call after the other."""
    while True:
        begun = time.process_time(), time.perf_counter()
        call()
        ended = time.process_time(), time.perf_counter()
        yield ended[0] - begun[0], ended[1] - begun[1]


def _medians(found: Iterator[Seconds]) -> Seconds:
    """Return medians, without the first, which compiles."""
    processor, clock = zip(*islice(found, 1, None), strict=True)
    return statistics.median(processor), statistics.median(clock)


def _rounded(seconds: float | None) -> float | None:
    return None if seconds is None else float(f"{seconds:.3g}")
