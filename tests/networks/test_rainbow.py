"""Networks of arXiv 2305.18512: counts and shapes (check E18), the tutorial's networks, norms after
the non-linearity, matrices that start as independent numbers."""

import pytest
import torch
from torch import nn

from scorelet.analysis.alignment import registered_layers
from scorelet.core.errors import InputError
from scorelet.core.network import Network
from scorelet.networks import LearnedScattering, Perceptron, ResNet, StridedCNN, folded
from scorelet.networks.channel_matrix import ChannelMatrix, Group
from scorelet.networks.collapse_block import Block, CollapseBlock
from scorelet.networks.gray_input import standard_luma
from scorelet.networks.rainbow import rainbow_scattering


def count(module: nn.Module) -> int:
    return sum(p.numel() for p in module.parameters())


def matrices(net: nn.Module) -> list[tuple[int, ...]]:
    return [tuple(p.shape) for p in net.parameters()]


@pytest.mark.parametrize(
    ("hidden", "skip", "parameters"),
    [(3, False, 881_600), (7, False, 6_124_480), (7, True, 12_248_960)],
)
def test_e18_counts(without_values, hidden, skip, parameters):
    assert count(LearnedScattering(**rainbow_scattering(hidden, skip=skip))) == parameters


@pytest.mark.slow
def test_e18_counts_on_imagenet(without_values):
    """31.8 M real numbers: 13.58 M complex ones, and the classifier."""
    net = LearnedScattering(**rainbow_scattering(10))
    assert count(net.blocks) == 2 * 13_579_200  # Σ 10 n_j n_(j+1) from 3 colours on
    assert count(net.classify) == 4_608_000


@pytest.mark.slow
def test_e18_matrices(without_values):
    """d' of section 3, with skip twice as many; d' of the classifier is per position."""
    plain = matrices(LearnedScattering(**rainbow_scattering(7)))
    inputs = (15, 320, 640, 1280, 2560, 2560, 2560, 2560)
    outputs = (64, 128, 256, 512, 512, 512, 512, 512)
    assert plain[:-1] == list(zip(outputs, inputs, strict=True))
    assert plain[-1] == (10, 2048)
    both = matrices(LearnedScattering(**rainbow_scattering(7, skip=True)))
    assert both[:-1] == [(n, 2 * d) for n, d in plain[:-1]]
    assert both[-1] == (10, 4096)
    three = matrices(LearnedScattering(**rainbow_scattering(3)))
    assert three[:-1] == [(64, 15), (128, 320), (256, 640), (512, 1280)]


def test_widths_scale_all_sizes_or_all_but_the_last(without_values):
    half = matrices(LearnedScattering(**rainbow_scattering(3, 0.5)))
    assert [n for n, _ in half] == [32, 64, 128, 512, 10]
    eighth = matrices(LearnedScattering(**rainbow_scattering(7, 0.125)))
    assert [n for n, _ in eighth] == [8, 16, 32, *[64] * 5, 10]
    with pytest.raises(InputError, match="use 3, 7 or 10"):
        rainbow_scattering(4)


def test_nothing_of_a_rainbow_scattering_has_a_bias():
    net = LearnedScattering(size=16, sizes=(4, 6), factorize=None, bias_free=True)
    assert {name for name, _ in net.named_parameters()} == {
        "blocks.0.project.weight",
        "blocks.1.project.weight",
        "classify.weight",
    }


@pytest.mark.slow
def test_a_norm_without_gain_is_folded():
    torch.manual_seed(0)
    net = LearnedScattering(size=16, sizes=(4, 6), factorize=None, bias_free=True)
    x = torch.rand(8, 3, 16, 16)
    for _ in range(3):
        net(x)  # moves the running moments
    expected = net.eval()(x)
    torch.testing.assert_close(folded(net)(x), expected, rtol=1e-4, atol=1e-5)
    assert net.classify.bias is None


def test_a_matrix_that_starts_uniform_is_as_torchs_layers():
    torch.manual_seed(0)
    for field in ("real", "complex"):
        matrix = ChannelMatrix([Group(300, False)], 200, field=field, initial="uniform")
        start = matrix.weight.detach()
        weight = torch.view_as_complex(start) if field == "complex" else start
        assert float(weight.abs().square().mean()) == pytest.approx(1 / 900, rel=0.02)
        (layer,) = registered_layers(nn.Sequential(matrix))
        assert layer.initial_variance() == pytest.approx(1 / 900)
    linear = nn.Linear(300, 200)
    assert float(linear.weight.detach().abs().max()) == pytest.approx(300**-0.5, rel=0.01)
    with pytest.raises(InputError, match="orthonormal or uniform"):
        ChannelMatrix([Group(3, False)], 2, initial="zero")


