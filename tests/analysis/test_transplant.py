"""Layers of another network: where both are the same up to a rotation, nothing changes."""

import pytest
import torch

from aligned_networks import ResidualNet, permuted, pictures, plain_net
from scorelet.analysis.alignment import align
from scorelet.analysis.transplant import transplanted
from scorelet.core.errors import InputError


@pytest.mark.parametrize("norm", [True, False])
@pytest.mark.parametrize("depth", [0, 1, 2])
def test_layers_of_a_permuted_copy_change_nothing(norm, depth):
    net = plain_net(norm=norm)
    other, _ = permuted(net, seed=3)
    x = pictures()
    alignment = align(net, other, x)
    found = transplanted(net, other, alignment, depth, x)
    torch.testing.assert_close(found(x), transplanted(net, other, alignment, 0, x)(x))
    unaligned = transplanted(net, other, alignment, depth, x, aligned=False)
    changed = float((unaligned(x) - found(x)).detach().norm() / found(x).detach().norm())
    assert changed > 0.1 if depth else changed < 1e-12


def test_all_layers_but_the_last_are_the_others_up_to_its_rotation():
    """Gains and biases of norms, too; and the given networks stay as they were."""
    net, other = plain_net(seed=0), plain_net(seed=1)
    with torch.no_grad():
        other[1].weight += torch.rand(12)
        other[4].bias += torch.rand(10)
    before = [p.clone() for p in (*net.parameters(), *other.parameters())]
    x = pictures()
    found = transplanted(net, other, align(net, other, x), 2, x)
    for name in ("0.weight", "1.weight", "3.weight", "4.bias"):
        assert torch.equal(found.get_parameter(name), other.get_parameter(name)), name
    assert not torch.equal(found[-1].weight, net[-1].weight)
    assert torch.equal(found[-1].bias, net[-1].bias)
    after = (*net.parameters(), *other.parameters())
    assert all(torch.equal(a, b) for a, b in zip(before, after, strict=True))


def test_what_cannot_be_exchanged_is_refused():
    net, x = plain_net(), pictures()
    for other, depth, sentence in (
        (plain_net(seed=1), 3, "0 to 2"),
        (plain_net((8, 10)), 1, "width"),
    ):
        with pytest.raises(InputError, match=sentence):
            transplanted(net, other, align(net, other, x), depth, x)


@pytest.mark.parametrize("depth", [0, 1, 2])
def test_networks_may_tell_other_classes_apart(depth):
    """The last layer stays the reference's, so nobody asks how many rows the other's has."""
    net, x = plain_net(), pictures()
    other, _ = permuted(net, seed=3)
    other[-1] = torch.nn.Linear(other[-1].in_features, 30).double()
    found = transplanted(net, other, align(net, other, x), depth, x)
    same, _ = permuted(net, seed=3)
    torch.testing.assert_close(found(x), transplanted(net, same, align(net, same, x), 0, x)(x))


def test_residual_networks_run():
    net, other = (ResidualNet().double().eval() for _ in range(2))
    x = pictures(16)
    assert transplanted(net, other, align(net, other, x), 3, x)(x).isfinite().all()
