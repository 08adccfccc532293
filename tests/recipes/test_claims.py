"""Claims: whether one holds is computed from what was measured."""

import math

import pytest

from scorelet.recipes import Claim, Measured, at_least, at_most, within
from scorelet.recipes.claims import difference


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


def test_errors_are_said_to_count_only_where_they_are_known():
    rule = {"soft": at_least(30)}
    claim = Claim("a beats b", "gain", "table 1", "points", at_least(2), given=rule)
    line = claim.judge({"gain": Measured(9.0), "soft": Measured(50.0)})
    assert line["criterion"] == "at least 2; and soft at least 30"
    assert difference(Measured(2.0), Measured(1.0)).error is None
    assert difference(Measured(2.0), Measured(1.0, 0.5)).error == 0.5


def test_a_control_that_has_not_learned_decides_nothing():
    rule = {"soft": at_least(30)}
    claim = Claim("a beats b", "gain", "table 1", "points", at_least(2), note="n", given=rule)
    line = claim.judge({"gain": Measured(9.0, 0.1, "3 seeds"), "soft": Measured(50.0, 1.0)})
    assert line["holds"]
    assert line["note"] == "n; 3 seeds"
    assert line["criterion"].startswith(
        "at least 2, 2 standard errors counted against it; and soft"
    )
    for weak in (Measured(31.0, 1.0), Measured(10.0), Measured(math.nan)):
        line = claim.judge({"gain": Measured(9.0, 0.1), "soft": weak})
        assert not line["holds"]
        assert "so the comparison does not count" in line["note"]
