"""Ridge heads: the normal equations, scikit-learn's numbers, and pieces that make a whole."""

import numpy as np
import pytest
import torch

from scorelet.analysis.ridge import RidgeMoments
from scorelet.core.errors import InputError
from scorelet.core.random import generator


def examples(count=60, features=7, classes=3, seed=0):
    rng = generator(seed)
    y = torch.arange(count) % classes
    x = torch.randn(count, features, generator=rng, dtype=torch.float64)
    return 3 + x * torch.linspace(0.1, 5, features, dtype=torch.float64) + y[:, None], y


def moments(x, y, classes=3):
    found = RidgeMoments(x.shape[1], classes)
    found.add(x, y)
    return found


def test_the_solution_is_a_minimum():
    """The gradient of the penalised squares is zero, in W and in b."""
    x, y = examples()
    (head,) = moments(x, y).solve([0.3])
    mean, deviation = x.mean(0), x.std(0, correction=0)
    z = (x - mean) / deviation
    target = 2.0 * torch.nn.functional.one_hot(y, 3) - 1
    weight = head.weight * deviation
    rest = head.scores(x) - target
    gradient = rest.T @ z / len(x) + 0.3 * weight
    assert gradient.abs().max() < 1e-12
    assert rest.mean(0).abs().max() < 1e-12


def test_scikit_learn_has_the_same_scores():
    linear_model = pytest.importorskip("sklearn.linear_model")
    x, y = examples(seed=1)
    z = ((x - x.mean(0)) / x.std(0, correction=0)).numpy()
    theirs = linear_model.RidgeClassifier(alpha=0.1 * len(x)).fit(z, y.numpy())
    (head,) = moments(x, y).solve([0.1])
    np.testing.assert_allclose(head.scores(x), theirs.decision_function(z), atol=1e-10)
    assert head.classify(x).tolist() == theirs.predict(z).tolist()


def test_pieces_make_the_same_classifier():
    x, y = examples()
    whole, parts = moments(x, y), RidgeMoments(7, 3)
    for k in range(0, 60, 13):
        parts.add(x[k : k + 13], y[k : k + 13])
    for one, other in zip(whole.solve([0.01, 1]), parts.solve([0.01, 1]), strict=True):
        torch.testing.assert_close(one.weight, other.weight, rtol=1e-9, atol=1e-12)


def test_a_constant_feature_and_the_units_change_nothing():
    x, y = examples()
    scores = moments(x, y).solve([0.1])[0].scores(x)
    wide = torch.cat([x * 1000 + 5, torch.full((60, 1), 1e6, dtype=torch.float64)], 1)
    (head,) = moments(wide, y).solve([0.1])
    torch.testing.assert_close(head.scores(wide), scores, rtol=1e-7, atol=1e-7)
    assert head.weight[:, -1].tolist() == [0, 0, 0]


@pytest.mark.parametrize(
    ("x", "y", "words"),
    [
        (torch.zeros(2, 7), torch.tensor([0, 3]), "Labels are 0 to 3: expected 0 to 2"),
        (torch.zeros(2, 7), torch.tensor([-1, 0]), "Labels are -1 to 0"),
        (torch.full((1, 7), torch.nan), torch.tensor([0]), "not finite"),
    ],
)
def test_examples_that_cannot_be_used(x, y, words):
    with pytest.raises(InputError, match=words):
        RidgeMoments(7, 3).add(x, y)


def test_what_cannot_be_solved():
    with pytest.raises(InputError, match="0 examples"):
        RidgeMoments(7, 3).solve([1.0])
    with pytest.raises(InputError, match="penalty is 0"):
        moments(*examples()).solve([0])
