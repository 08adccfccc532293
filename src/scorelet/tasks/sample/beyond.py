"""Whether samples are pictures in [0, 1], as the samples of a good model are but for a little."""

import math

import numpy as np

SLACK = 0.05
"""By how much values of good samples lie outside: about 0.4 % of those of `faces` more."""
MOST = 0.05
"""Share of the values that may lie further outside."""


class Beyond:
    """The values of samples that lie outside [0, 1], batch by batch."""

    def __init__(self) -> None:
        self._outside = self._all = 0
        self._least, self._most = math.inf, -math.inf

    def add(self, part: np.ndarray) -> None:
        """Count those of the next samples."""
        self._outside += np.count_nonzero(np.abs(part - 0.5) > 0.5 + SLACK)
        self._all += part.size
        self._least = min(self._least, float(part.min()))
        self._most = max(self._most, float(part.max()))

    def said(self) -> list[str]:
        """Return a sentence without a full stop, if there are many."""
        if self._outside <= MOST * self._all:
            return []
        return [
            f"{100 * self._outside / self._all:.0f} % of the values lie more than {SLACK} outside "
            f"of [0, 1] (from {self._least:.3g} to {self._most:.3g}), and are black or white in "
            "pictures: a model that was trained too little leaves them, or too few steps (--steps)"
        ]
