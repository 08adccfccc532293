"""Learning-rate schedules: pure functions from a step to a factor in [0, 1]."""

import math

from scorelet.training.config import ScheduleConfig


def rate_factor(step: int, steps: int, schedule: ScheduleConfig) -> float:
    """Return the factor of the peak rate at `step` of `steps`.

    Linear warm-up (step + 1)/warmup; then, with u = (step - warmup)/(steps - warmup): cosine
    (1 + cos πu)/2, linear 1 - u, step factor^⌊(step - warmup)/every⌋, constant 1. One-cycle has
    half a cosine from `start` up to 1 in step warmup - 1, and another down to `end` in the last.

    References: Smith, Topin 2018, arXiv 1708.07120 (one-cycle, in the form of torch's OneCycleLR).
    """
    if schedule.shape == "one-cycle":
        return _one_cycle(step, steps, schedule)
    if step < schedule.warmup:
        return (step + 1) / schedule.warmup
    after = step - schedule.warmup
    u = min(1.0, after / max(1, steps - schedule.warmup))
    match schedule.shape:
        case "cosine":
            return 0.5 * (1 + math.cos(math.pi * u))
        case "linear":
            return 1 - u
        case "step":
            return schedule.factor ** (after // schedule.every)
        case "constant":
            return 1.0


def _one_cycle(step: int, steps: int, schedule: ScheduleConfig) -> float:
    top, last = max(0, schedule.warmup - 1), steps - 1
    if step < top:
        return _between(schedule.start, 1.0, step / top)
    return _between(1.0, schedule.end, min(1.0, (step - top) / max(1, last - top)))


def _between(first: float, second: float, u: float) -> float:
    """Go from `first` to `second` along half a cosine as u goes from 0 to 1."""
    return second + (first - second) * 0.5 * (1 + math.cos(math.pi * u))
