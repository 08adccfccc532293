"""Denoisers around a mean: gains in closed form, sizes and channels that do not fit."""

import pytest
import torch
from torch import nn

from scorelet.core.errors import InputError
from scorelet.core.random import generator, randn
from scorelet.models.bounded import CentredDenoiser, ConditionalBoundedDenoiser
from scorelet.models.bounded_kernel import shown_bounded
from scorelet.networks import BFCNN

SHAPE = (1, 1, 6, 8)
BOUND = 0.2


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
    """With n = (1 - c) u the estimate is m + c g (y - m), and g = min(1, b/s) of each image."""
    m, rng = mean(), generator(2)
    y = m + max(sigma, 0.05) * randn((3, *SHAPE[1:]), rng=rng).double()
    s = (y - m).square().mean((1, 2, 3)).sqrt()
    gain = (BOUND / s).clamp(max=1)
    assert bool((gain == 1).all()) == weak
    found = CentredDenoiser(Part(0.25), m, BOUND)(y)
    expected = m + 0.75 * gain[:, None, None, None] * (y - m)
    assert torch.allclose(found, expected, rtol=1e-12)


def test_the_mean_itself_stays():
    assert torch.equal(CentredDenoiser(Part(0.5), mean(), BOUND)(mean()), mean())


def test_the_centre_is_the_mean():
    assert torch.equal(CentredDenoiser(Part(0.5), mean(), BOUND).centre, mean())


def told(share, window):
    return ConditionalBoundedDenoiser(
        Last(share), BOUND, channels=3, cond_channels=1, window=window
    )


class Last(nn.Module):
    """Takes a share of the last three channels for noise."""

    def __init__(self, share):
        super().__init__()
        self.share = share

    def forward(self, shown):
        return self.share * shown[:, -3:]


@pytest.mark.parametrize("derivatives", [False, True])
@pytest.mark.parametrize("sigma", [0.05, 1.0])
def test_details_are_bounded_by_the_mean_square_around_each_pixel(sigma, derivatives):
    """Also at the edges, where the mean is over the part of the window that is there.

    Without derivatives it is the compiled kernel that is asked, and with them torch.
    """
    y = sigma * randn((2, 3, 7, 6), rng=generator(4)).double()
    low = torch.rand(2, 1, 7, 6, generator=generator(5), dtype=torch.float64)
    found = told(0.25, 2)(y.requires_grad_(derivatives), cond=low)
    assert found.requires_grad == derivatives
    for row, column in ((0, 0), (0, 3), (3, 2), (5, 0), (6, 5)):
        near = y[:, :, max(row - 2, 0) : row + 3, max(column - 2, 0) : column + 3]
        gain = (BOUND / near.square().mean((1, 2, 3)).sqrt()).clamp(max=1)
        expected = 0.75 * gain[:, None] * y[:, :, row, column]
        assert torch.allclose(found[:, :, row, column], expected, rtol=1e-12)


@pytest.mark.parametrize("window", [0, 4])
def test_what_is_told_stands_before_the_details(window):
    """Windows of one pixel, and windows that are larger than the image."""
    y, low = (randn((2, c, 3, 5), rng=generator(c)) for c in (3, 2))
    square = y.square().mean(1, keepdim=True)
    square = square if window == 0 else square.mean((2, 3), keepdim=True)
    shown = shown_bounded(low, y, BOUND, window)
    assert torch.equal(shown[:, :2], low)
    torch.testing.assert_close(shown[:, 2:], y * (BOUND / square.sqrt()).clamp(max=1))


def test_a_pixel_depends_on_its_neighbourhood_only():
    network = BFCNN(4, width=6, depth=4, outputs=3).eval()
    denoiser = ConditionalBoundedDenoiser(network, BOUND, channels=3, cond_channels=1, window=2)
    radius = denoiser.locality.receptive_radius
    assert radius == network.receptive_radius + 2
    y, low = (randn((1, c, 21, 21), rng=generator(c)) for c in (3, 1))
    with torch.no_grad():
        before = denoiser(y, cond=low)
        y[..., 10 + radius + 1], low[..., 10 + radius + 1] = 5.0, -5.0
        after = denoiser(y, cond=low)
    assert torch.equal(before[..., : 10 + 1], after[..., : 10 + 1])
    assert not torch.equal(before[..., 11], after[..., 11])


def test_a_low_band_of_another_size_is_refused():
    with pytest.raises(InputError, match="1 channels of 8x8"):
        told(0.5, 1)(torch.zeros(1, 3, 8, 8), cond=torch.zeros(1, 1, 4, 4))


def test_other_sizes_are_refused():
    denoiser = CentredDenoiser(Part(0.5), mean(), BOUND)
    with pytest.raises(InputError, match=r"\(1, 8, 8\).*\(1, 6, 8\) only"):
        denoiser(torch.zeros(1, 1, 8, 8))


@pytest.mark.parametrize(
    ("network", "m", "bound", "reason"),
    [
        (Part(0), torch.zeros(1, 6, 8), BOUND, "expected .1, channel"),
        (Part(0), torch.zeros(SHAPE), 0.0, "must be positive"),
        (BFCNN(1, width=4, depth=3), torch.zeros(SHAPE), BOUND, "2 together"),
    ],
)
def test_parts_that_do_not_fit_are_refused(network, m, bound, reason):
    with pytest.raises(InputError, match=reason):
        CentredDenoiser(network, m, bound)


def test_inference_first_leaves_training_possible():
    """Nothing that is made under inference_mode may be kept for gradients of later calls."""
    y, low = (randn((1, c, 9, 7), rng=generator(c)) for c in (3, 1))
    with torch.inference_mode():
        before = told(0.5, 2)(y, cond=low)
    y.requires_grad_()
    after = told(0.5, 2)(y, cond=low)
    after.square().sum().backward()
    torch.testing.assert_close(before, after.detach())
    assert bool(y.grad.abs().sum() > 0)
