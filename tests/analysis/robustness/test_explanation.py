"""Attacks on joint laws whose posterior and denoisers are known in closed form."""

import warnings

import pytest
import torch

from scorelet.analysis.robustness import AttackSetup, explain, low_frequency_share
from scorelet.core.errors import InputError
from scorelet.core.random import generator
from scorelet.models import MixtureJointEnergy

SHAPE = 1, 4, 4
SETUP = AttackSetup(norm="l2", steps=20)


@pytest.fixture(scope="module")
def case():
    """Two classes of one covariance: p(c | y) is a logistic function of (m_1 - m_0)·y."""
    means = 0.5 + 0.1 * torch.randn(2, *SHAPE, generator=generator(3), dtype=torch.float64)
    covariance = 0.01 * torch.eye(16, dtype=torch.float64)
    joint = MixtureJointEnergy(
        torch.tensor([0.5, 0.5]).double(), means, covariance.expand(2, 16, 16), torch.arange(2)
    )
    x = means.clamp(0.1, 0.9)
    return joint, means, x, torch.arange(2)


@pytest.mark.parametrize("sigma", [0.05, 0.3])
def test_the_gradient_is_the_difference_of_two_denoisers(case, sigma):
    joint, _, x, labels = case
    found = explain(joint, x, labels, sigma=sigma, eps=0.05, setup=SETUP)
    marginal = joint.denoise(x, sigma)
    assert (joint.denoise(x, sigma, labels) - marginal - found.difference).abs().max() < 1e-12


def test_an_attack_goes_where_the_closed_form_says(case):
    """Along m_1 - m_0, as both classes have one covariance that is a multiple of 1."""
    joint, means, x, labels = case
    found = explain(joint, x, labels, sigma=0.1, eps=0.05, setup=SETUP)
    assert found.alignment.min() > 0.999
    moved = (found.attacked - found.clean).flatten(1)
    towards = (means.flip(0) - means).flatten(1)
    assert torch.nn.functional.cosine_similarity(moved, towards).min() > 0.999
    assert (found.after < found.before).all()


@pytest.mark.parametrize("apart", [0.1, 0.2])
def test_the_direction_is_that_of_the_closed_form_however_sure_the_model_is(apart):
    """Of float32: 1 - p is 1e-8 and 3e-32 here."""
    means = torch.tensor([[0.5], [0.5 + apart]]).expand(2, 16).reshape(2, *SHAPE)
    covariance = (4e-3 * torch.eye(16)).expand(2, 16, 16)
    joint = MixtureJointEnergy(torch.tensor([0.5, 0.5]), means, covariance, torch.arange(2))
    found = explain(joint, means, torch.arange(2), sigma=0.02, eps=0.02, setup=SETUP)
    assert found.difference.abs().max() < 1e-9
    assert found.alignment.min() > 0.999


def test_where_it_breaks_the_class_that_is_found_is_the_other_one(case):
    joint, means, x, labels = case
    distance = float((means[0] - means[1]).norm())
    broken = explain(joint, x, labels, sigma=0.1, eps=0.7 * distance, setup=SETUP)
    held = explain(joint, x, labels, sigma=0.1, eps=0.3 * distance, setup=SETUP)
    assert broken.found.tolist() == [1, 0]
    assert held.found.tolist() == [0, 1]
    for each in (broken, held):  # of two classes the other one, whatever the picture is taken for
        assert torch.equal(each.rival, 1 - each.labels)
        assert torch.equal(each.other, joint.denoise(each.attacked, 0.1, each.rival))


