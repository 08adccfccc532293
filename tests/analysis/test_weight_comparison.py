"""Spectra of layers, and layers of several networks."""

import pytest
import torch
from torch import nn

from aligned_networks import permuted, pictures, plain_net
from planted_weights import rng
from scorelet.analysis.alignment import AlignedLayer, CrossMoments, align, procrustes
from scorelet.analysis.alignment.layers import LinearLayer
from scorelet.analysis.layer_spectrum import layer_spectrum
from scorelet.analysis.weight_comparison import (
    compared_layer,
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


@pytest.mark.parametrize("polar", ["svd", "newton-schulz"])
def test_what_samples_do_not_determine_does_not_matter(polar):
    """Signals span 6 of 9 directions, in which both layers are one; outside, they are unlike."""
    (q, r), moments = random_bases(9, 2), CrossMoments(9, 9)
    x = normal(500, 6, seed=3)
    moments.add(x @ q[:, :6].mT, x @ r[:, :6].mT)
    rows = normal(200, 9, seed=4) + 3 * normal(200, 2, seed=5) @ normal(2, 9, seed=6)
    other = rows @ q[:, :6] @ r[:, :6].mT + 5 * normal(200, 3, seed=7) @ r[:, 6:].mT
    layers = linear(rows), linear(other)
    rotation = procrustes(moments, polar=polar)
    assert rotation.directions == 6
    both = layer_spectrum(layers[0], "init"), layer_spectrum(layers[1], "init")
    found = compared_layer(AlignedLayer(*layers, rotation, 90), 1.0, both, draws=5, rng=rng(8))
    own = layer_spectrum(linear(rows @ q[:, :6]), "init").learned
    for learned in found.learned:
        torch.testing.assert_close(learned.values, own.values)
        assert learned.inputs == 6
    assert found.agreement.forward.cosine == pytest.approx(1)
    assert found.agreement.mean >= 1


def normal(*shape, seed):
    return torch.randn(shape, generator=rng(seed), dtype=torch.float64)


def random_bases(size, count):
    return [torch.linalg.qr(normal(size, size, seed=k))[0] for k in range(count)]


def linear(rows):
    """Return a layer with these rows in units of its initial deviation."""
    module = nn.Linear(rows.shape[1], len(rows), bias=False).double()
    with torch.no_grad():
        module.weight[:] = rows / (3 * rows.shape[1]) ** 0.5
    return LinearLayer("0", module)


def test_layers_without_anything_learned_have_no_similarity():
    layer = align(plain_net(), plain_net(seed=1), pictures()).layers[1]
    both = layer_spectrum(layer.reference, "init"), layer_spectrum(layer.other, "init")
    found = compared_layer(layer, 1.0, both, draws=2, rng=rng(0))
    assert len(found.learned[0].values) == 0
    assert found.agreement.mean != found.agreement.mean  # undefined, not 0
