"""What a paper says, as a number that is measured and a criterion that decides.

A criterion is code, written before the run. Chance counts against the claim: the standard error of
what was measured is taken off, twice, before it is compared, where it is known and the criterion
says so. A comparison may require that what it compares with has learned something: anything
beats a network that did not train.
"""

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

Number = int | float

ERRORS = 2.0
"""So many standard errors count against a claim."""


@dataclass(frozen=True)
class Measured:
    """A number and its standard error, if it has one; and a word on how it came about."""

    value: Number
    error: Number | None = None
    note: str = ""


def difference(one: Measured, other: Measured) -> Measured:
    """Return one less the other, measured independently of each other: error² = e₁² + e₂²."""
    known = [each.error for each in (one, other) if each.error is not None]
    error = math.hypot(*known) if known else None
    return Measured(one.value - other.value, error, one.note or other.note)


@dataclass(frozen=True)
class Criterion:
    """When a claim holds.

    Attributes:
        text: the rule in words.
        holds: the rule.
        errors: standard errors that it counts against a claim.
    """

    text: str
    holds: Callable[[Measured], bool]
    errors: Number = 0

    def worded(self, found: Measured) -> str:
        """Return the rule in words, with the errors that it counts if any is known."""
        if not self.errors or found.error is None:
            return self.text
        return f"{self.text}, {self.errors:g} standard errors counted against it"


def at_least(bound: Number, *, errors: Number = ERRORS) -> Criterion:
    """The value, less so many standard errors, is at least `bound`."""
    return Criterion(
        f"at least {bound:.4g}",
        lambda found: found.value - errors * (found.error or 0) >= bound,
        errors,
    )


def at_most(bound: Number, *, errors: Number = ERRORS) -> Criterion:
    """The value, plus so many standard errors, is at most `bound`."""
    return Criterion(
        f"at most {bound:.4g}",
        lambda found: found.value + errors * (found.error or 0) <= bound,
        errors,
    )


def within(target: Number, tolerance: Number, *, errors: Number = ERRORS) -> Criterion:
    """The value is no further from `target` than `tolerance`, less so many standard errors."""
    return Criterion(
        f"{target:.4g} ± {tolerance:.4g}",
        lambda found: abs(found.value - target) + errors * (found.error or 0) <= tolerance,
        errors,
    )


@dataclass(frozen=True)
class Claim:
    """One line of a recipe's results.

    Attributes:
        name: the sentence.
        of: key of the number among what the recipe measures.
        where: the place that states it, as "table 2 of the paper"; for our own "control", or
            "control: what it is".
        unit: of the number.
        criterion: when it holds.
        published: the figure there; None where none can be read, then controls take its place.
        note: what differs from the publication.
        given: criteria that other numbers have to meet, by key, else the claim does not hold:
            that a control has learned.
    """

    name: str
    of: str
    where: str
    unit: str
    criterion: Criterion
    published: Number | None = None
    note: str = ""
    given: Mapping[str, Criterion] = field(default_factory=dict)

    @property
    def needs(self) -> frozenset[str]:
        """Keys of all numbers that decide about it."""
        return frozenset({self.of, *self.given})

    def judge(self, measured: Mapping[str, Measured]) -> dict[str, Any]:
        """Return the line of the results: the claim, what was measured, whether it holds.

        A number that is not finite holds nothing, and is null.
        """
        found = measured[self.of]
        failed = [key for key, rule in self.given.items() if not _meets(rule, measured[key])]
        notes = [self.note, found.note, *(_failure(key, measured[key]) for key in failed)]
        return {
            "name": self.name,
            "where": self.where,
            "published": self.published,
            "measured": _finite(found.value),
            "error": _finite(found.error),
            "unit": self.unit,
            "criterion": self._rules(measured),
            "holds": _meets(self.criterion, found) and not failed,
            "note": "; ".join(note for note in notes if note),
        }

    def _rules(self, measured: Mapping[str, Measured]) -> str:
        others = (f"{key} {rule.worded(measured[key])}" for key, rule in self.given.items())
        return "; and ".join([self.criterion.worded(measured[self.of]), *others])


def is_control(where: str) -> bool:
    """Say whether a claim is our own, by its place."""
    return where.partition(":")[0] == "control"


def _meets(rule: Criterion, found: Measured) -> bool:
    return math.isfinite(found.value) and bool(rule.holds(found))


def _failure(key: str, found: Measured) -> str:
    return f"{key} is {found.value:.4g}, so the comparison does not count"


def _finite(value: Number | None) -> Number | None:
    """JSON has no name for what is not finite."""
    return value if value is not None and math.isfinite(value) else None
