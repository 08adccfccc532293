"""VGG networks: counts (check E14 of the specification of arXiv 2409.19460), rectified signs (E9),
frozen filters, homogeneity."""

import json
from itertools import pairwise

import pytest
import torch
import torch.nn.functional as F

from scorelet.analysis.alignment import registered_layers
from scorelet.analysis.alignment.watching import called_parts, read_by
from scorelet.analysis.weight_covariance import learned_part, weight_spectrum
from scorelet.core.errors import InputError
from scorelet.core.network import Network
from scorelet.networks import ARCHITECTURES, VGG, FactorizedVGG
from scorelet.networks.frozen_filters import FrozenFilters
from scorelet.networks.hermite_gaussian import hermite_gaussians
from scorelet.networks.vgg import VGG11

SMALL = {"classes": 4, "stages": ((4,), (6, 8))}


def numbers(*shape, seed=0):
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


def counts(net):
    return [p.numel() for p in net.parameters()]


def test_e14_counts_of_the_factorised_network(without_values):
    assert counts(FactorizedVGG()) == [
        1920, 81_920, 327_680, 655_360, 1_310_720, 2_621_440, 2_621_440, 2_621_440, 5120,
    ]  # fmt: skip
    assert sum(counts(FactorizedVGG())) == 10_247_040
    assert counts(FactorizedVGG(classes=1000))[-1] == 512_000


@pytest.mark.parametrize("kernel", [3, 5, 7])
def test_e14_counts_of_the_joint_network(kernel, without_values):
    channels = [3, *(c for stage in VGG11 for c in stage)]
    expected = [a * b * kernel**2 for a, b in pairwise(channels)]
    assert counts(VGG(kernel=kernel)) == [*expected, 5120]


def test_maps_have_the_sides_of_the_table():
    for net in (VGG(width=1 / 64), FactorizedVGG(width=1 / 64)):
        called = called_parts(net, torch.rand(2, 3, 32, 32)).layers
        x = [read_by(net, layer.module, torch.rand(1, 3, 32, 32))[0] for layer in called]
        assert [y.shape[-1] for y in x[:-1]] == [32, 16, 8, 8, 4, 4, 2, 2]
        assert x[-1].shape == (1, called[-1].shape[1])


@pytest.mark.parametrize("shape", [(2, 3, 7, 6), (2, 3, 16, 12)], ids=["as a matrix", "grouped"])
def test_e9_sign_split_is_a_convolution_with_both_signs(shape):
    """5 filters and the split of signs are 10 filters f, -f, and a linear map of (u, |u|)."""
    filters, x = numbers(5, 3, 3), numbers(*shape, seed=1)
    part = FrozenFilters(filters).double()
    part.filters = filters
    both = torch.cat([filters, -filters])[:, None].repeat(3, 1, 1, 1)
    ten = F.conv2d(x, both, padding=1, groups=3).relu()
    torch.testing.assert_close(part(x), ten, rtol=0, atol=1e-12)
    u = part.filtered(x)
    plus, minus = part(x).unflatten(1, (3, 2, 5)).unbind(2)
    torch.testing.assert_close(plus - minus, u, rtol=0, atol=1e-12)
    torch.testing.assert_close(plus + minus, u.abs(), rtol=0, atol=1e-12)
    assert part.copies == 10
    assert part(x[:0]).shape == (0, *part(x).shape[1:])


@pytest.mark.slow
@pytest.mark.parametrize("side", [8, 12])
def test_gradients_of_frozen_filters_are_those_of_differences(side):
    part = FrozenFilters(numbers(2, 3, 3)).double()
    x = numbers(1, 2, side, side, seed=3).requires_grad_()
    assert torch.autograd.gradcheck(part, (x,))
    assert not list(part.parameters())


def test_hermite_gaussians_are_orthonormal_and_have_their_symmetries():
    for size in (3, 5, 7):
        f = hermite_gaussians(size)
        torch.testing.assert_close(f.flatten(1) @ f.flatten(1).mT, torch.eye(5).double())
        torch.testing.assert_close(f[0].flip(0), f[0])
        torch.testing.assert_close(f[1].flip(1), -f[1])
        torch.testing.assert_close(f[1].mT, f[2])
        torch.testing.assert_close(f[3].flip(0), -f[3])
        torch.testing.assert_close(f[4].mT, f[4])
        assert float(f[0].min()) > 0


@pytest.mark.parametrize("make", [VGG, FactorizedVGG])
def test_features_without_biases_are_homogeneous(make):
    """Up to the means that norms take off: those of a new network are 0."""
    net = make(3, **SMALL).double().eval()
    x = numbers(2, 3, 16, 16)
    one, five = (net.features(a * x + 0.5) for a in (1, 5))
    torch.testing.assert_close(five, 5 * one)


@pytest.mark.parametrize("make", [VGG, FactorizedVGG])
def test_networks_say_what_files_need(make):
    net = make(1, **SMALL)
    assert isinstance(net, Network)
    again = ARCHITECTURES[make.__name__](**json.loads(json.dumps(net.options)))
    again.load_state_dict(net.state_dict())
    x = torch.rand(3, 1, 12, 12)
    assert torch.equal(again.eval()(x), net.eval()(x))
    assert net(x).shape == (3, 4)


def test_filters_of_a_checkpoint_are_those_of_the_network():
    filters = numbers(3, 3, 3).float()
    net = FactorizedVGG(3, filters=filters.tolist(), kernel=3, **SMALL)
    again = FactorizedVGG(**json.loads(json.dumps(net.options)))
    assert torch.equal(again.stages[0][0][0].filters, filters)
    assert sum(counts(net)) == 3 * 6 * 4 + 4 * 6 * 6 + 6 * 6 * 8 + 8 * 4


@pytest.mark.slow
def test_e13_nothing_survives_shrinkage_before_training():
    torch.manual_seed(0)
    for net in (VGG(width=0.25), FactorizedVGG(width=0.25)):
        kept = 0
        for layer in registered_layers(net):
            variance = layer.initial_variance()
            if layer.rows().numel() > 20_000:
                assert float(layer.weights().square().mean()) / variance == pytest.approx(
                    1, abs=0.01
                )
            kept += len(learned_part(weight_spectrum(layer.rows(), variance=variance)).values)
        assert kept <= 2


@pytest.mark.parametrize(
    ("build", "sentence"),
    [
        (lambda: VGG(kernel=4), "kernel is 4: expected an odd number"),
        (lambda: VGG(stages=((8,), ())), "give the channels of each stage"),
        (lambda: VGG()(torch.rand(1, 3, 16, 32)), "16 x 32 pixels: 5 stages need 32 x 32"),
        (lambda: FactorizedVGG(filters=[[[1.0]]]), r"shape \(1, 1, 1\)"),
        (lambda: FactorizedVGG(filters=[[[1.0], [1.0, 2.0]]]), "must be numbers"),
        (lambda: FrozenFilters(torch.zeros(2, 4, 4)), "the side odd"),
        (lambda: FrozenFilters(torch.full((2, 3, 3), float("nan"))), "NaN"),
    ],
)
def test_impossible_options_are_refused(build, sentence):
    with pytest.raises(InputError, match=sentence):
        build()
