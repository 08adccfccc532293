"""Certificates against closed forms: the linear classifier, coverage, reference quantiles."""

import math
from inspect import unwrap

import pytest
import torch
from scipy.special import bdtr, ndtr

from linear_classifiers import Linear, margins, pictures
from scorelet.analysis.robustness import (
    ABSTAINED,
    VoteSetup,
    auroc,
    certify,
    lower_bound,
    radius,
)
from scorelet.core.errors import InputError


@pytest.mark.parametrize(("count", "trials"), [(60, 100), (99, 100), (100, 100), (7, 10)])
def test_the_bound_is_where_the_binomial_tail_is_alpha(count, trials):
    p = lower_bound(count, trials, 0.001)
    assert 1 - bdtr(count - 1, trials, p) == pytest.approx(0.001, rel=1e-6)
    assert lower_bound(0, trials, 0.001) == 0


def test_the_radius_of_a_linear_classifier_is_its_distance_to_the_border():
    """P(label | x + σ z) = Φ(d / σ), so that with the exact p the radius is d for every σ."""
    for distance, sigma in ((0.3, 0.1), (0.3, 0.5), (1.2, 0.5)):
        assert radius(float(ndtr(distance / sigma)), sigma) == pytest.approx(distance, rel=1e-9)


def test_a_certified_radius_is_a_lower_bound_that_many_votes_bring_close():
    network, x = Linear(2), pictures(6)
    labels = network(x).detach().argmax(1)
    exact = margins(network, x, labels, "l2")
    votes = VoteSetup(0.1, draws=3000, first=50, alpha=0.01, batch=500)
    for number, image in enumerate(x):
        found = certify(network, image, votes, number=number)
        if exact[number] > 0.02:
            assert found.label == labels[number]
        assert found.radius <= float(exact[number]) + 1e-6
        if 0.02 < exact[number] < 0.15:
            p = float(ndtr(float(exact[number]) / 0.1))
            slack = 4 * math.sqrt(p * (1 - p) / 3000)
            assert found.radius >= radius(p - slack, 0.1)


@pytest.mark.slow
def test_bounds_cover_the_truth_as_often_as_they_say():
    network, image = Linear(2), pictures(1)[0]
    labels = network(image[None]).detach().argmax(1)
    exact = float(margins(network, image[None], labels, "l2"))
    sigma = exact / 0.8  # p = Φ(0.8)
    wrong = 0
    for seed in range(200):
        votes = VoteSetup(sigma, draws=60, first=20, alpha=0.1, seed=seed, batch=80)
        wrong += certify(network, image, votes, number=0).radius > exact
    assert wrong <= 20 + 3 * math.sqrt(200 * 0.1 * 0.9)


def test_a_vote_without_a_majority_abstains():
    network, image = Linear(4), torch.full((1, 8, 8), 0.5)
    votes = VoteSetup(0.1, draws=200)
    found = certify(network, image, votes, number=0)
    assert (found.label, found.radius) == (ABSTAINED, 0)
    assert certify(network, image, votes, number=0) == found


@pytest.mark.parametrize(
    "change",
    [{"sigma": 0.0}, {"sigma": math.inf}, {"draws": 0}],
)
def test_bad_votes_are_refused(change):
    with pytest.raises(InputError):
        VoteSetup(**{"sigma": 0.1, **change})


@pytest.mark.parametrize(("alpha", "least"), [(0.001, 10), (0.1, 4), (0.5, 2), (0.6, 1)])
def test_so_few_votes_that_nothing_can_be_certified_are_refused(alpha, least):
    assert VoteSetup(0.1, draws=least, alpha=alpha).farthest > 0
    if least > 1:
        with pytest.raises(InputError, match=f"^{least - 1} draws .*: take at least {least}"):
            VoteSetup(0.1, draws=least - 1, alpha=alpha)


def test_no_radius_is_beyond_that_of_votes_that_agree():
    votes, image = VoteSetup(0.1, draws=100), torch.full((1, 8, 8), 0.5)
    found = certify(lambda y: torch.tensor([[1.0, 0.0]]).expand(len(y), 2), image, votes, number=0)
    assert found.radius == votes.farthest == pytest.approx(0.1 * 1.5004, rel=1e-4)


@pytest.mark.parametrize("name", ["draws", "first", "batch"])
def test_counts_of_votes_are_whole_numbers(name):
    make = unwrap(VoteSetup.__init__)  # as it is without the checks of tests
    with pytest.raises(InputError, match=rf"^{name} is 300\.0: expected a whole number"):
        make(object.__new__(VoteSetup), 0.1, **{name: 300.0})


def test_what_is_no_number_is_no_vote():
    """The largest of numbers that are NaN would be the first: a certificate of class 0."""
    network, image, votes = Linear(2), pictures(1)[0], VoteSetup(0.1, draws=20)
    for wrong, words in (
        (image * math.nan, "of finite numbers"),
        (image[None], r"shape \(1, 1, 8, 8\): expected one"),
        ((255 * image).byte(), "uint8 would be rounded"),
    ):
        with pytest.raises(InputError, match=words):
            certify(network, wrong, votes, number=0)
    with pytest.raises(InputError, match="not finite: they are no vote"):
        certify(lambda y: math.nan * network(y), image, votes, number=0)


def test_auroc_is_the_share_of_ordered_pairs():
    rng = torch.Generator().manual_seed(0)
    inside = torch.randint(0, 6, (40,), generator=rng).double()
    outside = torch.randint(0, 5, (30,), generator=rng).double()
    above = (inside[:, None] > outside).double() + 0.5 * (inside[:, None] == outside).double()
    assert auroc(inside, outside) == pytest.approx(float(above.mean()), abs=1e-12)
    assert auroc(inside, inside) == pytest.approx(0.5, abs=1e-12)
    with pytest.raises(InputError):
        auroc(inside, torch.tensor([math.nan]))