@pytest.mark.parametrize("skip", [True, False])
def test_without_the_pixels_norm_a_block_is_linear_behind_the_modulus(skip):
    """N is the only part of a block, in evaluation, that forgets how long a vector is."""
    torch.manual_seed(0)
    x = torch.randn(2, 4, 8, 8)
    free, normed = (CollapseBlock(4, 8, Block(skip=skip, norm=norm)) for norm in (False, True))
    normed.load_state_dict(free.state_dict())
    u, v = free.eval()(x), normed.eval()(x)
    torch.testing.assert_close(free(7 * x), 7 * u, rtol=1e-4, atol=1e-3)
    lengths = u.flatten(1, 2).norm(dim=1)
    torch.testing.assert_close(u / lengths[:, None, None], v, rtol=1e-3, atol=1e-4)


def test_the_tutorials_networks(without_values):
    """1024-512-256-10, and 5x5 convolutions to 32 and 64 channels of 5x5 positions."""
    assert matrices(Perceptron()) == [(512, 1024), (256, 512), (10, 256)]
    assert count(Perceptron()) == 657_920
    assert count(StridedCNN()) == 25 * 32 + 25 * 32 * 64 + 16_000
    assert StridedCNN().classify.in_features == 1600
    assert matrices(Perceptron(width=0.25))[1] == (64, 128)
    assert isinstance(Perceptron(), Network)
    with pytest.raises(InputError, match="too small for 2 convolutions"):
        StridedCNN(size=10)


@pytest.mark.parametrize("architecture", [Perceptron, StridedCNN])
@pytest.mark.parametrize("channels", [1, 3])
def test_the_tutorials_networks_see_gray(architecture, channels):
    """Colours of one luma look alike; without biases logits are homogeneous in that luma."""
    torch.manual_seed(0)
    net = architecture(channels, 4, size=16)
    x = torch.rand(5, channels, 16, 16)
    assert net(x).shape == (5, 4)
    if channels == 3:
        move = torch.zeros(5, 3, 16, 16)
        move[:, 0], move[:, 1] = 0.229 / 0.2989, -0.224 / 0.587
        torch.testing.assert_close(net(x + move), net(x), rtol=1e-4, atol=1e-5)
    with pytest.raises(InputError, match="takes 16 x 16"):
        net(x[..., :12])


def test_standard_luma_is_normalisation_then_luma():
    x = torch.rand(2, 3, 4, 4)
    mean, deviation = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)
    planes = [(x[:, c] - mean[c]) / deviation[c] for c in range(3)]
    expected = 0.2989 * planes[0] + 0.587 * planes[1] + 0.114 * planes[2]
    torch.testing.assert_close(standard_luma(x)[:, 0], expected)


def test_norms_after_the_non_linearity(without_values):
    """ResNet-18 on ImageNet: no bias, no norm in shortcuts, so matrices only."""
    words = {"norm": "after", "bias_free": True}
    net = ResNet(classes=1000, stem="imagenet", **words)
    assert count(net) == 11_689_512 - 2 * 4800 - 1000
    assert len([m for m in net.modules() if isinstance(m, nn.BatchNorm2d)]) == 17
    half = ResNet(width=0.5, blocks=(1, 1), widths=(8, 16), **words)
    assert half.stem[0].weight.shape[0] == 4
    with pytest.raises(InputError, match="before or after"):
        ResNet(norm="between")


def test_what_blocks_return_is_standardised_where_norms_come_last():
    torch.manual_seed(0)
    net = ResNet(blocks=(1, 2), widths=(6, 8), norm="after")
    x = net.stem(torch.rand(40, 3, 8, 8) - 0.5)
    for stage in net.stages:
        x = stage(x)
    torch.testing.assert_close(x.mean((0, 2, 3)), torch.zeros(8), rtol=0, atol=1e-4)
    torch.testing.assert_close(x.var((0, 2, 3)), torch.ones(8), rtol=0, atol=0.05)
    block = net.stages[1][0].eval()
    y = torch.randn(2, 6, 8, 8)
    inner = block.norm1(block.first(y).relu())
    expected = block.norm2((block.second(inner) + block.shortcut(y)).relu())
    torch.testing.assert_close(block(y), expected)
