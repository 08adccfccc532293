"""Learning-rate schedules: pure functions from a step to a factor in [0, 1]."""

import math

from scorelet.training.config import ScheduleConfig


def rate_factor(step: int, steps: int, schedule: ScheduleConfig) -> float:
    """Return the factor of the peak rate at `step` of `steps`.

    Linear warm-up (step + 1)/warmup; then, with u = (step - warmup)/(steps - warmup): cosine
    (1 + cos πu)/2, linear 1 - u, step factor^⌊(step - warmup)/every⌋, constant 1.
    """
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
