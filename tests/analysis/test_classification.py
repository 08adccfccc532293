"""Figures of merit of classifiers, against counts by hand, scikit-learn and closed forms."""

import math

import numpy as np
import pytest
import torch
from sklearn.metrics import accuracy_score, confusion_matrix, log_loss, top_k_accuracy_score

from scorelet.analysis.classification import (
    accuracy,
    binomial_error,
    calibration_error,
    confusion,
    negative_log_likelihood,
    reliability,
    top_accuracy,
)
from scorelet.core.errors import InputError
from scorelet.core.random import generator


@pytest.fixture
def case():
    rng = generator(0)
    logits = torch.randn(500, 7, generator=rng, dtype=torch.float64)
    labels = torch.randint(7, (500,), generator=rng)
    logits[torch.arange(500), labels] += 1
    return logits, labels


def test_equal_to_scikit_learn(case):
    logits, labels = case
    guess, true = logits.argmax(1).numpy(), labels.numpy()
    p = logits.softmax(1).numpy()
    assert accuracy(logits, labels) == pytest.approx(accuracy_score(true, guess), abs=1e-12)
    assert negative_log_likelihood(logits, labels) == pytest.approx(log_loss(true, p), abs=1e-12)
    assert confusion(logits, labels).tolist() == confusion_matrix(true, guess).tolist()
    expected = top_k_accuracy_score(true, p, k=3)
    assert top_accuracy(logits, labels, k=3) == pytest.approx(expected, abs=1e-12)


def test_identities(case):
    logits, labels = case
    table = confusion(logits, labels)
    assert table.sum(1).tolist() == torch.bincount(labels, minlength=7).tolist()
    assert float(table.trace()) / 500 == pytest.approx(accuracy(logits, labels), abs=1e-12)
    assert top_accuracy(logits, labels, k=1) == accuracy(logits, labels)
    assert top_accuracy(logits, labels, k=7) == 1


def test_a_blind_guess_costs_log_k():
    labels = torch.arange(4)
    assert negative_log_likelihood(torch.zeros(4, 4), labels) == pytest.approx(math.log(4))


def test_binomial_error_is_the_spread_of_measured_shares():
    draws = np.random.default_rng(0).binomial(400, 0.7, 20_000) / 400
    # the spread of 20,000 shares is known to 0.5 %
    assert binomial_error(0.7, 400) == pytest.approx(draws.std(), rel=0.02)


def test_perfect_results_are_not_certain():
    assert binomial_error(1.0, 10) == pytest.approx(math.sqrt(10.5 / 11 * 0.5 / 11 / 10))
    assert binomial_error(0.0, 10) == pytest.approx(binomial_error(1.0, 10))


def test_calibration_error_by_hand():
    # confidence 0.8 twice with one hit, 0.6 once with a hit: (2 |0.5 - 0.8| + |1 - 0.6|) / 3
    p = torch.tensor([[0.8, 0.2], [0.2, 0.8], [0.6, 0.4]])
    labels = torch.tensor([0, 0, 0])
    assert calibration_error(p.log(), labels) == pytest.approx((2 * 0.3 + 0.4) / 3, abs=1e-6)


def test_accuracy_by_confidence_by_hand():
    p = torch.tensor([[0.8, 0.2], [0.3, 0.7], [0.6, 0.4]])
    found = reliability(p.double().log(), torch.tensor([0, 0, 0]), bins=4)
    assert [(b.low, b.high, b.pictures) for b in found] == [(0.5, 0.75, 2), (0.75, 1, 1)]
    assert [b.confidence for b in found] == pytest.approx([0.65, 0.8])
    assert [b.accuracy for b in found] == [0.5, 1]


def test_labels_drawn_from_the_posterior_are_calibrated():
    rng = generator(1)
    logits = 2 * torch.randn(40_000, 5, generator=rng)
    labels = torch.multinomial(logits.softmax(1), 1, generator=rng)[:, 0]
    # the bias: 15 bins of ~2,700 pictures with mean |error| below 0.8 sqrt(0.25 / 2700) = 0.008
    assert calibration_error(logits, labels) < 0.01
    assert calibration_error(4 * logits, labels) > 0.1


@pytest.mark.parametrize(
    ("call", "sentence"),
    [
        (lambda: accuracy(torch.zeros(2, 3), torch.tensor([0, 3])), "knows 3 classes"),
        (lambda: accuracy(torch.zeros(2, 3), torch.tensor([-1, 0])), "between -1 and 0"),
        (lambda: confusion(torch.zeros(0, 3), torch.zeros(0, dtype=torch.long)), "no pictures"),
        (lambda: top_accuracy(torch.zeros(1, 3), torch.tensor([0]), k=4), "between 1 and 3"),
        (lambda: calibration_error(torch.zeros(1, 3), torch.tensor([0]), bins=0), "at least 1"),
        (lambda: binomial_error(0.5, 0), "at least one"),
    ],
)
def test_what_cannot_be_measured_is_said(call, sentence):
    with pytest.raises(InputError, match=sentence):
        call()


@pytest.mark.parametrize("dtype", [torch.uint8, torch.int16, torch.int32])
def test_labels_are_of_any_whole_numbers(dtype):
    """Of 100 classes a pair of two is more than uint8 holds."""
    labels = torch.arange(100)
    logits = 5 * torch.eye(100)[(labels + 1) % 100]
    for measure in (confusion, negative_log_likelihood, calibration_error, accuracy):
        found = torch.as_tensor(measure(logits, labels.to(dtype)))
        assert torch.equal(found, torch.as_tensor(measure(logits, labels)))