def test_what_is_explained_is_where_the_attack_ends_not_where_it_breaks_first():
    """Of near classes random starts break, too, whose cosine is that of noise."""
    means = torch.tensor([[0.49], [0.51]]).expand(2, 16).reshape(2, *SHAPE)
    covariance = (0.01 * torch.eye(16)).expand(2, 16, 16)
    joint = MixtureJointEnergy(torch.tensor([0.5, 0.5]), means, covariance, torch.arange(2))
    x = means.repeat(10, 1, 1, 1)
    found = explain(joint, x, torch.arange(2).repeat(10), sigma=0.1, eps=0.1, setup=SETUP)
    assert (found.found != found.labels).all()
    assert found.alignment.min() > 0.99
    slope = (means[1] - means[0]).norm() / 0.02  # of the logit per length, along the means
    before = slope * (means[1] - means[0]).norm() / 2
    assert found.after == pytest.approx(torch.sigmoid(before - 0.1 * slope).expand(20), rel=0.02)


def test_the_attack_follows_the_gradient_that_is_explained():
    """Of three classes far away that of p, not one that is sharpened towards the nearest."""
    means = 0.5 + 0.05 * torch.randn(3, *SHAPE, generator=generator(4), dtype=torch.float64)
    covariance = (0.2 * torch.eye(16, dtype=torch.float64)).expand(3, 16, 16)
    joint = MixtureJointEnergy(torch.ones(3).double() / 3, means, covariance, torch.arange(3))
    found = explain(joint, means, torch.arange(3), sigma=0.1, eps=0.01, setup=SETUP)
    assert found.alignment.min() > 0.999


@pytest.mark.parametrize("mode", [torch.no_grad, torch.inference_mode])
def test_labels_are_whole_numbers_of_any_dtype_and_gradients_may_be_off(case, mode):
    joint, _, x, labels = case
    plain = explain(joint, x, labels, sigma=0.1, eps=0.05, setup=SETUP)
    with mode():
        found = explain(joint, x.clone(), labels.int(), sigma=0.1, eps=0.05, setup=SETUP)
    assert torch.equal(found.attacked, plain.attacked)
    assert torch.allclose(found.difference, plain.difference)


def test_shares_of_waves_are_those_of_their_frequencies():
    t = torch.arange(16.0)
    slow, fast = (torch.cos(2 * torch.pi * k * t / 16).expand(1, 1, 16, 16) for k in (2, 5))
    assert float(low_frequency_share(slow)) == pytest.approx(1)
    assert float(low_frequency_share(fast)) == pytest.approx(0, abs=1e-12)
    assert float(low_frequency_share(slow + fast)) == pytest.approx(0.5)
    assert float(low_frequency_share(fast.mT)) == pytest.approx(0, abs=1e-12)
    assert float(low_frequency_share(slow * fast.mT)) == pytest.approx(0, abs=1e-12)
    assert float(low_frequency_share(slow * slow.mT)) == pytest.approx(1)
    assert float(low_frequency_share(torch.zeros(1, 1, 4, 4))) == 0


@pytest.mark.parametrize(
    ("options", "text"),
    [
        ({"sigma": 0}, "sigma is 0"),
        ({"sigma": float("nan")}, "sigma is nan"),
        ({"eps": -0.1}, "eps is -0.1"),
        ({"name": "cw"}, "no attack 'cw'"),
        ({"labels": torch.tensor([0, 2])}, "A label is 2"),
    ],
)
def test_what_cannot_be_attacked_is_refused(case, options, text):
    joint, _, x, labels = case
    with pytest.raises(InputError, match=text):
        explain(joint, x, **{"labels": labels, "sigma": 0.1, "eps": 0.1, **options})


def test_logits_without_a_gradient_explain_nothing(case, monkeypatch):
    joint, _, x, labels = case
    logits = type(joint)._logits
    monkeypatch.setattr(type(joint), "_logits", lambda *given: logits(*given).detach())
    with pytest.raises(InputError, match=r"logits are detached.*explain-attack"):
        explain(joint, x, labels, sigma=0.1, eps=0.1, setup=SETUP)


def test_a_law_in_evaluation_is_attacked_in_evaluation(case):
    """foolbox warned of a model in training."""
    joint, _, x, labels = case
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        explain(joint.eval(), x, labels, sigma=0.1, eps=0.05, name="fmn", setup=SETUP)
