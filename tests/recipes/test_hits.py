"""Hits: exact packing, accuracies, and errors that know of pairs and seeds."""

import math

import pytest
import torch

from scorelet.core.random import generator
from scorelet.recipes.claims import Measured
from scorelet.recipes.hits import (
    accuracy,
    error_factor,
    gain,
    mean_of_all,
    packed,
    quotient,
    unpacked,
)


def bernoulli(seeds, pictures, p, seed=0):
    return (torch.rand(seeds, pictures, generator=generator(seed)) < p).double()


@pytest.mark.parametrize("hits", [[0, 0, 1], [1], [0], [1, 0, 1, 1, 0] * 30])
def test_packing_is_exact(hits):
    hits = torch.tensor(hits).double()
    assert torch.equal(unpacked(packed(hits)), hits)


def test_the_error_of_one_seed_is_binomial():
    found = accuracy(bernoulli(1, 5000, 0.7))
    assert found.value == pytest.approx(70, abs=3)
    assert found.error == pytest.approx(100 * (0.7 * 0.3 / 5000) ** 0.5, rel=0.05)


def test_pairs_that_agree_have_no_error():
    a = bernoulli(1, 1000, 0.7)
    assert gain(a, a).value == gain(a, a).error == 0
    independent = gain(a, bernoulli(1, 1000, 0.7, seed=1))
    assert independent.error == pytest.approx(100 * (2 * 0.21 / 1000) ** 0.5, rel=0.1)


def test_seeds_that_disagree_add_to_the_error():
    a = torch.ones(2, 100).double()
    a[0, :20] = 0
    # all pictures but 20 are always right; the two seeds have 80 % and 100 %
    between, within = 200.0, float(100**2 * a.mean(0).var() / 100)
    assert accuracy(a).error == pytest.approx((between / 2 + within) ** 0.5)


def test_the_factor_of_errors():
    a, b = bernoulli(1, 4000, 0.8), bernoulli(1, 4000, 0.5, seed=1)
    found = error_factor(a, b)
    assert found.value == pytest.approx(2.5, rel=0.1)
    # independent: relative variances of both means add up
    expected = 2.5 * ((0.8 / 0.2 + 0.5 / 0.5) / 4000) ** 0.5
    assert found.error == pytest.approx(expected, rel=0.1)
    assert error_factor(torch.ones(1, 3).double(), torch.zeros(1, 3).double()).value != 1


def test_a_quotient_counts_seeds():
    """Two seeds, of which one has 2 and the other 4: parts agree, and seeds are what is unsure."""
    a, b = torch.tensor([[2.0, 2.0], [4.0, 4.0]]).double(), torch.ones(2, 2).double()
    found = quotient(a, b)
    assert (found.value, found.note) == (3.0, "2 seeds")
    assert found.error == pytest.approx(1.0)  # (4 - 2)/√2 of one seed, over √2
    assert math.isnan(quotient(a, -b).value)


def test_first_seeds_are_compared_where_one_has_more():
    a, b = bernoulli(3, 100, 0.8), bernoulli(1, 100, 0.5, seed=1)
    assert gain(a, b) == gain(a[:1], b)
    assert error_factor(a, b) == error_factor(a[:1], b)


def test_errors_of_means_and_quotients_are_those_of_their_items():
    noise = torch.randn(4000, generator=torch.Generator().manual_seed(1), dtype=torch.float64)
    mean = mean_of_all(2 + 3 * noise)
    assert mean.value == pytest.approx(2, abs=5 * mean.error)
    assert mean.error == pytest.approx(3 / 4000**0.5, rel=0.05)
    assert mean_of_all(noise[:1]) == Measured(float(noise[0]))
    ratio = quotient((2 + noise)[None], torch.full((1, 4000), 4.0).double())
    assert ratio.value == pytest.approx(0.5, abs=5 * ratio.error)
    assert ratio.error == pytest.approx(0.25 / 4000**0.5, rel=0.05)


def test_one_item_has_a_ratio_without_an_error_and_without_a_warning():
    found = quotient(torch.tensor([[2.0]]), torch.tensor([[4.0]]))
    assert found.value == 0.5
    assert math.isnan(found.error)
