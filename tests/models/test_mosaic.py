"""Denoising of mosaics by gray denoisers."""

import pytest
import torch
import torch.nn.functional as F

from scorelet.core.errors import InputError
from scorelet.core.random import generator, randn
from scorelet.models import Locality, MosaicDenoiser
from scorelet.models.denoiser import Denoiser
from scorelet.models.mosaic import changed, channel_ends, unchanged

ENDS = [(0.0, 1.0), (-1.0, 1.0), (-1.0, 1.0), (-1.0, 1.0)]


class Smooth(Denoiser):
    """Mean over 3x3 pixels; keeps what it was shown."""

    blind = True
    locality = Locality(1, 1)

    def __init__(self):
        super().__init__()
        self.seen = []

    def _denoise(self, y, sigma, cond, label):
        self.seen.append((y, sigma))
        return F.avg_pool2d(F.pad(y, (1, 1, 1, 1), mode="replicate"), 3, 1)


class Same(Smooth):
    """Returns what it is given."""

    def _denoise(self, y, sigma, cond, label):
        return y


@pytest.mark.parametrize("green_first", [False, True])
def test_the_change_of_channels_is_orthogonal(green_first):
    y = randn((2, 1, 6, 8), rng=generator(0))
    channels = changed(y, green_first=green_first)
    torch.testing.assert_close(unchanged(channels, green_first=green_first), y)
    torch.testing.assert_close(sum(c.square().sum() for c in channels), y.square().sum())


@pytest.mark.parametrize("size", [(6, 8), (7, 9), (5, 8), (3, 2)])
@pytest.mark.parametrize("shifts", [1, 2, 4])
@pytest.mark.parametrize("green_first", [False, True])
def test_what_a_denoiser_leaves_alone_stays(size, shifts, green_first):
    y = randn((1, 1, *size), rng=generator(0))
    found = MosaicDenoiser(Same(), green_first=green_first, ends=ENDS, shifts=shifts)(y, 0.1)
    torch.testing.assert_close(found, y)


@pytest.mark.parametrize("green_first", [False, True])
def test_equal_greens_have_no_difference_in_any_shift(green_first):
    y = torch.full((1, 1, 9, 12), 0.5)
    column = int(green_first)
    y[..., 0::2, column::2], y[..., 1::2, 1 - column :: 2] = 0.2, 0.8
    smooth = Smooth()
    found = MosaicDenoiser(smooth, green_first=green_first, ends=ENDS, shifts=4)(y, 0.01)
    torch.testing.assert_close(found, y)
    greens = [plane * 2 - 1.4 for plane, _ in smooth.seen[2::4]]
    assert len(greens) == 4
    for plane in greens:
        torch.testing.assert_close(plane, torch.zeros_like(plane), atol=1e-6, rtol=0)


@pytest.mark.parametrize("green_first", [False, True])
def test_all_shifts_are_shown_values_near_zero_to_one(green_first):
    """Red is far from blue, so their difference changes its sign where they change places."""
    y = torch.full((1, 1, 12, 12), 0.5)
    column = 1 - int(green_first)
    y[..., 0::2, 1 - column :: 2], y[..., 1::2, column::2] = 0.9, 0.1
    y += 0.01 * randn(tuple(y.shape), rng=generator(0))
    smooth = Smooth()
    ends = channel_ends(y, green_first=not green_first)
    MosaicDenoiser(smooth, green_first=not green_first, ends=ends, shifts=4)(y, 0.001)
    for plane, _ in smooth.seen:
        assert -1 < float(plane.min()) < float(plane.max()) < 2


def test_noise_keeps_its_level_and_is_told_in_the_unit_shown():
    y = 0.5 + 0.1 * randn((1, 1, 256, 256), rng=generator(0))
    smooth = Smooth()
    MosaicDenoiser(smooth, green_first=False, ends=channel_ends(y, green_first=False))(y, 0.1)
    for plane, sigma in smooth.seen:
        assert abs(float(plane.std() / sigma) - 1) < 0.03
        assert float(plane.min()) > -0.1


def test_tiles_give_what_the_whole_gives():
    y = randn((1, 1, 64, 64), rng=generator(0))
    denoiser = MosaicDenoiser(Smooth(), green_first=True, ends=ENDS, shifts=4)
    radius = denoiser.locality.receptive_radius
    assert denoiser.locality.multiple == 2
    whole = denoiser(y, 0.1)
    part = denoiser(y[..., 20 - radius : 40 + radius, 10 - radius : 50 + radius], 0.1)
    torch.testing.assert_close(part[..., radius:-radius, radius:-radius], whole[..., 20:40, 10:50])


def test_denoisers_that_cannot_serve_are_refused():
    colour = Smooth()
    colour.channels = (3,)
    with pytest.raises(InputError, match="planes of a mosaic are gray"):
        MosaicDenoiser(colour, green_first=False, ends=ENDS)
    needy = Smooth()
    needy.needs_cond = True
    with pytest.raises(InputError, match="needs a condition"):
        MosaicDenoiser(needy, green_first=False, ends=ENDS)
    for shifts in (0, 5):
        with pytest.raises(InputError, match="between 1 and 4"):
            MosaicDenoiser(Same(), green_first=False, ends=ENDS, shifts=shifts)
