"""Spectra of layers, and layers of several networks."""

import pytest
import torch

from aligned_networks import permuted, pictures, plain_net
from planted_weights import rng
from scorelet.analysis.alignment import align
from scorelet.analysis.weight_comparison import (
    compared_layer,
    layer_spectrum,
    pooled_spectrum,
    turned,
)
from scorelet.analysis.weight_covariance import weight_spectrum
from scorelet.core.errors import InputError


def test_networks_pooled_after_the_alignment_have_the_covariance_of_each():
    """Of permuted copies: without alignment the covariance would be another one."""
    net, x = plain_net(), pictures()
    layers = [align(net, permuted(net, seed=seed)[0], x).layers[1] for seed in (1, 2)]
    own = weight_spectrum(layers[0].reference.rows())
    pooled = pooled_spectrum(layers)
    assert pooled.neurons == 3 * own.neurons
    torch.testing.assert_close(pooled.matrix(), own.matrix(), rtol=0, atol=1e-6)
    raw = weight_spectrum(layers[0].other.rows())
    assert float((raw.matrix() - own.matrix()).abs().max()) > 1e-3
    with pytest.raises(InputError, match="one reference"):
        pooled_spectrum([])


def test_a_covariance_is_turned_as_its_weights_are():
    for widths in ((12, 10), (15, 10)):  # the second loses a part of the other network
        layer = align(plain_net(), plain_net(widths, seed=1), pictures()).layers[1]
        found = turned(weight_spectrum(layer.other.rows()), layer)
        expected = weight_spectrum(layer.weights().flatten(1))
        torch.testing.assert_close(found.matrix(), expected.matrix())
        inner = found.vectors.mH @ found.vectors
        torch.testing.assert_close(inner, torch.eye(len(inner)).double())


def test_layers_without_anything_learned_have_no_similarity():
    layer = align(plain_net(), plain_net(seed=1), pictures()).layers[1]
    both = layer_spectrum(layer.reference, "init"), layer_spectrum(layer.other, "init")
    found = compared_layer(layer, 1.0, both, draws=2, rng=rng(0))
    assert len(found.learned[0].values) == 0
    assert found.agreement.mean != found.agreement.mean  # undefined, not 0
