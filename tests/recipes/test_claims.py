"""Claims: whether one holds is computed from what was measured."""

import math

import pytest

from scorelet.recipes import Claim, Measured, at_least, at_most, within


@pytest.mark.parametrize(
    ("criterion", "value", "error", "holds"),
    [
        (at_least(3), 5.1, 1.0, True),
        (at_least(3), 4.9, 1.0, False),
        (at_least(3), 3.0, None, True),
        (at_least(3, errors=0), 3.0, 1.0, True),
        (at_most(3), 0.9, 1.0, True),
        (at_most(3), 1.1, 1.0, False),
        (within(10, 3), 10.9, 1.0, True),
        (within(10, 3), 8.9, 1.1, False),
        (within(10, 3, errors=0), 7.0, 1.1, True),
        (at_least(-math.inf), math.nan, None, False),
        (within(0, 1), math.nan, 0.1, False),
    ],
)
def test_chance_counts_against_a_claim(criterion, value, error, holds):
    assert criterion.holds(Measured(value, error)) is holds


def test_a_wrong_value_does_not_hold():
    claim = Claim("a beats b", "gain", "table 1", "points", at_least(2), published=3.0, note="n")
    line = claim.judge({"gain": Measured(-1.0, 0.1)})
    assert line == {
        "name": "a beats b",
        "where": "table 1",
        "published": 3.0,
        "measured": -1.0,
        "error": 0.1,
        "unit": "points",
        "criterion": "at least 2, 2 standard errors counted against it",
        "holds": False,
        "note": "n",
    }
    assert claim.judge({"gain": Measured(4.0, 0.1)})["holds"] is True
    for value in (math.nan, math.inf):
        line = claim.judge({"gain": Measured(value)})
        assert (line["measured"], line["holds"]) == (None, False)
