"""Std and P: complex arithmetic in real channels, moments, norms."""

import math

import pytest
import torch

from scorelet.core.random import generator, randn
from scorelet.networks.channel_matrix import ChannelMatrix, Group, normalized

GROUPS = [Group(3, True), Group(4, False)]


def features(batch: int = 8) -> list[torch.Tensor]:
    z = randn((batch, 3, 2, 5, 6), rng=generator(1)) * 2 + 1
    return [z, randn((batch, 4, 5, 6), rng=generator(2)).abs() * 3]


def as_complex(z: torch.Tensor) -> torch.Tensor:
    return torch.complex(*z.unbind(2)) if z.ndim == 5 else z.to(torch.complex64)


@pytest.mark.parametrize("training", [True, False])
def test_it_is_the_complex_operator_on_standardised_channels(training):
    """E9 and E12, by complex arithmetic."""
    torch.manual_seed(0)
    layer = ChannelMatrix(GROUPS, 5).train(training)
    if not training:
        torch.nn.init.uniform_(layer.running_mean)
        torch.nn.init.uniform_(layer.running_power, 1, 2)
        layer.running_mean[3:, 1] = 0
    got = as_complex(layer(*features()))
    z = torch.cat([as_complex(x) for x in features()], 1)
    mean, power = z.mean((0, 2, 3)), None
    if training:
        power = (z - mean[:, None, None]).abs().square().mean((0, 2, 3))
    else:
        mean, power = torch.view_as_complex(layer.running_mean), layer.running_power
    standard = (z - mean[:, None, None]) / (power[:, None, None] + 1e-5).sqrt()
    weight = torch.view_as_complex(layer.weight)
    assert torch.allclose(got, torch.einsum("kc,bchw->bkhw", weight, standard), atol=1e-5)
    if training:
        assert standard.mean((0, 2, 3)).abs().max() < 1e-4
        assert torch.allclose(standard.abs().square().mean((0, 2, 3)), torch.ones(7), atol=1e-4)


def test_running_moments_follow_the_batch_without_bias():
    layer = ChannelMatrix(GROUPS, 5)
    z = torch.cat([as_complex(x) for x in features()], 1)
    layer(*features())
    power = (z - z.mean((0, 2, 3), keepdim=True)).abs().square().sum((0, 2, 3)) / (8 * 30 - 1)
    assert torch.allclose(layer.running_power, 0.9 + 0.1 * power, rtol=1e-5)
    assert torch.allclose(torch.view_as_complex(layer.running_mean), 0.1 * z.mean((0, 2, 3)))


@pytest.mark.parametrize("field", ["real", "complex"])
def test_rows_start_orthonormal(field):
    """E14."""
    weight = ChannelMatrix(GROUPS, 5, field=field).weight
    matrix = torch.view_as_complex(weight) if field == "complex" else weight
    gram = matrix @ matrix.mH
    assert torch.allclose(gram, torch.eye(5, dtype=gram.dtype), atol=1e-5)


def test_a_real_operator_on_real_channels_stays_real():
    layer = ChannelMatrix([Group(4, False)], 2, field="real")
    assert layer(features()[1]).shape == (8, 2, 5, 6)
    mixed = ChannelMatrix(GROUPS, 2, field="real")
    x = features()
    turned = [torch.stack([-x[0][:, :, 1], x[0][:, :, 0]], 2), torch.zeros_like(x[1])]
    x[1] = torch.zeros_like(x[1])
    assert torch.allclose(as_complex(mixed(*turned)), 1j * as_complex(mixed(*x)), atol=1e-5)


def test_a_common_phase_and_scale_of_the_batch_pass():
    """E12, E13: rotated in, rotated out; scaled in, unchanged."""
    layer, x = ChannelMatrix([Group(3, True)], 4), features()[0]
    c, s = math.cos(0.4), math.sin(0.4)
    turned = torch.stack([c * x[:, :, 0] - s * x[:, :, 1], s * x[:, :, 0] + c * x[:, :, 1]], 2)
    expected = as_complex(layer(x))
    assert torch.allclose(as_complex(layer(turned)), (c + 1j * s) * expected, atol=1e-4)
    assert torch.allclose(as_complex(layer(10 * x)), expected, atol=1e-4)


def test_a_fixed_operator_has_no_parameters():
    assert not list(ChannelMatrix(GROUPS, 5, learned=False).parameters())


def test_the_norm_takes_any_scale_out_and_lets_a_phase_pass():
    """E13: N(r u) = N(u) for any r > 0 at each pixel, N(e^{it} u) = e^{it} N(u)."""
    u = 30 * features()[0]  # far above the ε of N
    scale = torch.rand(8, 1, 1, 5, 6, generator=generator(5)) + 0.5
    expected = normalized(u, pairs=True)
    assert torch.allclose(normalized(scale * u, pairs=True), expected, atol=1e-4)
    turn = complex(math.cos(0.7), math.sin(0.7))
    turned = torch.view_as_real(turn * as_complex(u)).movedim(-1, 2)
    assert torch.allclose(as_complex(normalized(turned, pairs=True)), turn * as_complex(expected))


def test_norms_are_one_and_nothing_at_zero():
    u = features()[0]
    assert torch.allclose(normalized(u, pairs=True).square().sum((1, 2)), torch.tensor(1.0))
    zero = torch.zeros(1, 3, 2, 2, requires_grad=True)
    normalized(zero, pairs=False).sum().backward()
    assert zero.grad.isfinite().all()
