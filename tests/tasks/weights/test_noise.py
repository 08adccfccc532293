"""The noise of weights: that of the initialisation, or that of the bulk of each layer."""

import pytest
import torch
from torch import nn

import scorelet as sl
from learned_networks import SECOND, layer, learned_classifier, learned_images
from scorelet.core.errors import InputError


def test_the_noise_may_be_that_of_the_bulk():
    net = learned_classifier(0).network
    with torch.no_grad():
        for weight in net.parameters():
            weight *= 0.5  # as weight decay does
    init, bulk = (sl.weights.spectrum(net, noise=noise).document for noise in ("init", "bulk"))
    assert layer(init, SECOND)["bulk_variance"] == pytest.approx(0.25, rel=0.2)
    assert "weight decay" in init["warnings"][0]
    assert bulk["warnings"] == []
    assert layer(bulk, SECOND)["kept"] == 2
    auto = sl.weights.spectrum(net).document
    assert auto["noise"] == "bulk"
    assert "noise is taken from the bulk" in auto["warnings"][0]
    assert auto["layers"] == bulk["layers"]
    as_drawn = sl.weights.spectrum(learned_classifier(0)).document
    assert (as_drawn["noise"], as_drawn["warnings"]) == ("init", [])
    with pytest.raises(InputError, match="one of auto, init, bulk"):
        sl.weights.spectrum(net, noise="none")
    with pytest.raises(InputError, match="no convolution"):
        sl.weights.spectrum(nn.ReLU())


def test_one_layer_that_has_learned_all_directions_is_no_other_initialisation():
    torch.manual_seed(0)
    net = nn.Sequential(nn.Linear(128, 128), nn.Linear(128, 64), nn.Linear(64, 64))
    with torch.no_grad():
        net[1].weight += 0.1 * torch.randn(64, 128)
    document = sl.weights.spectrum(net).document
    assert document["noise"] == "init"
    assert layer(document, "1")["kept"] > 20
    (warning,) = document["warnings"]
    assert "or has learned all directions there; noise stays that of the initialisation" in warning


def test_one_layer_that_decides_on_the_noise_is_said_to_be_alone():
    torch.manual_seed(0)
    one, other = nn.Linear(128, 64), nn.Linear(64, 64)
    with torch.no_grad():
        for each in (one, other):
            each.weight *= 0.5
    alone = ", by this layer alone: no other is large enough to tell"
    for net, said in (
        (nn.Sequential(one, nn.Linear(64, 4)), True),
        (nn.Sequential(one, other), False),
    ):
        document = sl.weights.spectrum(net).document
        assert document["noise"] == "bulk"
        assert (alone in document["warnings"][0]) is said


@pytest.mark.parametrize("width", [8, 16, 32])
def test_small_layers_say_nothing_of_their_initialisation(width):
    for seed in range(10):
        torch.manual_seed(seed)
        net = nn.Sequential(*(nn.Linear(width, width) for _ in range(6)))
        document = sl.weights.spectrum(net).document
        assert (document["noise"], document["warnings"]) == ("init", [])


@pytest.mark.parametrize("width", [8, 16, 32, 60])
def test_small_layers_that_were_drawn_otherwise_are_said(width):
    """They may as well have learned all directions, so they do not choose the noise."""
    torch.manual_seed(0)
    net = nn.Sequential(*(nn.Linear(width, width) for _ in range(6)))
    for each in net:
        nn.init.kaiming_normal_(each.weight)  # six times the variance of torch's own layers
    document = sl.weights.spectrum(net).document
    (warning,) = document["warnings"]
    assert document["noise"] == "init"
    assert warning.startswith("the bulks of most layers, 0 (")
    assert "no layer is large enough to tell which" in warning
    assert sl.weights.spectrum(net, noise="bulk").document["warnings"] == []


@pytest.mark.parametrize("width", [8, 16, 32, 60])
def test_the_only_small_layer_is_told_from_one_that_was_drawn_otherwise(width):
    for seed in range(10):
        torch.manual_seed(seed)
        net = nn.Sequential(nn.Linear(width, width))
        assert sl.weights.spectrum(net).document["warnings"] == []
    nn.init.kaiming_normal_(net[0].weight)
    (warning,) = sl.weights.spectrum(net).document["warnings"]
    assert warning.startswith("the bulk of the only layer (")
    assert "has not the variance of an initialisation" in warning


def test_a_comparison_finds_the_noise_of_both():
    images, (one, other) = learned_images(), (learned_classifier(s).network for s in (0, 1))
    with torch.no_grad():
        for net in (one, other):
            for weight in net.parameters():
                weight *= 0.5
    auto, bulk = (
        sl.weights.compare(one, other, data=images, noise=noise, draws=2).document
        for noise in ("auto", "bulk")
    )
    assert auto["noise"] == "bulk"
    assert auto["layers"] == bulk["layers"]
    assert any("noise is taken from the bulk" in text for text in auto["warnings"])
