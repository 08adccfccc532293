"""An early look at how long a run takes: better said after ten steps than found out next day."""

from scorelet.core.errors import ScoreletError
from scorelet.core.words import counted

SKIPPED = 2
"""First steps that are slower than the others: caches are cold."""
LOOK = 10
"""Steps after which the pace counts as known."""


class Forecast:
    """The time that is left, from the mean time of the steps so far.

    Args:
        left: steps that this process has before it.
    """

    def __init__(self, left: int) -> None:
        self.left, self.done, self.seconds = left, 0, 0.0

    def add(self, seconds: float) -> None:
        """Count a step."""
        self.left -= 1
        self.done += 1
        if self.done > SKIPPED:
            self.seconds += seconds

    @property
    def looks(self) -> bool:
        """Whether the pace has become known with this step."""
        return self.done == LOOK and self.left > 0

    @property
    def seconds_left(self) -> float | None:
        """Seconds that the steps before us take, without saving and validation; None: unknown."""
        if self.done < LOOK:
            return None
        return self.left * self.seconds / (self.done - SKIPPED)


def refuse_too_long(seconds: float, minutes: float | None, *, left: int) -> None:
    """Raise ScoreletError if `left` steps take more than `minutes`, which None leaves open."""
    if minutes is None or seconds <= 60 * minutes:
        return
    fitting = int(left * 60 * minutes / seconds)
    raise ScoreletError(
        f"The {left} steps that are left take about {spoken(seconds)}, and the configuration "
        f"allows {minutes:g} minutes: about {fitting} steps fit, so lower steps or raise minutes."
    )


def spoken(seconds: float) -> str:
    """Return a duration in the unit that a reader would choose."""
    if seconds < 90:
        return counted(round(seconds), "second")
    if seconds < 90 * 60:
        return f"{seconds / 60:.0f} minutes"
    return f"{seconds / 3600:.1f} hours"
