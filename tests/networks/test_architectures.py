"""Parameter counts, receptive fields and homogeneity of the networks."""

import json

import pytest
import torch
from torch import nn

from laws.denoiser_laws import assert_euler, assert_homogeneous
from scorelet.core.errors import InputError
from scorelet.models import (
    LevelMapDenoiser,
    Locality,
    ResidualDenoiser,
    SubsampledDenoiser,
    score,
    sure,
)
from scorelet.networks import (
    ARCHITECTURES,
    BFCNN,
    BiasFreeBatchNorm,
    Network,
    ShuffleUNet,
    UNet,
    folded,
)

NETWORKS = {
    "bf-cnn": lambda: BFCNN(width=8, depth=5),
    "unet": lambda: UNet(width=4, blocks=2),
    "shuffle-unet": lambda: ShuffleUNet(widths=(8, 12), encoder=(1, 2), decoder=(1,)),
}


@pytest.mark.parametrize(
    ("network", "count"),
    [
        (lambda: BFCNN(depth=21), 702_784),
        *(
            (lambda s=s, c=c: BFCNN(c[0], spacing=s, outputs=c[1], first_layer_linear=True), n)
            for s, counts in {
                20: (80_192, 83_072),
                8: (145_728, 148_608),
                4: (211_264, 214_144),
                2: (375_104, 377_984),
                1: (702_784, 705_664),
            }.items()
            for c, n in zip(((1, 1), (4, 3)), counts, strict=True)
        ),
        (lambda: BFCNN(depth=20), 665_856),
        (lambda: UNet(blocks=1), 366_080),
        (lambda: UNet(blocks=2), 1_825_024),
        (lambda: UNet(blocks=3), 7_659_264),
        (lambda: UNet(blocks=4), 30_993_152),
    ],
)
def test_parameter_counts_are_the_published_ones(network, count):
    with torch.device("meta"):
        assert sum(p.numel() for p in network().parameters()) == count


@pytest.mark.parametrize(
    ("network", "fields"),
    [
        (lambda: BFCNN(width=2, depth=21), {43}),
        (lambda: BFCNN(width=2, depth=20), {41}),
        (lambda: UNet(width=2, blocks=1), {18}),
        (lambda: UNet(width=2, blocks=2), {44}),
        (lambda: UNet(width=2, blocks=3), {92, 96, 100}),
    ],
)
def test_receptive_fields_are_the_published_ones(network, fields):
    net = _positive(network())
    first = 120  # far from the borders of 256 pixels, on the grid of every halving
    found = {_extent(net, first + phase) for phase in range(8)}
    assert found <= fields
    if len(fields) > 1:  # depends on the pixel's phase
        assert {min(found), max(found)} == {min(fields), max(fields)}


@pytest.mark.parametrize("make", [*NETWORKS.values(), lambda: ShuffleUNet(widths=(4, 4, 4))])
def test_the_declared_radius_bounds_the_receptive_field(make):
    net = _positive(make())
    for position in range(120, 136):
        support = _support(net, position)
        reach = (support - position).abs().max()
        assert reach <= net.receptive_radius
        assert reach >= net.receptive_radius - net.multiple - 2  # and it is not lavish


@pytest.mark.parametrize("make", NETWORKS.values(), ids=NETWORKS)
def test_networks_say_what_files_and_tiles_need(make):
    network = make()
    assert isinstance(network, Network)
    assert network.classes is None
    again = ARCHITECTURES[type(network).__name__](**json.loads(json.dumps(network.options)))
    assert again.options == network.options
    denoiser = ResidualDenoiser(network)
    assert denoiser.locality == (network.receptive_radius, network.multiple)
    assert denoiser.channels == network.accepts
    with pytest.raises(InputError, match="has 2 channels: this denoiser takes 1"):
        denoiser(torch.zeros(1, 2, 8, 8))


def test_a_network_that_says_nothing_sees_the_whole_picture():
    denoiser = ResidualDenoiser(nn.Identity())
    assert not isinstance(denoiser.network, Network)
    assert (denoiser.locality, denoiser.channels) == (Locality(None, 1), None)


