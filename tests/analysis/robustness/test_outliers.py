"""Scores that tell outliers, against Gaussians, counts by hand and scikit-learn."""

import math

import pytest
import torch
from sklearn.metrics import roc_auc_score, roc_curve

from scorelet.analysis.robustness import (
    auroc,
    false_positive_rate,
    logit_scores,
    separation,
)
from scorelet.analysis.robustness.outliers import with_noise
from scorelet.core.errors import InputError
from scorelet.core.random import generator

APART = 2.0


def normal(z):
    return 0.5 * math.erfc(-z / math.sqrt(2))


def drawn(count, seed, mean=0.0):
    rng = generator(seed)
    return mean + torch.randn(count, generator=rng, dtype=torch.float64)


LOGITS = {
    "max softmax probability": lambda s: torch.stack([s + 10, torch.zeros_like(s)], 1),
    "max logit": lambda s: torch.stack([s, s - 10], 1),
    "energy": lambda s: torch.stack([s, torch.zeros_like(s)], 1),
}
"""Logits whose score of the name grows with s, and nothing else changes it."""


@pytest.mark.parametrize("name", LOGITS)
def test_two_gaussians_have_a_known_area_and_rate(name):
    """s ~ N(2, 1) and N(0, 1): AUROC = Φ(2/√2), FPR95 = Φ(1.645 - 2)."""
    usual, others = (
        logit_scores(LOGITS[name](drawn(4000, seed, mean)))[name]
        for seed, mean in ((0, APART), (1, 0.0))
    )
    found = separation(usual, others)
    assert found.auroc_error < 0.005
    assert found.fpr95_error < 0.02
    assert abs(found.auroc - normal(APART / math.sqrt(2))) < 3 * found.auroc_error
    assert abs(found.fpr95 - normal(1.6448536 - APART)) < 3 * found.fpr95_error


def test_scores_are_what_they_are_called():
    logits = 3 * torch.randn(50, 6, generator=generator(0))
    found = logit_scores(logits)
    p = logits.double().softmax(1).amax(1)
    odds = (p / (1 - p)).log()
    assert torch.allclose(found["max softmax probability"], odds, atol=1e-9)
    assert torch.equal(found["max logit"], logits.double().amax(1))
    assert torch.allclose(found["energy"], logits.double().exp().sum(1).log(), atol=1e-12)


def test_probabilities_that_round_to_one_still_have_an_order():
    sure, surer = torch.tensor([[200.0, 0, 0], [300.0, 0, 0]]).split(1)
    scores = [logit_scores(logits)["max softmax probability"] for logits in (surer, sure)]
    assert auroc(*scores) == 1


def test_the_rate_by_hand():
    usual = torch.arange(1.0, 41)  # 95 % of 40 are 38: the threshold is 3
    assert false_positive_rate(usual, torch.tensor([2.9, 3.0, 3.1, 0.0])) == 0.5
    assert false_positive_rate(usual, torch.tensor([0.5, 1.0]), kept=1) == 0.5
    assert false_positive_rate(usual[:3], torch.tensor([0.5, 1.0])) == 0.5  # all three are kept
    assert false_positive_rate(torch.ones(9), torch.ones(4)) == 1


def test_equal_to_scikit_learn():
    """Scores with ties: whole numbers."""
    rng = generator(2)
    usual = torch.randint(3, 15, (137,), generator=rng).double()
    others = torch.randint(0, 11, (61,), generator=rng).double()
    true = torch.cat([torch.ones(137), torch.zeros(61)])
    values = torch.cat([usual, others])
    found = separation(usual, others)
    assert found.auroc == pytest.approx(roc_auc_score(true, values), abs=1e-12)
    rates, kept, _ = roc_curve(true, values, drop_intermediate=False)
    assert found.fpr95 == pytest.approx(rates[kept >= 0.95][0], abs=1e-12)


@pytest.mark.slow
def test_errors_are_the_spread_of_figures():
    draws = [separation(drawn(150, k, APART), drawn(100, 5000 + k)) for k in range(800)]
    for name, slack in (("auroc", 0.1), ("fpr95", 0.2)):
        values = torch.tensor([getattr(found, name) for found in draws])
        errors = torch.tensor([getattr(found, f"{name}_error") for found in draws])
        assert float(errors.median()) == pytest.approx(float(values.std()), rel=slack)


def test_the_error_of_an_area_by_hand_and_where_it_would_claim_certainty():
    """Shares above: 1 and 1/2 of the usual, 1 and 1/2 of the others; variances 1/8 over two."""
    found = separation(torch.tensor([3.0, 1.0]), torch.tensor([0.0, 2.0]))
    assert found.auroc == 0.75
    assert found.auroc_error == pytest.approx(math.sqrt(1 / 16 + 1 / 16))
    sure = separation(torch.tensor([3.0, 4.0, 5.0]), torch.tensor([0.0, 2.0]))
    assert sure.auroc == 1
    assert sure.auroc_error > 0.2  # binomial, of two outliers
    assert separation(torch.arange(5.0), torch.tensor([2.5])).auroc_error > 0.2


@pytest.mark.parametrize("wrong", [torch.zeros(0), torch.tensor([math.nan])])
def test_scores_that_are_none_are_refused(wrong):
    for call in (auroc, false_positive_rate, separation):
        with pytest.raises(InputError, match="give pictures of both kinds"):
            call(torch.ones(3), wrong)
    with pytest.raises(InputError, match="kept is 0"):
        false_positive_rate(torch.ones(3), torch.ones(2), kept=0.0)


def test_noise_of_pieces_is_that_of_the_whole():
    x = torch.rand(5, 1, 4, 4, generator=generator(3))
    parts = [with_noise(x[k : k + 2], 0.1, seed=7, start=k) for k in (0, 2, 4)]
    assert torch.equal(torch.cat(parts), with_noise(x, 0.1, seed=7))
