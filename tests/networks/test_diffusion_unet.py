"""The U-Net of diffusion models: weights of published sizes, what is silent, what is told."""

import pytest
import torch
from torch import nn

from scorelet.core.errors import InputError
from scorelet.core.random import generator
from scorelet.networks import DiffusionUNet
from scorelet.zoo import build_network

SMALL = {"channels": 3, "outputs": 2, "width": 32, "multipliers": [1, 2], "blocks": 1}


@pytest.mark.parametrize(
    ("side", "channels", "multipliers", "millions"),
    [
        (128, 3, (1, 2, 2, 4, 4), 160.3),
        (64, 12, (2, 2, 4, 4), 156.3),
        (32, 12, (4, 4), 120.6),
        (32, 12, (2, 4, 4), 142.1),
        (32, 3, (1, 2, 2, 2), 52.5),
        (64, 3, (2, 2, 4, 4), 156.3),
    ],
)
def test_weights_are_as_many_as_in_the_published_code(side, channels, multipliers, millions):
    """Counted in the code of the paper, attention at 16 and 8 pixels; 3 or 9 channels come out."""
    attention = [k for k in range(len(multipliers)) if side >> k in (16, 8)]
    with torch.device("meta"):
        network = DiffusionUNet(
            channels + 1,
            outputs=min(channels, 9),
            multipliers=multipliers,
            attention=attention,
        )
    assert round(sum(p.numel() for p in network.parameters()) / 1e6, 1) == millions


def images(level=0.0):
    x = torch.rand(2, 3, 8, 8, generator=generator(0))
    x[:, 0] = level
    return x


def spoken(**options):
    """A network none of whose layers is silent any more."""
    torch.manual_seed(0)
    network = DiffusionUNet(**SMALL | options).eval()
    for layer in network.modules():
        if isinstance(layer, nn.Conv2d) and not layer.weight.any():
            nn.init.kaiming_normal_(layer.weight)
    return network


def test_it_begins_at_zero_and_its_blocks_at_their_inputs():
    torch.manual_seed(0)
    network = DiffusionUNet(**SMALL, attention=[0]).eval()
    assert not network(images()).any()
    (block, attention) = network.down[0].parts
    x = torch.rand(1, 32, 4, 4, generator=generator(1))
    assert torch.equal(block(x, torch.zeros(1, 128)), x)
    assert torch.equal(attention(x), x)


def test_it_is_told_the_level():
    network = spoken()
    assert (network(images(0.0)) - network(images(300.0))).abs().max() > 1e-3
    torch.testing.assert_close(network(images(5.0))[:1], network(images(5.0)[:1]))


def test_levels_are_written_in_cosines_and_sines():
    """At 16 frequencies from 1 on, each 10000^(1/16) times as small as the one before."""
    network, told = spoken(), []
    network.level.register_forward_hook(lambda _layers, inputs, _output: told.append(inputs[0]))
    network(images(3.0))
    phases = 3.0 * 10_000.0 ** (-torch.arange(16) / 16)
    expected = torch.cat([phases.cos(), phases.sin()]).expand(2, -1)
    torch.testing.assert_close(told[0], expected, check_dtype=False)


def test_blocks_take_a_scale_and_a_shift_from_the_level():
    (block,) = spoken().down[0].parts
    linear = block.told[-1]
    linear.weight.data.zero_()
    linear.bias.data[:32], linear.bias.data[32:] = 0.5, -0.25
    x = torch.rand(1, 32, 4, 4, generator=generator(1))
    expected = x + block.leave(1.5 * block.norm(block.enter(x)) - 0.25)
    torch.testing.assert_close(block(x, torch.ones(1, 128)), expected)


def test_attention_is_torch_s_of_heads():
    """As `nn.MultiheadAttention` with the same weights, on the places of one image."""
    (_, attention) = spoken(attention=[0]).down[0].parts
    x = torch.rand(2, 32, 4, 4, generator=generator(1))
    plain = nn.MultiheadAttention(32, 4, batch_first=True)
    plain.in_proj_weight.data = attention.enter.weight.data[..., 0, 0]
    plain.in_proj_bias.data = attention.enter.bias.data
    plain.out_proj.weight.data = attention.leave.weight.data[..., 0, 0]
    plain.out_proj.bias.data = attention.leave.bias.data
    places = attention.norm(x).flatten(2).mT
    expected, _ = plain(places, places, places)
    torch.testing.assert_close(attention(x), x + expected.mT.reshape(x.shape), rtol=1e-4, atol=1e-5)


def test_its_options_build_it_again():
    network = spoken(attention=[1])
    again = build_network("DiffusionUNet", network.options).eval()
    again.load_state_dict(network.state_dict())
    assert torch.equal(again(images(2.0)), network(images(2.0)))
    assert network.multiple == 2


def test_what_is_no_such_network():
    for options, sentence in (
        ({"channels": 1}, "channels is 1: expected a whole number of at least 2"),
        ({"width": 48}, "width is 48: expected a multiple of 32"),
        ({"width": 0}, "width is 0: expected a multiple of 32"),
        ({"multipliers": []}, "multipliers is empty"),
        ({"blocks": 0}, "blocks is 0: expected a whole number of at least 1"),
        ({"heads": 3}, "heads is 3: expected a divisor of 64 channels"),
        ({"heads": 64, "attention": [0]}, "heads is 64: expected a divisor of 32 channels"),
    ):
        with pytest.raises(InputError, match=sentence):
            build_network("DiffusionUNet", SMALL | options)


@pytest.mark.parametrize("attention", [[], [0]])
def test_the_layout_of_the_maps_changes_nothing(attention):
    """Norms are computed place by place, whatever lies together: results, slopes and layouts."""
    network = spoken(attention=attention)
    x = images(3.0).requires_grad_()
    together = x.detach().contiguous(memory_format=torch.channels_last).requires_grad_()
    for given in (x, together):
        network(given).square().sum().backward()
    torch.testing.assert_close(network(together), network(x), rtol=1e-4, atol=1e-4)
    torch.testing.assert_close(together.grad, x.grad, rtol=1e-3, atol=1e-3)


def test_a_norm_keeps_the_layout_and_is_torchs():
    norm = next(m for m in DiffusionUNet(**SMALL).modules() if isinstance(m, nn.GroupNorm))
    plain = nn.GroupNorm(32, norm.num_channels).double()
    x = torch.randn(2, norm.num_channels, 5, 6, generator=generator(2), dtype=torch.float64)
    last = x.contiguous(memory_format=torch.channels_last)
    found = norm.double()(last)
    assert found.is_contiguous(memory_format=torch.channels_last)
    torch.testing.assert_close(found, plain(x), rtol=1e-12, atol=1e-12)