@pytest.mark.parametrize("make", NETWORKS.values(), ids=NETWORKS)
@pytest.mark.parametrize("factor", [3.0, 0.01])
def test_bias_free_networks_are_homogeneous(make, factor):
    denoiser = ResidualDenoiser(_trained_like(make())).eval()
    y = torch.randn(2, 1, 24, 20, generator=torch.Generator().manual_seed(0))
    assert_homogeneous(denoiser, y, factor=factor, tol=1e-5)  # float32 rounding of ~20 layers


@pytest.mark.parametrize("make", NETWORKS.values(), ids=NETWORKS)
def test_euler_identity(make):
    denoiser = ResidualDenoiser(_trained_like(make())).eval()
    assert_euler(denoiser, torch.rand(2, 1, 16, 16), tol=1e-5)


@pytest.mark.parametrize("run", [1, 2])
def test_networks_and_pictures_are_the_same_in_every_run(run):
    """Seeded by a fixture: what passes today does not fail tomorrow."""
    pinned = [0.49625658988952637, 0.7682217955589294, 0.08847743272781372]  # torch, seed 0
    torch.testing.assert_close(torch.rand(3), torch.tensor(pinned))


def test_a_bias_breaks_homogeneity():
    """The law above can fail: one additive constant is enough."""
    network = _trained_like(BFCNN(width=8, depth=4))
    network.layers[0].bias = nn.Parameter(torch.full((8,), 0.1))
    with pytest.raises(AssertionError):
        assert_homogeneous(
            ResidualDenoiser(network).eval(), torch.rand(1, 1, 16, 16), factor=3.0, tol=1e-5
        )


def test_training_mode_of_the_norm_breaks_homogeneity():
    network = _trained_like(BFCNN(width=8, depth=4)).train()
    y = torch.rand(1, 1, 16, 16)
    assert (network(3 * y) - 3 * network(y)).norm() > 0.1 * (3 * network(y)).norm()


def test_norm_divides_by_the_deviation_without_centring():
    norm = BiasFreeBatchNorm(3)
    norm.gain.data[:] = torch.tensor([1.0, 2.0, 3.0])
    x = 5 + torch.randn(4, 3, 8, 8) * torch.tensor([1.0, 2.0, 4.0])[:, None, None]
    std = (x.var((0, 2, 3), correction=0) + 1e-5).sqrt()
    expected = x * (norm.gain / std)[:, None, None]
    torch.testing.assert_close(norm(x), expected)
    torch.testing.assert_close(norm.running_std, 0.9 + 0.1 * std)
    norm.eval()
    torch.testing.assert_close(norm(x), x * (norm.gain / norm.running_std)[:, None, None])


@pytest.mark.parametrize("make", [NETWORKS["bf-cnn"], NETWORKS["unet"]])
def test_folding_keeps_the_function(make):
    network = _trained_like(make()).eval()
    y = torch.rand(1, 1, 16, 16)
    plain = folded(network)
    assert not any(isinstance(m, BiasFreeBatchNorm) for m in plain.modules())
    torch.testing.assert_close(plain(y), network(y), rtol=1e-4, atol=1e-6)  # float32, reordered


@pytest.mark.parametrize("make", NETWORKS.values(), ids=NETWORKS)
def test_nothing_comes_of_nothing(make):
    assert make().eval()(torch.zeros(0, 1, 15, 16)).shape == (0, 1, 15, 16)


@pytest.mark.parametrize("channels", [1, 3])
def test_no_picture_has_no_result(channels):
    small = {"widths": (8, 12), "encoder": (1, 2), "decoder": (1,)}
    y = torch.zeros(0, channels, 16, 16, dtype=torch.float64)
    denoiser = ResidualDenoiser(ShuffleUNet(3, **small).double())
    for found in (denoiser(y), SubsampledDenoiser(denoiser, 2)(y), score(denoiser, y, 0.1)):
        assert (found.shape, found.dtype) == (y.shape, y.dtype)
    assert sure(denoiser, y, 0.1, exact=True).shape == (0,)
    told = LevelMapDenoiser(ShuffleUNet(4, outputs=3, **small).double(), channels=3)
    assert told(y, 0.1).shape == y.shape


