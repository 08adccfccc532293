"""Samples of a model of fields, of the size of the data or of another.

Larger fields begin with more coarsest pixels, whose values are drawn independently: two places
further apart than a fitted field know nothing of each other. Smaller ones are cut out.

Chains of fields of N times as many pixels take longer. Where they begin, at 0, energies are far
below those of samples, and the same share of steps is taken if these are N^(1/2) times shorter;
once chains have arrived, N^(1/3) times. So what a pilot has found for its first steps is stretched
by N^(1/2), and the step at its end, where fields are, is divided by N^(1/3).

References: Christensen, Roberts, Rosenthal 2005 (chains that begin at a mode); Roberts, Rosenthal
1998.
"""

from collections.abc import Iterator
from dataclasses import replace

import torch
from torch import Tensor

from scorelet.core.progress import Progress
from scorelet.core.random import Noise
from scorelet.core.typing import Fields
from scorelet.models.field_energy import ConditionalEnergy
from scorelet.models.multiscale import Multiscale
from scorelet.sampling import OnStep, Run, Schedule
from scorelet.tasks.field_model.census import BATCH_PIXELS
from scorelet.tasks.field_model.scale import restored
from scorelet.tasks.field_model.sizes import check_size_of, grid_of


def draw(
    run: Run, numbers: range, seed: int, size: tuple[int, int], progress: Progress | None
) -> Fields:
    """Return samples (n, h, w) in the units of the data.

    Args:
        run: model and chains for the size of the data.
        numbers: of the samples.
        seed: any non-negative integer.
        size: (h, w).
        progress: is told how many samples are done.

    Raises:
        InputError: sizes that `check_size_of` refuses, chains that diverge.
    """
    field, pieces = run.model.record["field"], []
    for drawn in draw_grids(run, numbers, seed, size):
        pieces.append(restored(field, drawn, size))
        if progress:
            progress(sum(map(len, pieces)), len(numbers))
    return torch.cat(pieces)


def draw_grids(run: Run, numbers: range, seed: int, size: tuple[int, int]) -> Iterator[Tensor]:
    """Yield samples as the model has them, (batch, 1, h, w), standardised, on its grid.

    Arguments and errors as of `draw`.
    """
    check_size_of(run.model, size)
    grid, times = grid_of(run.model, size)
    rows, columns = ((own >> run.model.levels) * k for own, k in zip(grid, times, strict=True))
    run = enlarged(run, size)
    most = max(1, BATCH_PIXELS // (grid[0] * times[0] * grid[1] * times[1]))
    for first in range(numbers.start, numbers.stop, most):
        part = range(first, min(first + most, numbers.stop))
        yield run.sample(Noise(seed, part), (rows, columns))


def run_of(model: Multiscale[ConditionalEnergy], steps: int, on_step: OnStep | None = None) -> Run:
    """Return the chains of a model, as its pilots have found them."""
    found = model.record["chains"]["schedules"]
    schedules = [Schedule(tuple(s["epsilons"]), s["acceptance"], s.get("curvature")) for s in found]
    return Run(model, schedules, steps, on_step=on_step)


def enlarged(run: Run, size: tuple[int, int]) -> Run:
    """Return the chains of samples of a size."""
    _, (rows, columns) = grid_of(run.model, size)
    if rows * columns == 1:
        return run
    arriving, settled = (rows * columns) ** (1 / 2), (rows * columns) ** (1 / 3)
    first = min(run.steps, max(len(s.epsilons) for s in run.schedules))
    return replace(
        run,
        schedules=[_slower(s, arriving, settled) for s in run.schedules],
        steps=round(first * arriving) + round((run.steps - first) * settled),
    )


def _slower(schedule: Schedule, arriving: float, settled: float) -> Schedule:
    """Return the schedule with its path stretched, and the last step of it divided."""
    steps = range(round(len(schedule.epsilons) * arriving))
    path = [schedule.epsilon(int(step / arriving)) / arriving for step in steps]
    return replace(schedule, epsilons=(*path, schedule.epsilons[-1] / settled))
