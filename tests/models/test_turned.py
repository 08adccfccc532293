"""The mean over the symmetries of the square: what an average over a group must do."""

import pytest
import torch

from laws.denoiser_laws import assert_close
from scorelet.core.random import generator, randn
from scorelet.models import StationaryGaussianDenoiser, TurnedDenoiser
from scorelet.models.denoiser import Denoiser, Locality
from scorelet.models.turned import TURNS, turned, turned_back

DOUBLE = torch.zeros((), dtype=torch.float64)


class Linear(Denoiser):
    """A y of images of 5x5 pixels, with any matrix A: no symmetry at all."""

    blind = True

    def __init__(self, seed=0):
        super().__init__()
        self.matrix = randn((25, 25), rng=generator(seed), like=DOUBLE)

    def _denoise(self, y, sigma, cond, label):
        return (y.flatten(2) @ self.matrix.T).reshape(y.shape)


class Told(Denoiser):
    """y - s c: needs the level and a condition."""

    needs_cond = True

    def _denoise(self, y, sigma, cond, label):
        return y - sigma[:, None, None, None] * cond


class OnGrid(Denoiser):
    """Weighs pixels by their place in blocks of 4x4 and does not see others."""

    blind = True
    locality = Locality(0, 4)

    def _denoise(self, y, sigma, cond, label):
        weights = image(4, 4, seed=9).repeat(9, 9)
        return y * weights[: y.shape[-2], : y.shape[-1]]


def image(*shape, seed=0):
    return randn(shape, rng=generator(seed), like=DOUBLE)


def test_turns_are_the_eight_symmetries_and_have_inverses():
    y = image(1, 1, 4, 4)
    every = [turned(y, k) for k in range(TURNS)]
    for k, one in enumerate(every):
        assert torch.equal(turned_back(one, k), y)
        assert not any(torch.equal(one, other) for other in every[:k])
    assert any(torch.equal(one, y.mT) for one in every)


@pytest.mark.parametrize("k", range(TURNS))
def test_it_commutes_with_every_turn(k):
    y, f = image(2, 3, 5, 5, seed=1), TurnedDenoiser(Linear())
    assert_close(f(turned(y, k)), turned(f(y), k), 1e-13)


def test_its_error_is_the_mean_error_less_the_variance_of_the_answers():
    y, x, f = image(1, 1, 5, 5, seed=2), image(1, 1, 5, 5, seed=3), Linear()
    answers = torch.stack([turned_back(f(turned(y, k)), k) for k in range(TURNS)])
    spread = answers.var(0, unbiased=False).mean()
    assert_close(
        (TurnedDenoiser(f)(y) - x).square().mean(),
        (answers - x).square().mean() - spread,
        1e-12,
    )


def test_a_symmetric_denoiser_stays_as_it_is():
    """The Wiener filter of a spectrum that all turns keep."""
    k = torch.fft.fftfreq(8, dtype=torch.float64)
    power = 1 / (0.1 + k[:, None] ** 2 + k[None] ** 2)
    wiener = StationaryGaussianDenoiser(power)
    y = image(2, 1, 8, 8, seed=4)
    assert_close(TurnedDenoiser(wiener)(y, 0.7), wiener(y, 0.7), 1e-13)


def test_levels_and_conditions_go_with_the_images():
    y, told = image(2, 1, 4, 6, seed=5), image(2, 1, 4, 6, seed=6)
    levels = torch.tensor([0.1, 0.7], dtype=torch.float64)
    assert_close(TurnedDenoiser(Told())(y, levels, cond=told), Told()(y, levels, cond=told), 1e-14)


def test_a_part_that_keeps_to_the_grid_is_as_in_the_whole():
    """The sides of the whole are no multiples of it, so that a turn would move it."""
    y, f = image(1, 1, 15, 17, seed=7), TurnedDenoiser(OnGrid())
    whole = f(y)
    assert_close(f(y[..., 4:12, :8]), whole[..., 4:12, :8], 1e-14)
    assert_close(f(y[..., 12:, 8:]), whole[..., 12:, 8:], 1e-14)


def test_images_of_one_size_that_is_not_square_are_not_laid_on_their_side():
    rows, columns = (torch.fft.fftfreq(n, dtype=torch.float64)[:, None] for n in (4, 6))
    f = StationaryGaussianDenoiser(1 / (0.1 + rows.square() + 2 * columns.mT.square()))
    y = image(2, 1, 4, 6, seed=8)
    assert_close(TurnedDenoiser(f)(y, 0.7), f(y, 0.7), 1e-13)