@pytest.mark.parametrize("make", [NETWORKS["unet"], NETWORKS["shuffle-unet"]])
@pytest.mark.parametrize("size", [(1, 1), (1, 9), (7, 2), (13, 16)])
def test_any_size_equals_the_mirrored_picture_cut_back(make, size):
    network = make().eval()
    y = torch.rand(1, 1, *size)
    high, wide = (-n % network.multiple for n in size)
    import numpy as np

    padded = np.pad(y.numpy(), ((0, 0), (0, 0), (0, high), (0, wide)), mode="symmetric")
    expected = network(torch.from_numpy(padded))[..., : size[0], : size[1]]
    torch.testing.assert_close(network(y), expected)


def _positive(network):
    """Positive weights and no clipping: no path of the receptive field can cancel."""
    network = folded(network)
    for p in network.parameters():
        p.data.abs_()
    return network.double()


def _support(network, position):
    y = torch.ones(1, 1, 8, 256, dtype=torch.float64)
    y.requires_grad_()
    network(y)[0, 0, 4, position].backward()
    return y.grad[0, 0].abs().sum(0).nonzero().flatten()


def _extent(network, position):
    support = _support(network, position)
    return int(support.max() - support.min()) + 1


def _trained_like(network):
    """Gains and deviations that are not the silent ones of the start."""
    generator = torch.Generator().manual_seed(1)
    for module in network.modules():
        if isinstance(module, BiasFreeBatchNorm):
            module.gain.data.uniform_(0.5, 1.5, generator=generator)
            module.running_std.uniform_(0.5, 2.0, generator=generator)
    return network


PERIODIC = {
    "bf-cnn": lambda: BFCNN(4, width=6, depth=6, outputs=3, padding="periodic"),
    "unet": lambda: UNet(4, width=4, blocks=1, outputs=3, padding="periodic"),
    "shuffle-unet": lambda: ShuffleUNet(
        4, widths=(6, 8), encoder=(1, 1), decoder=(1,), outputs=3, padding="periodic"
    ),
}


@pytest.mark.parametrize("make", PERIODIC.values(), ids=PERIODIC)
def test_periodic_networks_commute_with_shifts_of_their_grid(make):
    """On a torus no place is special; with zeros beyond the border the first pixels are."""
    torch.manual_seed(0)
    net = make().double().eval()
    for layer in net.modules():
        if isinstance(layer, BiasFreeBatchNorm):
            layer.gain.data.fill_(1.0)  # those of the start are nearly silent
    y = torch.randn(2, 4, 16, 8, generator=torch.Generator().manual_seed(1), dtype=torch.float64)
    shift = (3 * net.multiple, -net.multiple)
    with torch.no_grad():
        moved = net(y.roll(shift, (-2, -1))).roll((-shift[0], -shift[1]), (-2, -1))
        expected = net(y)
        torch.testing.assert_close(moved, expected)
        zeros = type(net)(**{**net.options, "padding": "zeros"}).double().eval()
        zeros.load_state_dict(net.state_dict())
        moved = zeros(y.roll(shift, (-2, -1))).roll((-shift[0], -shift[1]), (-2, -1))
        assert (moved - zeros(y)).abs().max() > 0.01 * expected.abs().max()
    assert zeros.receptive_radius is not None
    assert net.receptive_radius is None  # a tile has another neighbourhood than the image


@pytest.mark.parametrize("network", [BFCNN, UNet, ShuffleUNet])
def test_unknown_padding_is_refused(network):
    with pytest.raises(ValueError, match="'mirror' is none of zeros, periodic"):
        network(1, padding="mirror")


def test_inside_a_conditional_network_knows_no_place():
    """Zeros beyond the border reach as far as the radius; further in, a shift is a shift."""
    torch.manual_seed(0)
    net = BFCNN(4, width=6, depth=6, spacing=2, outputs=3).double().eval()
    for layer in net.modules():
        if isinstance(layer, BiasFreeBatchNorm):
            layer.gain.data.fill_(1.0)  # those of the start are nearly silent
    y = torch.randn(1, 4, 20, 20, generator=torch.Generator().manual_seed(1), dtype=torch.float64)
    r = net.receptive_radius
    with torch.no_grad():
        whole, moved = net(y), net(y[..., 1:])
    torch.testing.assert_close(moved[..., r:], whole[..., 1 + r :], rtol=1e-10, atol=1e-12)
    assert (moved[..., 0] - whole[..., 1]).abs().max() > 1e-3
