"""One network of all scales: the network of a scale, its vector, and what reaches which."""

import pytest
import torch

from scorelet.core.errors import InputError
from scorelet.core.random import generator
from scorelet.networks import BFCNN, BiasFreeBatchNorm, Network, ScaleShared
from scorelet.zoo import build_network

OPTIONS = {"channels": 4 + 2, "width": 6, "depth": 4, "outputs": 3}


@pytest.fixture
def scales():
    torch.manual_seed(0)
    first = ScaleShared(architecture="BFCNN", options=OPTIONS, scales=3, embedding=2).eval()
    for layer in first.modules():
        if isinstance(layer, BiasFreeBatchNorm):
            layer.gain.data.fill_(1.0)  # those of the start are nearly silent
    return [first, first.at(1).eval(), first.at(2).eval()]


def images():
    return torch.rand(2, 4, 8, 8, generator=generator(0))


def test_it_is_the_network_of_the_image_beside_the_vector_of_the_scale(scales):
    x, vectors = images(), scales[0].embedding.reshape(3, 2)
    for network, vector in zip(scales, vectors, strict=True):
        planes = torch.ones(2, 2, 8, 8) * vector[:, None, None]
        torch.testing.assert_close(network(x), scales[0].network(torch.cat([planes, x], 1)))


def test_a_vector_of_nothing_leaves_the_network_of_the_image(scales):
    """That of one scale, whose first weights are those that see the image."""
    plain = BFCNN(**OPTIONS | {"channels": 4}).eval()
    weights = scales[0].network.state_dict()
    weights["layers.0.weight"] = weights["layers.0.weight"][:, 2:]
    plain.load_state_dict(weights)
    scales[0].embedding.data.zero_()
    for network in scales:
        torch.testing.assert_close(network(images()), plain(images()))


def test_scales_differ_and_share_their_weights(scales):
    x = images()
    outputs = [network(x) for network in scales]
    assert (outputs[0] - outputs[1]).abs().max() > 0.01
    assert (outputs[1] - outputs[2]).abs().max() > 0.01
    assert all(network.network is scales[0].network for network in scales)
    counts = sum(p.numel() for p in torch.nn.ModuleList(scales).parameters())
    assert counts == sum(p.numel() for p in BFCNN(**OPTIONS).parameters()) + 3 * 2


def test_a_scale_moves_its_own_vector_and_the_weights_of_all(scales):
    scales[1](images()).square().sum().backward()
    moved = scales[0].embedding.grad.reshape(3, 2).abs().amax(1) > 0
    assert moved.tolist() == [False, True, False]
    assert all(p.grad.abs().max() > 0 for p in scales[0].network.parameters())


def test_it_says_what_its_network_says(scales):
    """But for the channels, which are those of the image; and its options build it again."""
    network = scales[2]
    assert isinstance(network, Network)
    assert network.accepts == (4,)
    assert (network.receptive_radius, network.multiple, network.classes) == (4, 1, None)
    again = build_network("ScaleShared", network.options).eval()
    again.load_state_dict(network.state_dict())
    torch.testing.assert_close(again(images()), network(images()))


def test_what_is_no_network_of_all_scales():
    for options, reason in (
        ({"scales": 2, "scale": 2}, "no scale 2 of 2"),
        ({"scales": 2, "embedding": 6}, "6 channels, of which the embedding alone has 6"),
    ):
        given = {"architecture": "BFCNN", "options": OPTIONS} | options
        with pytest.raises(InputError, match=reason):
            build_network("ScaleShared", given)
    with pytest.raises(InputError, match="no network Nothing"):
        build_network("ScaleShared", {"architecture": "Nothing", "options": {}, "scales": 1})
