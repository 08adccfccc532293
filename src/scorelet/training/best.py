"""Which step of a run was the best by a figure of its validation."""

import math
from dataclasses import dataclass
from typing import Any

from scorelet.core.errors import InputError


@dataclass(frozen=True)
class Best:
    """The figure that weights are chosen by."""

    figure: str
    larger: bool = True
    """Whether the larger is the better."""


class BestSoFar:
    """The best value of a figure so far; nothing improves if there is no figure."""

    def __init__(self, by: Best | None) -> None:
        self.by = by
        self.value: float | None = None
        self.step: int | None = None

    def improves(self, figures: dict[str, float], step: int) -> bool:
        """Take notice of the figures of a step; return whether it is the best so far.

        Raises:
            InputError: the figure is not among them.
        """
        if self.by is None:
            return False
        if self.by.figure not in figures:
            raise InputError(
                f"Validation has no figure {self.by.figure!r}: it returned {', '.join(figures)}."
            )
        value = figures[self.by.figure]
        if not math.isfinite(value) or not self._better(value):
            return False
        self.value, self.step = value, step
        return True

    def _better(self, value: float) -> bool:
        if self.value is None or self.by is None:
            return True
        return value > self.value if self.by.larger else value < self.value

    def facts(self) -> dict[str, Any]:
        """What a state keeps."""
        return {"value": self.value, "step": self.step}

    def restore(self, facts: dict[str, Any]) -> None:
        """Go on from the facts of a state."""
        self.value, self.step = facts["value"], facts["step"]
