"""What the next line of the log is made of; a run that goes on goes on with it."""

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass
class RunningMeans:
    """Sums since the last line of the log, over the steps of this process.

    Up to the last save they are means over all processes.
    """

    sums: dict[str, float] = field(default_factory=dict)
    steps: int = 0
    seconds: float = 0.0

    def add(self, values: Mapping[str, float], seconds: float) -> None:
        """Add the values of a step, and the time that it took."""
        for name, value in values.items():
            self.sums[name] = self.sums.get(name, 0.0) + value
        self.steps += 1
        self.seconds += seconds

    def means(self) -> dict[str, float]:
        """Return each sum divided by the number of steps."""
        return {name: value / self.steps for name, value in self.sums.items()}
