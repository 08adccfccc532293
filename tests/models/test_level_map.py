"""Denoisers that see the noise level as one more channel."""

import pytest
import torch
from torch import nn

from laws.denoiser_laws import assert_close
from scorelet.core.errors import InputError
from scorelet.core.random import generator, randn
from scorelet.models import LevelMapDenoiser
from scorelet.networks import ShuffleUNet
from scorelet.zoo import load, save

DOUBLE = torch.zeros((), dtype=torch.float64)


class Parts(nn.Module):
    """Half of the colours and twice the level."""

    def forward(self, x):
        return x[:, :-1] / 2 + 2 * x[:, -1:]


def image(*shape):
    return randn(shape, rng=generator(0), like=DOUBLE)


def network():
    torch.manual_seed(0)
    made = ShuffleUNet(4, outputs=3, widths=[8, 8], encoder=[1, 1], decoder=[1], expansion=[2, 2])
    with torch.no_grad():
        made.tail.weight.mul_(10)
    return made


def test_the_level_is_the_last_channel_of_each_image():
    y = image(2, 3, 6, 5)
    level = torch.tensor([0.1, 0.3], dtype=torch.float64)
    found = LevelMapDenoiser(Parts(), channels=3)(y, level)
    assert_close(found, y / 2 - 2 * level[:, None, None, None], 1e-14)
    assert torch.equal(LevelMapDenoiser(Parts(), channels=3)(y, 0.0), y)


def test_a_gray_image_is_three_equal_channels():
    y = image(2, 1, 16, 16)
    f = LevelMapDenoiser(network().double(), channels=3)
    expected = f(y.expand(-1, 3, -1, -1), 0.2).mean(1, keepdim=True)
    assert_close(f(y, 0.2), expected, 1e-12)


def test_images_and_levels_in_another_unit():
    """Without biases f(a y, a t) = a f(y, t)."""
    y = image(1, 3, 16, 16)
    f = LevelMapDenoiser(network().double(), channels=3)
    assert_close(f(7 * y, 7 * 0.2), 7 * f(y, 0.2), 1e-12)
    assert float((f(y, 0.4) - f(y, 0.2)).detach().norm()) > 1e-3  # it sees the level


def test_a_file_gives_the_same(tmp_path):
    f = LevelMapDenoiser(network(), channels=3).eval()
    path = tmp_path / "told.safetensors"
    save(f, path)
    back = load(path)
    y = image(1, 3, 20, 18).float()
    assert type(back) is LevelMapDenoiser
    assert torch.equal(back(y, 0.1), f(y, 0.1))


def test_a_network_without_a_channel_for_the_level_is_refused():
    with pytest.raises(InputError, match="4 together"):
        LevelMapDenoiser(ShuffleUNet(3), channels=3)
    with pytest.raises(InputError, match="needs the noise level"):
        LevelMapDenoiser(Parts(), channels=3)(image(1, 3, 4, 4))
