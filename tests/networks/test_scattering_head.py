"""The classifier of fixed scattering coefficients."""

import json

import pytest
import torch
from torch import nn

from scorelet.core.random import generator
from scorelet.networks import ARCHITECTURES, FixedFeatures, Network, ScatteringHead
from scorelet.wavelets import Scattering2d


@pytest.fixture
def pictures():
    return torch.rand(6, 3, 16, 24, generator=generator(0))


@pytest.fixture
def net():
    net = ScatteringHead(size=(16, 24), classes=4, scales=2, angles=4)
    nn.init.normal_(net.head.weight, std=0.1, generator=generator(1))
    return net


def test_weights_are_counted():
    learnt = lambda net: sum(p.numel() for p in net.parameters())  # noqa: E731
    # (3 · 217) channels and paths at 4 x 4 positions, 10 classes with a bias each
    assert learnt(ScatteringHead()) == 651 * 16 * 10 + 10 == 104_170
    assert learnt(ScatteringHead(1, size=(28, 28), scales=2)) == 81 * 49 * 10 + 10


def test_logits_are_the_formula(net, pictures):
    net.train()
    net(pictures)
    net.eval()
    coefficients = Scattering2d(2, 4)(pictures)  # (6, 3, path, 4, 6)
    mean, deviation = coefficients.mean((0, 3, 4)), coefficients.var((0, 3, 4)).sqrt()
    stated = net.standardise
    # after one batch the running mean is a tenth of the batch's, and the variance 9/10 + 1/10 of it
    assert torch.allclose(stated.running_mean, 0.1 * mean.flatten(), atol=1e-6)
    assert torch.allclose(stated.running_var, 0.9 + 0.1 * deviation.flatten() ** 2, atol=1e-6)
    standard = (coefficients.flatten(1, 2) - stated.running_mean[:, None, None]) / (
        stated.running_var[:, None, None] + stated.eps
    ).sqrt()
    expected = standard.flatten(1) @ net.head.weight.T + net.head.bias
    assert torch.allclose(net(pictures), expected, atol=1e-5)


def test_features_are_fixed_and_make_the_logits(net, pictures):
    assert isinstance(net, FixedFeatures)
    before = net.train().features(pictures)
    with torch.no_grad():
        net.head.weight.add_(1)
    assert torch.equal(net.eval().features(pictures), before)
    assert not before.requires_grad
    assert torch.equal(net.logits(before), net(pictures))


def test_channels_are_named_by_their_order(net, pictures):
    kinds = net.coefficients.channel_kinds
    assert len(kinds) == net.features(pictures).shape[1] == 3 * 25
    assert kinds[:2] == ["order 0", "order 1"]
    assert [kinds.count(f"order {m}") for m in (0, 1, 2)] == [3, 24, 48]


def test_it_learns_what_pixels_cannot_tell():
    """Gratings of two orientations and random phase: class means of pixels are equal."""
    rng = generator(2)
    y, x = torch.meshgrid(torch.arange(16.0), torch.arange(16.0), indexing="ij")
    labels = torch.arange(200) % 2
    place = torch.where(labels[:, None, None] == 0, x, y)
    phase = 2 * torch.pi * torch.rand(200, 1, 1, generator=rng)
    images = (0.5 + 0.4 * torch.cos(1.6 * place + phase))[:, None]
    net = ScatteringHead(1, size=(16, 16), classes=2, scales=2, angles=4)
    features = net.features(images)
    optimizer = torch.optim.SGD(net.parameters(), 0.01, momentum=0.9)
    for _ in range(20):
        loss = nn.functional.cross_entropy(net.logits(features[:100]), labels[:100])
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    assert (net.eval().logits(features[100:]).argmax(1) == labels[100:]).all()


def test_its_options_build_it_again(net, pictures):
    assert isinstance(net, Network)
    again = ARCHITECTURES["ScatteringHead"](**json.loads(json.dumps(net.options)))
    again.load_state_dict(net.state_dict())
    assert torch.equal(again.eval()(pictures), net.eval()(pictures))


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        ({"size": (4, 32)}, "must be two sides"),
        ({"size": (32,)}, "must be two sides"),
        ({"classes": 1}, "^classes is 1: expected a whole number of at least 2"),
        ({"channels": 0}, "^channels is 0: expected a whole number of at least 1"),
        ({"scales": -1}, "^scales is -1: expected a whole number of at least 1"),
    ],
)
def test_options_that_cannot_be_used(options, sentence):
    with pytest.raises(ValueError, match=sentence):
        ScatteringHead(**options)
