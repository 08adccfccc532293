"""Two networks beside each other: the same, others, and what cannot be compared."""

import copy
import json
import math

import numpy as np
import pytest
import torch
from torch import nn

import scorelet as sl
from aligned_networks import permuted, plain_net
from learned_networks import (
    SECOND,
    doubled_images,
    layer,
    learned_classifier,
    learned_images,
)
from scorelet.core.errors import InputError
from scorelet.data.labelled import LabelledImages
from scorelet.tasks.networks import PictureChoice, open_unlabelled
from scorelet.tasks.weights import compare_report


@pytest.mark.slow
def test_networks_that_learned_the_same_and_others():
    images = learned_images(200)
    models = [learned_classifier(0), learned_classifier(0, directions=1)]
    same = sl.weights.compare(models[0].network, copy.deepcopy(models[0].network), data=images)
    other = sl.weights.compare(models[0].network, models[1].network, data=images)
    alike, unlike = (layer(found.document, SECOND) for found in (same, other))
    assert alike["S_mean"] > 0.9
    assert abs(unlike["S_mean"]) < 0.3
    assert 0 < alike["bootstrap_sd"] < 0.3
    assert alike["r2_align"] == pytest.approx(1)
    assert alike["r2_held_out"] == pytest.approx(1)
    assert (same.document["pictures"], same.document["held_out"]) == (160, 40)
    first = layer(same.document, "stem.0")
    assert first["S_mean"] is None  # nothing learned: undefined, not 0
    assert first["kept1"] == 0
    json.dumps(same.document, allow_nan=False)


@pytest.mark.slow
def test_a_permuted_copy_is_the_same_network():
    net = plain_net((12, 40))
    with torch.no_grad():
        net[3].weight += 0.5 * torch.randn(40, 1, 1, 1) * torch.randn(1, 12, 3, 3)
    other, _ = permuted(net)
    found = sl.weights.compare(net, other, data=doubled_images(), noise="bulk").document
    entry = layer(found, "3")
    assert entry["r2_align"] == pytest.approx(1, abs=1e-6)
    assert entry["S_mean"] > 0.9
    assert entry["eigenvector_cosines"][0][0] == pytest.approx(1, abs=1e-3)


def test_equal_weights_are_said():
    torch.manual_seed(0)
    nets = [nn.Sequential(nn.Conv2d(3, 8, 3), nn.ReLU(), nn.Conv2d(8, 4, 3)) for _ in range(2)]
    x = torch.rand(40, 3, 6, 6)
    said = "both networks have the same weights"
    for other, same in ((copy.deepcopy(nets[0]), True), (nets[1], False)):
        warnings = sl.weights.compare(nets[0], other, data=x, draws=2).document["warnings"]
        assert any(text.startswith(said) for text in warnings) is same


def test_signals_stand_beside_what_their_means_alone_give():
    """Known in closed form: what a linear layer reads are positive numbers, and those of others."""
    torch.manual_seed(0)
    one, other = (
        nn.Sequential(nn.Flatten(), nn.Linear(12, 8), nn.ReLU(), nn.Linear(8, 4)) for _ in range(2)
    )
    x = torch.rand(500, 3, 2, 2)
    found = sl.weights.compare(one, other, data=x, draws=2)
    entry = found.document["layers"][1]
    fitted = open_unlabelled(x, one, PictureChoice())[0][:400]  # drawn: their order says nothing
    with torch.no_grad():
        a, b = (net[:3](fitted).double() for net in (one, other))
    powers = a.square().sum(1).mean() * b.square().sum(1).mean()
    expected = float(a.mean(0).norm() * b.mean(0).norm() / powers.sqrt())
    assert entry["r2_means"] == pytest.approx(expected, rel=1e-5)
    assert entry["r2_means"] < entry["r2_align"]
    assert "what the means alone give" in compare_report.report(found.document, found.layers)


@pytest.mark.parametrize("seed", [0, 2, 7])  # with 27, 25 and 23 of 40 channels that are not silent
def test_pictures_of_one_colour_do_not_tell_networks_apart(seed):
    """Gray pictures without bias: what each layer behind the first reads has one direction."""
    torch.manual_seed(seed)
    net = nn.Sequential(nn.Conv2d(3, 40, 1, bias=False), nn.ReLU(), nn.Conv2d(40, 60, 1))
    patterns = torch.randn(2, 40)
    with torch.no_grad():
        net[2].weight += torch.einsum("nk,kc->nc", torch.randn(60, 2), patterns)[..., None, None]
    order = torch.randperm(40)
    other = copy.deepcopy(net)
    with torch.no_grad():
        other[0].weight[:] = net[0].weight[order]
        other[2].weight[:] = net[2].weight[:, order]
    gray = np.repeat(np.arange(5, 65, dtype=np.uint8), 8 * 8 * 3).reshape(60, 8, 8, 3)
    labels = np.arange(60) % 2
    flat = sl.weights.compare(net, other, data=LabelledImages(gray, labels, ("a", "b")), draws=2)
    (warning,) = [w for w in flat.document["warnings"] if "do not span" in w]
    assert "do not span 2: those of 2 have 1 of 40 directions" in warning
    found = layer(flat.document, "2")
    assert (found["S_mean"], found["cos_raw"], found["directions"]) == (None, None, 1)
    assert found["kept1"] >= 2
    json.dumps(flat.document, allow_nan=False)
    noise = np.random.default_rng(0).integers(0, 255, gray.shape, dtype=np.uint8)
    seen = sl.weights.compare(net, other, data=LabelledImages(noise, labels, ("a", "b")), draws=2)
    assert layer(seen.document, "2")["S_mean"] >= 1  # a copy
    assert layer(seen.document, "2")["cos_raw"] == pytest.approx(1)
    directions = layer(seen.document, "2")["directions"]
    assert 20 <= directions < 40  # without those that are never positive
    shown = compare_report.values(layer(seen.document, "2"))
    assert shown[list(compare_report.COLUMNS).index("directions")] == f"{directions} of 40"
    assert not any("do not span" in w for w in seen.document["warnings"])


@pytest.mark.parametrize("number", [0, 1])
@pytest.mark.parametrize("name", ["weight", "bias"])
def test_a_network_with_broken_weights_is_named_with_the_layer(number, name):
    nets = [nn.Sequential(nn.Conv2d(3, 8, 3), nn.Conv2d(8, 8, 3), nn.ReLU()) for _ in range(2)]
    with torch.no_grad():
        getattr(nets[number][0], name)[0] = math.nan
    which = ("first", "second")[number]
    with pytest.raises(InputError, match=f"Layer 0 of the {which} network: some weights are NaN"):
        sl.weights.compare(*nets, data=learned_images())


def test_too_few_pictures_and_other_architectures():
    net, images = learned_classifier(0).network, learned_images(6)
    found = sl.weights.compare(net, learned_classifier(1).network, data=images, draws=2)
    assert any("too few to align" in warning for warning in found.document["warnings"])
    with pytest.raises(InputError, match="layers across channels"):
        sl.weights.compare(net, nn.Sequential(*plain_net(side=8)).float(), data=images)
    for options, sentence in (
        ({"draws": 1}, "draws is 1"),
        ({"seed": -1}, "seed is -1"),
        ({"noise": "x"}, "one of auto, init, bulk"),
        ({"polar": "x"}, "svd or newton-schulz"),
        ({"limit": 0}, "limit is 0"),
        ({"size": (0, 2)}, "size is"),
    ):
        with pytest.raises(InputError, match=sentence):
            sl.weights.compare(net, net, data=images, **options)
