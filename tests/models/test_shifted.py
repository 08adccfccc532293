"""The mean over shifts: what an average over places of a grid must do."""

import pytest
import torch

from laws.denoiser_laws import assert_close
from models.test_multiscale_denoiser import gaussian_model, mean_square_error, power_law
from scorelet.core.copying import copied
from scorelet.core.random import generator, randn
from scorelet.models import ShiftedDenoiser, StationaryGaussianDenoiser, TurnedDenoiser
from scorelet.models.denoiser import Denoiser, Locality
from scorelet.models.multiscale_denoiser import MultiscaleDenoiser
from scorelet.models.own_mean import mean_of_own_answers
from scorelet.models.shifted import SHIFTS, moved

DOUBLE = torch.zeros((), dtype=torch.float64)


class Blocks(Denoiser):
    """Means of blocks of 2x2 pixels, in the place of each of their pixels."""

    blind = True
    locality = Locality(1, 2)

    def _denoise(self, y, sigma, cond, label):
        means = y.unflatten(-2, (-1, 2)).unflatten(-1, (-1, 2)).mean((-3, -1))
        return means.repeat_interleave(2, -2).repeat_interleave(2, -1)


class Told(Denoiser):
    """y - s c l: needs the level and a condition, and knows labels."""

    needs_cond = True
    labels = 3

    def _denoise(self, y, sigma, cond, label):
        return y - (sigma * label)[:, None, None, None] * cond


def image(*shape, seed=0):
    return randn(shape, rng=generator(seed), like=DOUBLE)


def test_an_image_that_is_moved_begins_with_its_mirror_image():
    y = torch.arange(12.0).reshape(1, 1, 3, 4)
    assert moved(y, 0, 0).tolist() == y.tolist()
    assert moved(y, 1, 1)[0, 0].tolist() == [[0, 0, 1, 2], [0, 0, 1, 2], [4, 4, 5, 6]]


def test_means_of_blocks_become_a_binomial_filter():
    """Over the four places of blocks the mean is that of [1, 2, 1]/4, along both axes."""
    y = image(2, 3, 8, 10, seed=1)
    weights = torch.tensor([1.0, 2, 1], dtype=torch.float64) / 4
    kernel = (weights[:, None] * weights)[None, None].repeat(3, 1, 1, 1)
    expected = torch.nn.functional.conv2d(y, kernel, groups=3)
    assert_close(ShiftedDenoiser(Blocks())(y)[..., 1:-1, 1:-1], expected, 1e-14)


def test_every_place_has_the_mean_of_the_answers_that_it_has():
    """Of the last row those of shifts to the right alone, of the last pixel the first only."""
    y, f = image(1, 1, 6, 8, seed=2), Blocks()
    answers = {(down, right): f(moved(y, down, right)) for down, right in SHIFTS}
    found = ShiftedDenoiser(f)(y)
    row = (answers[0, 0][..., -1, :-1] + answers[0, 1][..., -1, 1:]) / 2
    assert_close(found[..., -1, :-1], row, 1e-14)
    assert_close(found[..., -1, -1], answers[0, 0][..., -1, -1], 1e-14)


def test_its_error_is_the_mean_error_less_the_variance_of_the_answers():
    y, x, f = image(1, 1, 6, 6, seed=3), image(1, 1, 6, 6, seed=4), Blocks()
    inside = (..., slice(0, 5), slice(0, 5))
    answers = torch.stack([f(moved(y, a, b))[..., a : a + 5, b : b + 5] for a, b in SHIFTS])
    errors = (answers - x[inside]).square().mean()
    spread = answers.var(0, unbiased=False).mean()
    assert_close((ShiftedDenoiser(f)(y) - x)[inside].square().mean(), errors - spread, 1e-13)


@pytest.mark.parametrize("sigma", [0.3, 1.0])
def test_a_cascade_of_exact_factors_comes_nearer_to_the_best_filter(sigma):
    """Mean square errors of linear denoisers of Gaussian fields of |k|^-3, exactly."""
    spectrum = power_law(16, 3)
    plug_in = MultiscaleDenoiser(gaussian_model(spectrum, 2))
    best, plain, mean = (
        mean_square_error(f, spectrum, sigma)
        for f in (StationaryGaussianDenoiser(spectrum), plug_in, ShiftedDenoiser(plug_in))
    )
    assert best < mean < plain - 0.2 * (plain - best)


@pytest.mark.parametrize("mean", [ShiftedDenoiser, TurnedDenoiser])
def test_levels_conditions_and_labels_go_with_the_images(mean):
    y, told = image(2, 1, 4, 6, seed=5), image(2, 1, 4, 6, seed=6)
    levels, label = torch.tensor([0.1, 0.7], dtype=torch.float64), torch.tensor([1, 2])
    found = mean(Told())(y, levels, cond=told, label=label)
    assert_close(found, Told()(y, levels, cond=told, label=label), 1e-14)


@pytest.mark.parametrize("mean", [ShiftedDenoiser, TurnedDenoiser])
def test_levels_may_be_mapped_over(mean):
    y, told = image(1, 1, 4, 6, seed=5), image(1, 1, 4, 6, seed=6)
    levels = torch.tensor([0.1, 0.7], dtype=torch.float64)
    found = torch.func.vmap(lambda s: mean(Told())(y, s, cond=told, label=1))(levels)
    assert_close(found[1], Told()(y, 0.7, cond=told, label=1), 1e-14)


def test_a_part_is_as_in_the_whole_but_for_its_halo():
    y, f = image(1, 1, 16, 16, seed=7), ShiftedDenoiser(Blocks())
    radius, multiple = f.locality
    assert (radius, multiple) == (2, 2)
    part = f(y[..., 4:12, 4:12])
    assert_close(part[..., 2:-2, 2:-2], f(y)[..., 6:10, 6:10], 1e-14)


@pytest.mark.parametrize("mean", [ShiftedDenoiser, TurnedDenoiser])
def test_it_can_be_measured_as_any_other(mean):
    """The verbs prepare a copy."""
    y, f = image(1, 1, 6, 6, seed=8), mean(Blocks())
    assert torch.equal(copied(f)(y), f(y))


def test_a_cascade_is_moved_and_others_are_turned():
    assert isinstance(
        mean_of_own_answers(MultiscaleDenoiser(gaussian_model(power_law(8, 2), 1))), ShiftedDenoiser
    )
    assert isinstance(mean_of_own_answers(Blocks()), TurnedDenoiser)
