"""Denoisers around a mean: gains in closed form, sizes and channels that do not fit."""

import math

import pytest
import torch
from torch import nn

from scorelet.core.errors import InputError
from scorelet.core.random import generator, randn
from scorelet.models.centred import CentredDenoiser
from scorelet.networks import BFCNN

SHAPE = (1, 1, 6, 8)
VARIANCE = 0.04


class Part(nn.Module):
    """Takes a share of what the network is shown of the image for noise."""

    def __init__(self, share):
        super().__init__()
        self.share = share

    def forward(self, shown):
        return self.share * shown[:, 1:]


def mean():
    return torch.rand(SHAPE, generator=generator(1), dtype=torch.float64)


@pytest.mark.parametrize(("sigma", "weak"), [(0.0, True), (0.1, True), (2.0, False)])
def test_what_is_shown_is_never_larger_than_the_data(sigma, weak):
    """With n = (1 - c) u the estimate is m + c g (y - m), and g = min(1, √v/s) of each image."""
    m, rng = mean(), generator(2)
    y = m + max(sigma, 0.05) * randn((3, *SHAPE[1:]), rng=rng).double()
    s = (y - m).square().mean((1, 2, 3)).sqrt()
    gain = (math.sqrt(VARIANCE) / s).clamp(max=1)
    assert bool((gain == 1).all()) == weak
    found = CentredDenoiser(Part(0.25), m, VARIANCE)(y)
    expected = m + 0.75 * gain[:, None, None, None] * (y - m)
    assert torch.allclose(found, expected, rtol=1e-12)


def test_the_mean_itself_stays():
    assert torch.equal(CentredDenoiser(Part(0.5), mean(), VARIANCE)(mean()), mean())


def test_the_centre_is_the_mean():
    assert torch.equal(CentredDenoiser(Part(0.5), mean(), VARIANCE).centre, mean())


def test_other_sizes_are_refused():
    denoiser = CentredDenoiser(Part(0.5), mean(), VARIANCE)
    with pytest.raises(InputError, match=r"\(1, 8, 8\).*\(1, 6, 8\) only"):
        denoiser(torch.zeros(1, 1, 8, 8))


@pytest.mark.parametrize(
    ("network", "m", "variance", "reason"),
    [
        (Part(0), torch.zeros(1, 6, 8), VARIANCE, "expected .1, channel"),
        (Part(0), torch.zeros(SHAPE), 0.0, "must be positive"),
        (BFCNN(1, width=4, depth=3), torch.zeros(SHAPE), VARIANCE, "2 together"),
    ],
)
def test_parts_that_do_not_fit_are_refused(network, m, variance, reason):
    with pytest.raises(InputError, match=reason):
        CentredDenoiser(network, m, variance)
