"""Held-out pictures of another kind, of which a gap alone says nothing."""

import pytest
import torch

from scorelet.analysis.memorization.curves import Gap
from scorelet.analysis.memorization.kinds import Kinds
from scorelet.analysis.memorization.other_kind import Gaps, gaps_of, gaps_of_both
from scorelet.core.random import generator


def gap(value, error=0.1):
    return Gap(value, error)


def of(own, others, unseen=0.0, *, error=0.1, filters=None, between=0.0):
    """Gaps, and what one filter says."""
    kinds = None
    if filters is not None:
        kinds = Kinds((gap(filters[0]),), (gap(filters[1]),), (gap(between), gap(0.0)))
    return Gaps(*(gap(value, error) for value in (own, others, unseen)), kinds)


@pytest.mark.parametrize(
    ("own", "others", "unseen", "kind", "fair"),
    [
        (7.0, 0.2, 7.0, None, 7.0),  # memory, and held-out pictures of the same kind
        (0.1, 0.2, 0.0, None, 0.1),
        (0.2, -7.0, 7.1, "easier", 7.1),  # memory, which easier pictures hide
        (-7.0, -7.0, 0.0, "easier", None),  # none, or both networks have seen both sets
        (12.0, 7.0, 5.0, "harder", 5.0),  # memory beside a network that has not seen them
        (7.0, 7.0, 0.0, "harder", None),
        (0.0, -7.0, 0.0, "easier", None),  # a network that knows nothing
    ],
)
def test_the_other_network_s_pictures_are_held_out_where_those_are_of_another_kind(
    own, others, unseen, kind, fair
):
    found = of(own, others, unseen)
    assert found.kind == kind
    assert value_of(found.fair) == fair


@pytest.mark.parametrize(
    ("own", "others", "unseen", "filters", "between", "kind", "fair"),
    [
        (7.0, 0.0, 0.0, (7.0, 0.0), 0.0, "harder", None),  # beside one that has learned nothing
        (7.0, -7.0, 7.0, (7.0, -7.0), 7.0, "other", None),  # beside one that has learned H's kind
        (0.3, 0.3, 0.0, (-7.0, -7.0), 0.0, "easier", None),  # both know both, and that cancels
        (0.3, 0.3, 5.0, (-7.0, -7.0), 0.0, "easier", 5.0),
        (7.0, 0.0, 7.0, (0.5, 0.5), 0.0, None, 7.0),
        (7.0, 0.0, 9.0, (0.5, 0.5), 7.0, None, 7.0),  # H is of the kind of this one
    ],
)
def test_linear_filters_say_what_kinds_there_are(own, others, unseen, filters, between, kind, fair):
    found = of(own, others, unseen, filters=filters, between=between)
    assert found.kind == kind
    assert value_of(found.fair) == fair


def test_too_few_pictures_do_not_tell_that_sets_are_of_one_kind():
    kinds = Kinds((gap(7.0),), (gap(0.0),), (gap(0.0, float("nan")),))
    assert Gaps(gap(7.0), gap(0.0), gap(7.0), kinds).fair is None


def value_of(found):
    return None if found is None else found.value


def test_a_kind_is_said_beyond_two_errors_only():
    assert of(0.0, 1.9, error=0.3).kind is None
    assert of(0.0, 2.2, error=0.3).kind == "harder"


def test_each_gap_is_that_of_its_own_network():
    values = (9.0, 4.0, 5.0, 7.0, 8.0)
    found = gaps_of(*(torch.full((2, 3), x) for x in values))
    assert [each.value for each in (found.own, found.others, found.unseen)] == [4, -3, 1]


def test_both_networks_count_alike_however_many_pictures_they_have():
    """Their gap is the mean of both, and so is its error where the sets are of one size."""
    rng = generator(1)
    own, other = ([torch.randn(3, n, generator=rng) for n in (4, 70)] for _ in range(2))
    tests = [torch.randn(3, 9, generator=rng) for _ in range(2)]
    found = gaps_of_both(own, other, tests)
    each = [gaps_of(own[k], other[k], tests[k], tests[1 - k], other[1 - k]) for k in (0, 1)]
    for name in ("own", "others", "unseen"):
        values = [getattr(gaps, name).value for gaps in each]
        assert getattr(found, name).value == pytest.approx(sum(values) / 2, abs=1e-6)
    test = (tests[0] + tests[1]) / 2
    expected = [x.mean(0).var() / x.shape[1] for x in (*own, test)]
    error = ((expected[0] + expected[1]) / 4 + expected[2]) ** 0.5
    assert found.own.error == pytest.approx(float(error), rel=1e-5)
