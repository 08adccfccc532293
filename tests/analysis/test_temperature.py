"""Temperature scaling, against laws whose temperature is known, and the conditions of a minimum."""

import math

import pytest
import torch

from scorelet.analysis.classification import calibration_error, negative_log_likelihood
from scorelet.analysis.temperature import fit_temperature, halves, scaling
from scorelet.core.errors import InputError
from scorelet.core.random import generator


def drawn(count, *, seed=0, classes=5, spread=2.0):
    """Logits, and labels drawn from their softmax: T is 1."""
    rng = generator(seed)
    logits = spread * torch.randn(count, classes, generator=rng, dtype=torch.float64)
    return logits, torch.multinomial(logits.softmax(1), 1, generator=rng)[:, 0]


@pytest.mark.parametrize("factor", [0.01, 0.5, 3.0, 1000.0])
def test_a_known_factor_comes_back(factor):
    logits, labels = drawn(300)
    plain, scaled = (fit_temperature(z, labels) for z in (logits, factor * logits))
    assert scaled.value == pytest.approx(factor * plain.value, rel=1e-10)
    assert scaled.error == pytest.approx(factor * plain.error, rel=1e-8)


def test_a_calibrated_law_has_the_temperature_one():
    logits, labels = drawn(5000, seed=1)
    found = fit_temperature(logits, labels)
    assert found.error < 0.03
    assert abs(found.value - 1) < 3 * found.error
    moved = fit_temperature(logits + 100 * torch.arange(5000)[:, None], labels)
    assert moved.value == pytest.approx(found.value, rel=1e-9)  # what all classes share is nothing


def test_the_likelihood_has_its_minimum_there():
    logits, labels = drawn(80, seed=2)
    logits = 4 * logits
    best = fit_temperature(logits, labels).value
    t = torch.tensor(best, dtype=torch.float64, requires_grad=True)
    loss = torch.nn.functional.cross_entropy(logits / t, labels)
    (slope,) = torch.autograd.grad(loss, t)
    assert abs(float(slope)) < 1e-10
    for other in (0.99, 1.01):
        nearby = negative_log_likelihood(logits / (other * best), labels)
        assert nearby > float(loss.detach())


def test_two_classes_by_hand():
    """Logits ±1/2 of which 3 of 4 are right: 1/(1 + e^-b) = 3/4, b = log 3."""
    logits = torch.tensor([[0.5, -0.5]]).repeat(4, 1)
    found = fit_temperature(logits, torch.tensor([0, 0, 0, 1]))
    assert found.value == pytest.approx(1 / math.log(3), rel=1e-12)
    # L'' = 3/16, of residuals p - 1 and p the mean square 3/16: error of b (3/64)^(1/2) 16/3
    assert found.error == pytest.approx(math.sqrt(3 / 64) * 16 / 3 / math.log(3) ** 2)


@pytest.mark.slow
def test_the_error_is_the_spread_of_temperatures():
    found = [fit_temperature(*drawn(200, seed=seed)) for seed in range(400)]
    values, errors = (torch.tensor([getattr(f, k) for f in found]) for k in ("value", "error"))
    assert float(errors.mean()) == pytest.approx(float(values.std()), rel=0.12)


def test_halves_share_no_picture_and_have_as_many_of_each_class():
    labels = torch.randint(0, 7, (101,), generator=generator(3))
    one, other = halves(labels)
    assert sorted([*one.tolist(), *other.tolist()]) == list(range(101))
    counts = [torch.bincount(labels[half], minlength=7) for half in (one, other)]
    assert int((counts[0] - counts[1]).abs().max()) <= 1
    distinct = halves(torch.arange(10))
    assert [len(half) for half in distinct] == [5, 5]


def test_what_is_reported_has_no_part_in_the_fit():
    logits, labels = drawn(400, seed=4)
    logits = 3 * logits
    fitted, others = halves(labels)
    found = scaling(logits, labels)
    best = fit_temperature(logits[fitted], labels[fitted])
    assert (found.temperature, found.temperature_error) == (best.value, best.error)
    assert (found.fitted, found.pictures) == (200, 200)
    z, y = logits[others], labels[others]
    for figures, scaled in ((found.before, z), (found.after, z / best.value)):
        assert figures.negative_log_likelihood == pytest.approx(negative_log_likelihood(scaled, y))
        assert figures.calibration_error == pytest.approx(calibration_error(scaled, y))
    loss = found.before.negative_log_likelihood - found.after.negative_log_likelihood
    assert found.gain == pytest.approx(loss)
    assert found.gain > 3 * found.gain_error
    changed = logits.clone()
    changed[others] = changed[others].flip(1)
    assert scaling(changed, labels).temperature == found.temperature


@pytest.mark.parametrize(
    ("logits", "labels", "text"),
    [
        (torch.eye(4), torch.arange(4), "all 4 pictures that it would be fitted on are right"),
        (-torch.eye(4), torch.arange(4), "a blind guess is more likely"),
        (torch.zeros(4, 2), torch.tensor([0, 1, 0, 1]), "a blind guess is more"),
        (torch.eye(2), torch.tensor([0, 2]), "knows 2 classes"),
    ],
)
def test_where_no_temperature_is_best(logits, labels, text):
    with pytest.raises(InputError, match=text):
        fit_temperature(logits, labels)


def test_too_few_pictures_are_not_halved():
    with pytest.raises(InputError, match="3 pictures are too few"):
        scaling(torch.eye(3), torch.arange(3))
