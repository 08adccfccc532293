"""How long an audit takes: a little of each kind of work is done, and all of it counted.

Whole steps of a training are done (noise, loss, gradient, optimiser, averaged weights) in a folder
that is removed, and one batch is denoised. A measurement of twins is so many denoised pictures.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from statistics import mean
from tempfile import TemporaryDirectory

from scorelet.analysis.memorization import psnr_by_level
from scorelet.analysis.memorization.twin_samples import SCHEDULE
from scorelet.core.device import choose_device
from scorelet.core.memory import keep_large_buffers
from scorelet.core.typing import Image
from scorelet.core.words import counted
from scorelet.models import ResidualDenoiser
from scorelet.tasks.audit.settings import AuditSettings
from scorelet.tasks.audit.twins import HALVES, twin_config, twin_folder
from scorelet.tasks.experiments import build
from scorelet.tasks.experiments.base import model_of
from scorelet.tasks.experiments.pictures import PicturesConfig
from scorelet.training.forecast import SKIPPED, spoken
from scorelet.training.run_folder import STATE
from scorelet.training.state import read_facts

_TRIED = SKIPPED + 4
_BATCH = 16  # that of samples, where most pictures are denoised


@dataclass(frozen=True)
class Pace:
    """What work takes on this machine.

    Attributes:
        step: seconds of a step of a training.
        picture: seconds in which a model denoises one picture.
    """

    step: float
    picture: float


@dataclass(frozen=True)
class Left:
    """What an audit has before it.

    Attributes:
        trainings: that are not finished.
        steps: of all of them, less those that are done.
        measured: sizes whose twins are to be measured.
        pictures: that models denoise there.
    """

    trainings: int
    steps: int
    measured: int
    pictures: int

    def seconds(self, pace: Pace) -> float:
        """Return what it takes."""
        return self.steps * pace.step + self.pictures * pace.picture


def work_left(kept: Path, settings: AuditSettings) -> Left:
    """Return what is not done yet, by the steps that are kept in a folder."""
    twins = [
        (size, half)
        for size in settings.sizes
        for half in HALVES
        if not (kept / f"{size}-{half}.json").exists()
    ]
    done = sum(_steps_done(twin_folder(kept, half, size) / STATE) for size, half in twins)
    sizes = [size for size in settings.sizes if not (kept / f"{size}.json").exists()]
    return Left(
        len(twins),
        len(twins) * settings.network.steps - done,
        len(sizes),
        sum(denoised_pictures(size, settings) for size in sizes),
    )


def denoised_pictures(size: int, settings: AuditSettings) -> int:
    """Return how many pictures the networks denoise when twins of a size are measured."""
    levels, held_out = len(settings.sigmas), settings.held_out
    own = min(size, held_out)
    # alone, compared with the twin, training pictures, and the twin's
    curves = levels * (2 * held_out + 2 * own)
    return 2 * (curves + settings.samples * len(SCHEDULE.sigmas()))


def try_pace(config: PicturesConfig, held_out: Image, device: str) -> Pace:
    """Do a few steps of a training and denoise a batch; nothing of it is kept.

    Args:
        config: of a training that is to come.
        held_out: pictures of the measurement.
        device: where it is done.
    """
    keep_large_buffers()
    experiment = build(config)
    with TemporaryDirectory() as folder:
        there = config.model_copy(update={"output": Path(folder)})
        trainer = experiment.trainer(there, device=device)
        steps = trainer.run()
        times = _durations(lambda: next(steps), min(_TRIED, config.steps))
        steps.close()
    model = model_of(experiment.learner, ResidualDenoiser).to(choose_device(device)).eval()
    clean = held_out[:_BATCH].to(choose_device(device))
    passes = _durations(lambda: float(psnr_by_level(model, clean, [0.3]).sum()), SKIPPED + 1)
    return Pace(mean(times[SKIPPED:] or times), passes[-1] / len(clean))


def outlook(kept: Path, held_out: Image, settings: AuditSettings) -> str | None:
    """Return a sentence on what is left and how long it takes; None: nothing is left."""
    left = work_left(kept, settings)
    if not left.measured:
        return None
    config = twin_config(kept, HALVES[0], settings.sizes[0], settings)
    seconds = left.seconds(try_pace(config, held_out, settings.device))
    parts = [f"{counted(left.measured, 'measurement')} of twins"]
    if left.trainings:
        steps = counted(settings.network.steps, "step")
        parts.insert(0, f"{counted(left.trainings, 'training')} of {steps}")
    return f"{' and '.join(parts)}: about {spoken(seconds)}; finished ones are kept for --resume."


def _steps_done(state: Path) -> int:
    return int(read_facts(state)["step"]) if state.exists() else 0


def _durations(work: Callable[[], object], count: int) -> list[float]:
    times = []
    for _ in range(count):
        start = time.perf_counter()
        work()
        times.append(time.perf_counter() - start)
    return times
