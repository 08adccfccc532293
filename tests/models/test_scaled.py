"""Denoisers that are told the noise level: gains in closed form, and what they see."""

import pytest
import torch
from torch import nn

import scorelet as sl
from scorelet.core.errors import InputError
from scorelet.core.random import generator
from scorelet.models.scaled import ScaledDenoiser, Scales
from scorelet.networks import BFCNN, BiasFreeBatchNorm

SCALES = Scales(0.5, 0.1, 0.4, 0.2)


class Share(nn.Module):
    """Takes a share of the last channels, of so many, for noise."""

    def __init__(self, share, channels):
        super().__init__()
        self.share, self.channels = share, channels

    def forward(self, shown):
        return self.share * shown[:, -self.channels :]


def images(channels=1):
    return torch.rand(3, channels, 6, 8, generator=generator(1), dtype=torch.float64)


def test_the_gain_is_that_of_the_level():
    """With n = (1 - c) u: m + c min(1, b s/σ) (y - m), whatever the pixels are."""
    y, sigma = images(), torch.tensor([0.0, 0.3, 1.2], dtype=torch.float64)
    found = ScaledDenoiser(Share(0.25, 1), SCALES, channels=1)(y, sigma)
    gain = torch.tensor([1.0, 1.0, 0.25], dtype=torch.float64)[:, None, None, None]
    torch.testing.assert_close(found, 0.5 + 0.75 * gain * (y - 0.5))


@pytest.mark.parametrize("told", [0, 1])
def test_it_sees_exactly_as_far_as_its_network(told):
    torch.manual_seed(0)
    network = BFCNN(3 + told, width=6, depth=5, spacing=4, outputs=3).double().eval()
    for layer in network.modules():
        if isinstance(layer, BiasFreeBatchNorm):
            layer.gain.data.fill_(1.0)  # those of the start are nearly silent
    f = ScaledDenoiser(network, SCALES, channels=3, cond_channels=told)
    low = images() if told else None
    y = images(3)
    moved = y.clone()
    moved[:, :, 0, 0] += 1
    changed = (f(moved, 2.0, cond=low) != f(y, 2.0, cond=low)).any(1).any(0).nonzero()
    assert network.receptive_radius == f.locality.receptive_radius == 2
    assert changed.max() == 2


def test_a_network_that_is_shown_the_level_sees_the_time_of_the_process():
    """200 t with e^-2t = 1/(1 + σ²/s²), the share of the image in unit variance; then u."""
    y, sigma = images(), torch.tensor([0.0, 0.1, 3.0], dtype=torch.float64)

    class Time(nn.Module):
        def forward(self, shown):
            assert shown.shape[1] == 2
            return shown[:, :1]

    f = ScaledDenoiser(Time(), SCALES, channels=1, shows_level=True)
    gain = (3 * 0.1 / sigma.clamp_min(1e-9)).clamp_max(1)[:, None, None, None]
    time = (gain * (y - 0.5) - (f(y, sigma) - 0.5)) / 0.1
    share = torch.exp(-2 * time[:, 0, 0, 0] / 200)
    torch.testing.assert_close(share, 1 / (1 + (sigma / 0.1) ** 2), rtol=1e-9, atol=0)


class Told(nn.Module):
    """Answers with what it is told."""

    def forward(self, shown):
        return shown[:, :1].expand(-1, 3, -1, -1)


def test_what_is_told_has_both_signs():
    """f = m + s (u - (a - m_a)/s_a)."""
    f = ScaledDenoiser(Told(), SCALES, channels=3, cond_channels=1)
    y, low = images(3), images()
    torch.testing.assert_close(f(y, 0.1, cond=low), y - 0.1 * (low - 0.4) / 0.2)


def test_a_file_is_the_same_denoiser(tmp_path):
    network = BFCNN(4, width=6, depth=3, outputs=3)
    f = ScaledDenoiser(network, SCALES, channels=3, bound=2.0, cond_channels=1).eval()
    sl.save(f, tmp_path / "f.safetensors")
    again = sl.load(tmp_path / "f.safetensors")
    y, low = images(3).float(), images().float()
    assert torch.equal(again(y, 0.7, cond=low), f(y, 0.7, cond=low))


def test_what_does_not_fit():
    with pytest.raises(InputError, match="must be positive"):
        ScaledDenoiser(Share(0.5, 1), SCALES, channels=1, bound=0.0)
    with pytest.raises(InputError, match="must be positive"):
        ScaledDenoiser(Share(0.5, 1), SCALES._replace(deviation=0.0), channels=1)
    for name in SCALES._fields:
        with pytest.raises(InputError, match="all of it finite"):
            ScaledDenoiser(Share(0.5, 1), SCALES._replace(**{name: float("inf")}), channels=1)
    with pytest.raises(InputError, match="have 4 together"):
        ScaledDenoiser(BFCNN(3), SCALES, channels=3, cond_channels=1)
    f = ScaledDenoiser(Share(0.5, 3), SCALES, channels=3, cond_channels=1)
    with pytest.raises(InputError, match="expected 1 channels of 6x8"):
        f(images(3), 0.1, cond=images(2))
    with pytest.raises(InputError, match="needs the noise level"):
        f(images(3), cond=images())
