"""Held-out pictures of another kind, of which a gap alone says nothing."""

import pytest
import torch

from scorelet.analysis.memorization.curves import Gap
from scorelet.analysis.memorization.other_kind import Gaps, gaps_of, gaps_of_both
from scorelet.core.random import generator


def of(own, others, *, over=None, error=0.1):
    over = own - others if over is None else over
    return Gaps(*(Gap(value, error) for value in (own, others, over)))


@pytest.mark.parametrize(
    ("own", "others", "kind", "fair"),
    [
        (7.0, 0.2, None, "own"),  # memory, and held-out pictures of the same kind
        (0.1, 0.2, None, "own"),
        (0.2, -7.0, "easier", "over"),  # memory, which easier pictures hide
        (-7.0, -7.0, "easier", "over"),  # none: the other network loses as much
        (12.0, 7.0, "harder", "over"),  # memory beside a network that has not seen them
        (7.0, 7.0, "harder", None),  # none, or both networks have seen both sets
    ],
)
def test_memory_is_what_the_other_network_does_not_have(own, others, kind, fair):
    found = of(own, others)
    assert found.kind == kind
    assert found.fair is (None if fair is None else getattr(found, fair))


def test_a_kind_is_said_beyond_two_errors_only():
    assert of(0.0, 1.9, error=0.3).kind is None
    assert of(0.0, 2.2, error=0.3).kind == "harder"


def test_the_difference_of_two_gaps_has_the_error_of_the_same_pictures():
    """How hard a picture is drops out, so that over is known far better than own and others."""
    rng = generator(0)
    hard, harder = (4 * torch.randn(1, n, generator=rng, dtype=torch.float64) for n in (40, 25))
    found = gaps_of(hard + 5, hard, harder, harder)
    assert found.over.value == pytest.approx(5)
    assert found.over.error == pytest.approx(0, abs=1e-12)
    assert found.own.error > 0.5
    assert found.own.value - found.others.value == pytest.approx(found.over.value)


def test_networks_with_sets_of_other_sizes_are_compared_together():
    rng = generator(1)
    own, other = ([torch.randn(3, n, generator=rng) for n in (4, 7)] for _ in range(2))
    tests = [torch.randn(3, 9, generator=rng) for _ in range(2)]
    found = gaps_of_both(own, other, tests)
    mean = torch.cat(own, 1).mean() - torch.stack(tests).mean()
    assert found.own.value == pytest.approx(float(mean))
