"""The network of twins sees the whole picture."""

import numpy as np
import pytest
import torch

from scorelet.core.errors import InputError
from scorelet.networks import UNet
from scorelet.networks.unet import least_reach
from scorelet.recipes.subjects.harmonic_generalization.settings import SETTINGS
from scorelet.tasks.audit import AuditSettings, Network, audit_twins


@pytest.mark.parametrize("blocks", [1, 2, 3, 4])
def test_a_unet_sees_as_far_as_is_said_from_every_place(blocks):
    """By gradients, from one pixel of each phase of the halvings."""
    net = UNet(width=1, blocks=blocks).double().eval()
    for weights in net.parameters():
        weights.data.abs_()
    side = 2 ** (blocks + 4)
    found = []
    for place in range(side // 2, side // 2 + 2**blocks):
        x = torch.ones(1, 1, side, side, dtype=torch.float64, requires_grad=True)
        (gradient,) = torch.autograd.grad(net(x)[0, 0, place, place], x)
        for axis in (0, 1):
            seen = gradient[0, 0].sum(axis).nonzero().flatten()
            found += [place - int(seen[0]), int(seen[-1]) - place]
    assert min(found) == least_reach(blocks)
    assert max(found) <= net.receptive_radius


def test_the_number_of_blocks_follows_the_pictures():
    blocks = [Network().seeing(side).options["blocks"] for side in (8, 21, 22, 45, 46, 93, 500)]
    assert blocks == [2, 2, 3, 3, 4, 4, 4]
    given = Network(options={"width": 8, "blocks": 1})
    other = Network("BFCNN", {"width": 4})
    assert (given.seeing(40), other.seeing(40)) == (given, other)


def test_twins_of_faces_see_all_of_them():
    twins = SETTINGS["small"].twins
    for network in (twins.network, twins.larger):
        assert least_reach(network.options["blocks"]) >= twins.side - 1


def test_unknown_optimisers_are_refused_before_anything_is_trained():
    with pytest.raises(InputError, match="optimizer is 'sgdx'"):
        Network(optimizer="sgdx")


def test_twins_get_it_from_their_pictures(tmp_path):
    pictures = np.random.default_rng(0).integers(0, 256, (12, 24, 24), np.uint8)
    np.save(tmp_path / "new.npy", pictures)
    network = Network("UNet", {"width": 1}, steps=2, batch=2)
    settings = AuditSettings((2,), 4, samples=0, network=network)
    found = audit_twins(tmp_path / "new.npy", tmp_path / "run", settings)
    assert found.document["network"]["options"] == {"width": 1, "blocks": 3}
    expected = sum(p.numel() for p in UNet(width=1, blocks=3).parameters())
    assert found.document["network"]["parameters"] == expected
