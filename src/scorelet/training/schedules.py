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


def changed_rate(step: int, before: int, now: int, schedule: ScheduleConfig) -> str | None:
    """Say how the rate goes on after `step` steps if there are other steps; None if as before.

    >>> from scorelet.training.config import ScheduleConfig
    >>> from scorelet.training.schedules import changed_rate
    >>> changed_rate(6, 6, 9, ScheduleConfig(warmup=0, shape="linear"))[:71]
    'With 9 steps instead of 6 the rate goes on at 0.33 of its peak, after 0'
    """
    rest = range(step, now)
    if all(rate_factor(k, now, schedule) == rate_factor(k, before, schedule) for k in rest):
        return None
    last, following = rate_factor(step - 1, before, schedule), rate_factor(step, now, schedule)
    return (
        f"With {now} steps instead of {before} the rate goes on at {following:.2g} of its peak, "
        f"after {last:.2g}: the weights will be others than those of an uninterrupted run."
    )


def _one_cycle(step: int, steps: int, schedule: ScheduleConfig) -> float:
    top, last = max(0, schedule.warmup - 1), steps - 1
    if step < top:
        return _between(schedule.start, 1.0, step / top)
    return _between(1.0, schedule.end, min(1.0, (step - top) / max(1, last - top)))


def _between(first: float, second: float, u: float) -> float:
    """Go from `first` to `second` along half a cosine as u goes from 0 to 1."""
    return second + (first - second) * 0.5 * (1 + math.cos(math.pi * u))
