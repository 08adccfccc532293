"""Denoising on phases."""

import pytest
import torch

from scorelet.core.errors import InputError
from scorelet.core.random import generator, randn
from scorelet.models import CorrelatedNoise, Locality, SubsampledDenoiser
from scorelet.models.denoiser import Denoiser


class Row(Denoiser):
    """Mean of a pixel and its right neighbour, mirrored; sees one pixel far."""

    blind = True
    locality = Locality(1, 2)

    def _denoise(self, y, sigma, cond, label):
        return (y + torch.cat([y[..., 1:], y[..., -1:]], -1)) / 2


@pytest.mark.parametrize("size", [(6, 6), (7, 5), (1, 2)])
def test_phases_are_denoised_by_themselves_and_put_back(size):
    y = randn((2, 3, *size), rng=generator(0))
    found = SubsampledDenoiser(Row(), 3)(y)
    for row in range(size[0]):
        for column in range(size[1]):
            right = column + 3 if column + 3 < size[1] else column
            expected = (y[..., row, column] + y[..., row, right]) / 2
            torch.testing.assert_close(found[..., row, column], expected)


def test_step_one_is_the_denoiser_and_sight_grows_with_the_step():
    y = randn((1, 1, 5, 5), rng=generator(0))
    assert torch.equal(SubsampledDenoiser(Row(), 1)(y), Row()(y))
    assert SubsampledDenoiser(Row(), 3).locality == Locality(3, 6)


def test_noise_of_pairs_is_white_on_every_second_pixel():
    law = CorrelatedNoise.filtered(torch.tensor([[1.0, 1.0]]), 0.1, (64, 64))
    n = law.add(torch.zeros(200, 1, 64, 64), rng=generator(1))
    phase = n[..., ::2]
    near = (n[..., 1:] * n[..., :-1]).mean() / 0.01
    far = (phase[..., 1:] * phase[..., :-1]).mean() / 0.01
    assert abs(near - 0.5) < 0.02
    assert abs(far) < 0.02


def test_a_step_of_nothing_is_refused():
    with pytest.raises(InputError, match="at least 1"):
        SubsampledDenoiser(Row(), 0)
