"""Comparisons of classifiers, and how many seeds they take.

A contrast is a sum and difference of accuracies. Everything is trained once. Where a contrast then
lies within `CLOSE` points of a bound that decides about a claim, chance of the training may decide:
all classifiers that it is about are trained with further seeds. This rule is part of the criteria,
and is written before the run, too.
"""

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from scorelet.recipes.claims import ERRORS, Measured, Number
from scorelet.recipes.hits import Hits, mean_of, sum_of

CLOSE = 2.0
"""Points of accuracy."""


@dataclass(frozen=True)
class Contrast:
    """Accuracies of some classifiers less those of others, in points.

    Attributes:
        plus, minus: names of the classifiers.
        bounds: numbers that decide about claims.
    """

    plus: tuple[str, ...]
    minus: tuple[str, ...]
    bounds: tuple[Number, ...]

    @property
    def names(self) -> tuple[str, ...]:
        """All classifiers."""
        return self.plus + self.minus

    def measure(self, hits: Mapping[str, Hits]) -> Measured:
        """Return the contrast, of the seeds that all its classifiers have."""
        plus, minus = ([hits[name] for name in names] for names in (self.plus, self.minus))
        return mean_of(100 * sum_of(plus, minus))

    def is_close(self, hits: Mapping[str, Hits]) -> bool:
        """Whether it lies within `CLOSE` points of a bound."""
        value = self.measure(hits).value
        return any(abs(value - bound) < CLOSE for bound in self.bounds)


def train_all(
    trainers: Mapping[str, Callable[[int], Hits]], contrasts: Mapping[str, Contrast], seeds: int
) -> dict[str, Hits]:
    """Train every classifier once, and those of close contrasts with all seeds.

    Args:
        trainers: by name: train with so many seeds, the first of which are those of before.
        contrasts: what claims are about.
        seeds: of what is close.
    """
    hits = {name: train(1) for name, train in trainers.items()}
    close = [contrast for contrast in contrasts.values() if contrast.is_close(hits)]
    again = dict.fromkeys(name for contrast in close for name in contrast.names)
    return hits | {name: trainers[name](seeds) for name in again}


def least(values: Sequence[Measured], *, errors: Number = ERRORS) -> Measured:
    """Return the smallest of several, by its value less so many errors; nan if one is nan.

    Errors count against a claim; negative ones are for claims that they excuse.
    """
    return min(values, key=lambda m: _bound(m, -1, errors))


def most(values: Sequence[Measured]) -> Measured:
    """Return the largest of several, by its value and twice its error; nan if one is nan."""
    return max(values, key=lambda m: _bound(m, 1, ERRORS))


def _bound(found: Measured, sign: int, errors: Number) -> Number:
    if math.isnan(found.value):
        return sign * math.inf
    return found.value + sign * errors * (found.error or 0)
