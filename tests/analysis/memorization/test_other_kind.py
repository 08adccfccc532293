"""Held-out pictures of another kind, of which a gap alone says nothing."""

from dataclasses import replace

import pytest
import torch

from scorelet.analysis.memorization.curves import Gap
from scorelet.analysis.memorization.other_kind import Gaps, gaps_of, gaps_of_both
from scorelet.core.random import generator


def of(own, others, *, error=0.1, filters=()):
    return Gaps(*(Gap(value, error) for value in (own, others, own - others)), filters)


def value_of(gap):
    return None if gap is None else gap.value


@pytest.mark.parametrize(
    ("own", "others", "kind", "fair"),
    [
        (7.0, 0.2, None, 7.0),  # memory, and held-out pictures of the same kind
        (0.1, 0.2, None, 0.1),
        (0.2, -7.0, "easier", 7.2),  # memory, which easier pictures hide
        (-7.0, -7.0, "easier", None),  # none, or both networks have seen both sets
        (12.0, 7.0, "harder", 5.0),  # memory beside a network that has not seen them
        (7.0, 7.0, "harder", None),
    ],
)
def test_memory_is_what_the_other_network_does_not_have(own, others, kind, fair):
    found = of(own, others)
    assert found.kind == kind
    assert value_of(found.fair) == pytest.approx(fair)
    assert replace(found, fit=False).fair == (found.fair if kind is None else None)


@pytest.mark.parametrize(
    ("own", "others", "filters", "kind", "fair"),
    [
        (7.0, 0.0, (7.0, 0.0), "harder", None),  # beside a network that has learned nothing
        (7.0, -7.0, (7.0, -7.0), "other", None),  # beside one that has learned the kind of H
        (12.0, -7.0, (7.0, -7.0), "other", 5.0),
        (0.3, 0.3, (-7.0, -7.0), "easier", None),  # both know both, and that cancels
        (7.0, 0.0, (0.5, 0.5), None, 7.0),
    ],
)
def test_what_filters_have_is_not_memory(own, others, filters, kind, fair):
    found = of(own, others, filters=(of(*filters, error=0.0), of(0.0, 0.0)))
    assert found.kind == kind
    assert value_of(found.fair) == pytest.approx(fair)


def test_a_kind_is_said_beyond_two_errors_only():
    assert of(0.0, 1.9, error=0.3).kind is None
    assert of(0.0, 2.2, error=0.3).kind == "harder"


def test_each_gap_is_that_of_its_own_network():
    own, other, test, test_of_other = (torch.full((2, 3), x) for x in (9.0, 4.0, 5.0, 7.0))
    found = gaps_of(own, other, test, test_of_other)
    assert [gap.value for gap in (found.own, found.others, found.over)] == [4, -3, 7]


def test_the_difference_of_two_gaps_has_the_error_of_the_same_pictures():
    """How hard a picture is drops out, so that over is known far better than own and others."""
    rng = generator(0)
    hard, harder = (4 * torch.randn(1, n, generator=rng, dtype=torch.float64) for n in (40, 25))
    found = gaps_of(hard + 5, hard, harder, harder)
    assert found.over.value == pytest.approx(5)
    assert found.over.error == pytest.approx(0, abs=1e-12)
    assert found.own.error > 0.5
    assert found.own.value - found.others.value == pytest.approx(found.over.value)


def test_both_networks_count_alike_however_many_pictures_they_have():
    """Their gap is the mean of both, and so is its error where the sets are of one size."""
    rng = generator(1)
    own, other = ([torch.randn(3, n, generator=rng) for n in (4, 70)] for _ in range(2))
    tests = [torch.randn(3, 9, generator=rng) for _ in range(2)]
    found = gaps_of_both(own, other, tests)
    each = [gaps_of(own[k], other[k], tests[k], tests[1 - k]) for k in (0, 1)]
    for name in ("own", "others", "over"):
        values = [getattr(gaps, name).value for gaps in each]
        assert getattr(found, name).value == pytest.approx(sum(values) / 2, abs=1e-6)
    test = (tests[0] + tests[1]) / 2
    expected = [x.mean(0).var() / x.shape[1] for x in (*own, test)]
    error = ((expected[0] + expected[1]) / 4 + expected[2]) ** 0.5
    assert found.own.error == pytest.approx(float(error), rel=1e-5)
