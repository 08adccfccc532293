"""Samples of two models from the same noise, initial and injected.

If both have learned the density, the samples of a pair are nearly the same image, and unlike any
training image; if both have memorised, each is a copy of one of its own training images.

References: Kadkhodaie, Guth, Simoncelli, Mallat 2024, arXiv 2310.02557, figure 2.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import torch

from scorelet.core.errors import InputError
from scorelet.core.progress import Progress, teller
from scorelet.core.random import Noise
from scorelet.core.typing import Image
from scorelet.models import Denoiser
from scorelet.sampling.ascent import AscentSchedule, AscentState, ascend

SCHEDULE = AscentSchedule(start=1.0, end=0.05, first=0.01, beta=0.1)
"""That of the publication: 97 steps."""
_BATCH = 16


@dataclass(frozen=True)
class TwinSamples:
    """Pairs of samples.

    Attributes:
        first, second: (n, channel, height, width) of the two models; pair k has the noise k.
    """

    first: Image
    second: Image


def twin_samples(
    a: Denoiser,
    b: Denoiser,
    mean: Image,
    count: int,
    *,
    schedule: AscentSchedule = SCHEDULE,
    seed: int = 0,
    progress: Progress | None = None,
) -> TwinSamples:
    """Draw pairs by stochastic ascent (`scorelet.sampling.ascent`).

    Args:
        a, b: the models; they are run without gradients.
        mean: one image (1, channel, height, width), around which the noise of both starts.
        count: how many pairs.
        schedule: step sizes and noise levels.
        seed: of all noise, which is a function of (seed, pair, step).
        progress: called with (steps of batches done, of all).

    Raises:
        InputError: no pair.
        DivergenceError: a model that is no denoiser at such levels.
    """
    if count < 1:
        raise InputError(f"{count} pairs of samples cannot be drawn: expected at least one.")
    starts = range(0, count, _BATCH)
    steps = 2 * len(starts) * len(schedule.sigmas())
    tell, sets = teller(progress, steps), []
    for model in (a, b):
        parts = []
        for start in starts:
            noise = Noise(seed, range(start, min(start + _BATCH, count)))
            states = ascend(model, mean, schedule, noise)
            with torch.no_grad():
                parts.append(_last(states, tell).denoised)
        sets.append(torch.cat(parts))
    return TwinSamples(*sets)


def _last(states: Iterator[AscentState], tell: Callable[[], None]) -> AscentState:
    state = next(states)
    tell()
    for following in states:
        state = following
        tell()
    return state
