"""Denoisers between the Anscombe transform and its inverse."""

import pytest
import torch

from scorelet.core.errors import InputError
from scorelet.core.random import generator
from scorelet.models import (
    Locality,
    PoissonGaussianDenoiser,
    PoissonGaussianNoise,
    anscombe,
)
from scorelet.models.denoiser import Denoiser


class Mean(Denoiser):
    """Every pixel becomes the mean of the image: the best denoiser of constant images."""

    blind = True

    def _denoise(self, y, sigma, cond, label):
        self.level = sigma
        return y.mean((2, 3), keepdim=True).expand_as(y)


@pytest.mark.parametrize("photons", [1.0, 5.0, 40.0])
def test_wrapped_denoiser_is_unbiased_on_constant_images(photons):
    noise = PoissonGaussianNoise(2.0, 1.0)
    x = torch.full((1, 1, 400, 400), 2.0 * photons)
    found = PoissonGaussianDenoiser(Mean(), noise)(noise.add(x, rng=generator(2)))
    # four standard errors of the mean; the inverse adds none of its own
    error = 4 * ((2.0 * 2 * photons + 1 + (2 * 0.5) ** 2) / 400**2) ** 0.5  # dither adds its own
    assert abs(float(found.mean()) - 2 * photons) < error + 1e-3 * photons


def test_wrapped_denoiser_is_told_the_level_in_its_own_unit():
    noise, inner = PoissonGaussianNoise(0.01), Mean()
    wrapped = PoissonGaussianDenoiser(inner, noise, low=0.0, high=1.0, dither=0.0)
    y = torch.rand(2, 1, 8, 8, generator=generator(0))
    wrapped(y)
    ends = anscombe(torch.tensor([0.0, 1.0]), noise)
    torch.testing.assert_close(inner.level, (1 / (ends[1] - ends[0])).expand(2))
    assert wrapped.locality == Locality() == Mean().locality


def test_dither_is_a_function_of_its_seed():
    y = torch.full((1, 1, 8, 8), 3.0)
    first, again, other = (
        PoissonGaussianDenoiser(Mean(), PoissonGaussianNoise(1.0), seed=seed)(y)
        for seed in (1, 1, 2)
    )
    assert torch.equal(first, again)
    assert not torch.equal(first, other)


@pytest.mark.parametrize("dither", [0.0, 0.5])
def test_an_image_does_not_depend_on_its_batch(dither):
    denoiser = PoissonGaussianDenoiser(Same(), PoissonGaussianNoise(1.0), dither=dither)
    y = torch.poisson(torch.full((3, 2, 8, 8), 4.0), generator=generator(0))
    torch.testing.assert_close(denoiser(y)[1:2], denoiser(y[1:2]))


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"low": 1.0, "high": 1.0}, "low must be below high"),
        ({"dither": -0.5}, "zero or a positive number"),
        ({"dither": float("nan")}, "zero or a positive number"),
    ],
)
def test_what_cannot_be_is_refused(options, said):
    with pytest.raises(InputError, match=said):
        PoissonGaussianDenoiser(Mean(), PoissonGaussianNoise(1.0), **options)


@pytest.mark.parametrize("value", [float("nan"), float("inf")])
def test_numbers_that_are_not_finite_are_named(value):
    y = torch.full((1, 1, 4, 4), 3.0)
    y[0, 0, 1, 1] = value
    with pytest.raises(InputError, match="NaN or infinite"):
        PoissonGaussianDenoiser(Mean(), PoissonGaussianNoise(1.0))(y)


def test_noise_without_photons_needs_no_transform():
    with pytest.raises(InputError, match="does not depend on the signal"):
        PoissonGaussianDenoiser(Mean(), PoissonGaussianNoise(0.0, 1.0))


class Same(Denoiser):
    """Leaves an image as it is, and keeps what it was shown."""

    blind = True

    def __init__(self):
        super().__init__()
        self.shown = []

    def _denoise(self, y, sigma, cond, label):
        self.shown.append(y / sigma[:, None, None, None])
        return y


def test_opposite_dithers_are_opposite():
    """With noise of reading nothing is cut off: y is the mean of what f takes to both images."""
    inner, noise = Same(), PoissonGaussianNoise(2.0, 4.0)
    y = torch.full((1, 1, 40, 40), 20.0, dtype=torch.float64)
    PoissonGaussianDenoiser(inner, noise, low=0.0, high=40.0)(y)
    grown = PoissonGaussianNoise(2.0, 4.0 + (2 * 0.5) ** 2)
    zero = anscombe(torch.zeros(1, dtype=torch.float64), grown)
    back = [2 * (((f + zero) / 2).square() - 3 / 8 - grown.b / 4) for f in inner.shown]
    torch.testing.assert_close((back[0] + back[1]) / 2, y)
    assert float((back[0] - y).std()) == pytest.approx(1.0, rel=0.1)  # half a photon


def test_the_pair_is_free_of_dither_to_first_order():
    """(f(u + e) + f(u - e)) / 2 = f(u) - u^(-3/2) e^2 / 4 + O(e^4), and dl / df = sqrt(u).

    So of the deviation s = 1/2 that one dither leaves in photons, sqrt(2) s^2 / (4 u) is left.
    """
    photons = 400.0
    y = torch.full((1, 1, 200, 200), photons, dtype=torch.float64)
    noise = PoissonGaussianNoise(1.0)
    estimate = PoissonGaussianDenoiser(Same(), noise, low=0.0, high=500.0)(y)
    assert float(estimate.std()) == pytest.approx(2**0.5 * 0.25 / (4 * photons), rel=0.05)


@pytest.mark.parametrize("photons", [1.0, 3.0])
def test_the_pair_has_less_variance_than_independent_dithers(photons):
    """It lies above that of E[f | y], which no dither can be below: the law of total variance."""
    y = PoissonGaussianNoise(1.0).add(torch.full((1, 1, 300, 300), photons), rng=generator(0))
    shown = []
    for seed in (0, 1):
        inner = Same()
        PoissonGaussianDenoiser(inner, PoissonGaussianNoise(1.0), low=0.0, high=20.0, seed=seed)(y)
        shown += inner.shown
    pair, independent = (shown[0] + shown[1]) / 2, (shown[0] + shown[2]) / 2
    between = sum(
        float((y == k).float().mean() * (pair[y == k].mean() - pair.mean()) ** 2)
        for k in y.unique()
    )
    assert between < float(pair.var()) < 0.98 * float(independent.var())
    assert float(independent.var()) < 0.98 * float(shown[0].var())
