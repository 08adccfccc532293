"""The nearest picture with another label, of linear classifiers, whose distance is known."""

import pytest
import torch

from linear_classifiers import Linear, Masked, margins, pictures
from scorelet.analysis.robustness import AttackSetup, attack, farthest, size


def nearest(network, x, labels, norm, *, steps=100):
    eps, setup = farthest(norm, x[0].numel()), AttackSetup(norm, steps)
    found = attack(network, x, labels, eps=eps, name="fmn", setup=setup)
    return found, size(found.pictures - x, norm)


@pytest.mark.slow
@pytest.mark.parametrize("norm", ["linf", "l2"])
@pytest.mark.parametrize("scale", [0.01, 1.0, 100.0])
def test_of_two_classes_the_distance_is_exact(norm, scale):
    """|z_1 - z_2| / |w_1 - w_2| in the dual norm; foolbox's own l2 attack is 25 times as far."""
    network, x = Linear(2, scale=scale).eval(), pictures(24)
    labels = network(x).argmax(1)
    found, distance = nearest(network, x, labels, norm)
    exact = margins(network, x, labels, norm)
    assert bool(found.broken.all())
    assert bool((distance >= exact * (1 - 1e-4)).all())
    assert bool((distance <= exact * (1 + 1e-3)).all())


@pytest.mark.slow
@pytest.mark.parametrize("norm", ["linf", "l2"])
def test_of_more_classes_it_is_an_upper_bound(norm):
    """The class that it goes to is the next by logits, which need not be the nearest."""
    network, x = Linear(6).eval(), pictures(48)
    labels = network(x).argmax(1)
    found, distance = nearest(network, x, labels, norm)
    ratio = distance / margins(network, x, labels, norm)
    assert bool(found.broken.all())
    assert float(ratio.min()) > 1 - 1e-3
    assert float(ratio.median()) < 1.001
    assert float(ratio.max()) < 1.3


@pytest.mark.parametrize("norm", ["linf", "l2"])
def test_in_a_ball_it_breaks_what_is_near(norm):
    network, x = Linear(2).eval(), pictures(24)
    labels = network(x).argmax(1)
    exact = margins(network, x, labels, norm)
    eps = float(exact.quantile(0.52))
    found = attack(network, x, labels, eps=eps, name="fmn", setup=AttackSetup(norm, 100))
    assert torch.equal(found.broken, exact < eps)


def test_without_a_slope_nothing_is_found():
    network, x = Masked(Linear(2)).eval(), pictures(6)
    found, distance = nearest(network, x, network(x).argmax(1), "l2")
    assert not bool(found.broken.any())
    assert float(distance.max()) == 0


def test_every_picture_is_in_the_farthest_ball():
    black, white = torch.zeros(1, 3, 4, 4), torch.ones(1, 3, 4, 4)
    for norm in ("linf", "l2"):
        assert float(size(white - black, norm)) == pytest.approx(farthest(norm, 48))
