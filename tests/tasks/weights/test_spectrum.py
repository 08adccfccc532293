"""Spectra of weights: what was planted is found, and what says nothing is left out."""

import copy
import json
import math

import pytest
import torch
from torch import nn

import scorelet as sl
from learned_networks import (
    SECOND,
    layer,
    learned_classifier,
)
from scorelet.core.errors import InputError


def test_a_spectrum_finds_what_was_planted():
    document = sl.weights.spectrum(learned_classifier(0)).document
    found = layer(document, SECOND)
    assert found["kept"] == 2
    assert 1 <= found["effective_rank"] <= 2
    assert (found["neurons"], found["inputs"], found["gamma"]) == (40, 360, 9)
    others = [entry for entry in document["layers"] if entry["name"] != SECOND]
    assert sum(entry["kept"] for entry in others) <= 1  # untrained
    assert next(entry["effective_rank"] for entry in others if not entry["kept"]) is None
    json.dumps(document, allow_nan=False)


def test_complex_weights_start_with_twice_the_variance():
    torch.manual_seed(0)
    document = sl.weights.spectrum(
        nn.Sequential(nn.Conv2d(3, 64, 3, dtype=torch.complex64))
    ).document
    assert layer(document, "0")["kept"] == 0


def test_one_of_twenty_untrained_layers_or_more_shows_a_direction_above_its_bulk():
    torch.manual_seed(3)
    layers = [nn.Linear(64, 64) for _ in range(60)]
    for each in layers:
        nn.init.kaiming_normal_(each.weight)  # and no step of training
    document = sl.weights.spectrum(nn.Sequential(*layers)).document
    assert document["noise"] == "bulk"
    assert 0.02 < sum(entry["kept"] > 0 for entry in document["layers"]) / 60 < 1 / 3
    assert max(entry["kept"] for entry in document["layers"]) <= 2


def test_layers_of_zeros_say_nothing_of_the_noise(tmp_path):
    """As the last ones of branches may start."""
    torch.manual_seed(0)
    net = nn.Sequential(nn.Conv2d(3, 32, 3), nn.Conv2d(32, 64, 3), nn.Conv2d(64, 64, 3))
    with torch.no_grad():
        net[1].weight.zero_()
        net[2].weight[:40] = 0
    found = sl.weights.spectrum(net)
    found.save(tmp_path / "drawn.html")  # without a word of the drawing of an empty scale
    document = found.document
    assert document["noise"] == "init"
    assert document["warnings"] == [
        "all weights of 1 are 0: nothing is said of them",
        "half of the eigenvalues of 2, or more, are 0: neurons there have no weights, or those of "
        "others",
    ]
    assert [layer(document, name)["bulk_variance"] for name in "12"] == [0, 0]
    document = sl.weights.spectrum(net, noise="bulk").document
    assert document["warnings"][1].startswith("half of the eigenvalues of 2, or more, are 0")


def test_empty_layers_are_left_out():
    with pytest.warns(UserWarning, match="zero-element"):
        net = nn.Sequential(nn.Linear(0, 4), nn.Linear(4, 8))
    document = sl.weights.spectrum(net).document
    assert [entry["name"] for entry in document["layers"]] == ["1"]
    assert document["warnings"] == [
        "1 empty layer is left out (0): there are no weights between no channels"
    ]
    with pytest.raises(InputError, match=r"has no convolution.*1 empty layer is left out \(0\)"):
        sl.weights.spectrum(net[:1])


def test_layers_that_a_spectrum_leaves_out_are_named():
    net = nn.Sequential(nn.Conv2d(6, 6, 3, groups=3), nn.Conv2d(6, 4, 1), nn.Conv2d(4, 4, 1))
    found = sl.weights.spectrum(net).document
    assert [entry["name"] for entry in found["layers"]] == ["1", "2"]
    assert found["warnings"][0].startswith("1 grouped convolution is left out (0)")
    twice = sl.weights.spectrum(nn.Sequential(net, copy.deepcopy(net))).document
    assert twice["warnings"][0].startswith("2 grouped convolutions are left out (the first is 0.0)")


def test_a_network_of_layers_that_are_left_out_is_refused_with_their_names():
    net = nn.Sequential(nn.ConvTranspose2d(3, 4, 3), nn.ConvTranspose2d(4, 3, 3))
    with pytest.raises(InputError, match=r": 2 ConvTranspose2ds are left out \(the first is 0\)"):
        sl.weights.spectrum(net)


def test_layers_whose_size_is_not_known_are_refused():
    with pytest.raises(InputError, match="call the network once"):
        sl.weights.spectrum(nn.Sequential(nn.LazyConv2d(4, 3)))


def test_weights_without_numbers_are_refused():
    net = nn.Sequential(nn.Linear(10, 10, device="meta"))
    with pytest.raises(InputError, match=r"0\.weight of Sequential has no numbers"):
        sl.weights.spectrum(net)


def test_the_layer_with_a_broken_weight_is_named_in_one_sentence():
    net = nn.Sequential(nn.Linear(4, 4))
    with torch.no_grad():
        net[0].weight[0] = math.nan
    with pytest.raises(InputError, match="Layer 0: some weights are NaN"):
        sl.weights.spectrum(net)
