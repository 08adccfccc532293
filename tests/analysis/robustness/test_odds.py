"""The log-odds that attacks ascend: closed forms, bounds, and what they do of any logits."""

import math

import pytest
import torch

from scorelet.analysis.robustness.odds import odds_against


def drawn(classes, scale=1.0):
    logits = scale * torch.randn(50, classes, generator=torch.Generator().manual_seed(classes))
    return logits.double(), torch.arange(50) % classes


def others(logits, labels):
    """The largest logit of the other classes."""
    return logits.scatter(1, labels[:, None], -math.inf).amax(1)


@pytest.mark.parametrize("classes", [2, 3, 10])
def test_at_temperature_one_they_are_the_log_odds(classes):
    logits, labels = drawn(classes)
    p = logits.softmax(1).gather(1, labels[:, None])[:, 0]
    assert torch.allclose(odds_against(logits, labels, 1), ((1 - p) / p).log())


@pytest.mark.parametrize("scale", [1e-6, 0.1, 1.0])
@pytest.mark.parametrize("classes", [2, 3, 10, 1000])
def test_of_flat_logits_they_are_the_margin_up_to_a_fifth_of_the_deviation(classes, scale):
    logits, labels = drawn(classes, scale)
    margin = others(logits, labels) - logits.gather(1, labels[:, None])[:, 0]
    above = odds_against(logits, labels) - margin
    slack = 1e-9 * scale
    assert bool((above >= -slack).all())
    assert bool((above <= logits.std(1, correction=0) / 5 + slack).all())
    if classes == 2:
        assert float(above.abs().max()) <= slack


def test_a_factor_of_flat_logits_is_one_of_the_odds_and_sure_logits_keep_the_temperature_one():
    logits, labels = drawn(10)
    assert torch.allclose(odds_against(0.01 * logits, labels), 0.01 * odds_against(logits, labels))
    sure = 100 * logits
    assert torch.equal(odds_against(sure, labels), odds_against(sure, labels, 1))


def test_logits_that_are_alike_or_infinite_have_the_temperature_one():
    labels = torch.tensor([0, 1])
    for logits in (torch.zeros(2, 3), torch.tensor([[1.0, math.inf, 0.0], [0.0, 1.0, -math.inf]])):
        logits.requires_grad_()
        found = odds_against(logits, labels)
        assert torch.equal(found, odds_against(logits, labels, 1))
    flat = torch.zeros(2, 3, requires_grad=True)
    (gradient,) = torch.autograd.grad(odds_against(flat, labels).sum(), flat)
    assert torch.allclose(gradient, torch.tensor([[-1, 0.5, 0.5], [0.5, -1, 0.5]]))
