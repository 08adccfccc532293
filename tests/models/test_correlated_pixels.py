"""Correlated Gaussian pixels, against their covariance as a matrix."""

import pytest
import torch
from torch.func import grad

from laws.denoiser_laws import assert_close
from scorelet.core.errors import InputError
from scorelet.core.random import generator, randn
from scorelet.models import CorrelatedPixels, GaussianDenoiser, fit_correlated_pixels

DOUBLE = torch.zeros((), dtype=torch.float64)
SIZE = (2, 4, 6)
"""Channels, height, width."""


def white(*shape, seed=0):
    return randn(shape, rng=generator(seed), like=DOUBLE)


def law(size=SIZE):
    colours = torch.linalg.qr(white(size[0], size[0]))[0]
    return CorrelatedPixels(colours, white(*size, seed=1).exp() / 10)


def cosines(n):
    """The orthonormal DCT-II as a matrix, row by row."""
    places = (torch.arange(n).double() + 0.5) * torch.pi / n
    rows = (torch.arange(n).double()[:, None] * places).cos() * (2 / n) ** 0.5
    rows[0] /= 2**0.5
    return rows


def covariance_of(pixels):
    """The covariance that the variances of the coefficients are those of."""
    _, height, width = pixels.variances.shape
    basis = torch.kron(pixels.colours.mT, torch.kron(cosines(height), cosines(width)))
    return basis.mT * pixels.variances.flatten() @ basis


def test_it_is_the_density_of_its_covariance():
    pixels, y, sigma = (
        law(),
        white(3, *SIZE, seed=2),
        torch.tensor([0.1, 0.5, 2.0], dtype=torch.float64),
    )
    for image, level, found in zip(y, sigma, pixels(y, sigma), strict=True):
        total = covariance_of(pixels) + level**2 * torch.eye(image.numel()).double()
        assert_close(found, image.flatten() @ torch.linalg.solve(total, image.flatten()) / 2, 1e-12)


def test_its_gradient_denoises_as_the_wiener_filter():
    pixels, y = law(), white(2, *SIZE, seed=3)
    exact = GaussianDenoiser(torch.zeros(SIZE).double(), covariance_of(pixels))
    for level in (0.1, 1.0):
        sigma = torch.full((2,), level, dtype=torch.float64)
        slope = grad(lambda image, at=sigma: pixels(image, at).sum())(y)
        assert_close(y - level**2 * slope, exact(y, level), 1e-12)


@pytest.mark.slow
def test_the_fit_decorrelates_colours_and_finds_the_power_of_each_coefficient():
    """Of these very images, by matrices; in pieces as all at once."""
    mean = torch.tensor([0.3, 0.6], dtype=torch.float64)
    law_of_x = GaussianDenoiser(torch.zeros(SIZE).double(), covariance_of(law()))
    x = mean[:, None, None] + law_of_x.sample(2000, rng=generator(4))
    found = fit_correlated_pixels(lambda: x.split(600), mean).double()
    assert_close(found.colours.mT @ found.colours, torch.eye(2).double(), 1e-6)
    seen = torch.einsum("ij,bihw->bjhw", found.colours, x - mean[:, None, None])
    shared = torch.einsum("bihw,bjhw->ij", seen, seen)
    assert abs(float(shared[0, 1])) < 1e-6 * float(shared.trace())
    coefficients = cosines(4) @ seen @ cosines(6).mT
    assert_close(found.variances, coefficients.square().mean(0), 1e-6)


@pytest.mark.slow
def test_the_fit_of_independent_coefficients_is_their_law():
    """With one channel the basis is known, and each variance has an error of 1 %."""
    pixels = law((1, 4, 6))
    exact = GaussianDenoiser(torch.zeros(1, 4, 6).double(), covariance_of(pixels))
    x = exact.sample(20_000, rng=generator(6))
    found = fit_correlated_pixels(lambda: x.split(5000), torch.zeros(1).double())
    ratio = found.variances.double() / pixels.variances
    assert float((ratio - 1).abs().max()) < 0.05  # five standard errors


def test_other_sizes_have_the_density_of_power_at_their_frequencies():
    pixels = CorrelatedPixels(
        torch.eye(1).double(), torch.full((1, 4, 6), 0.2, dtype=torch.float64)
    )
    y, sigma = white(2, 1, 7, 5), torch.full((2,), 0.3, dtype=torch.float64)
    assert_close(pixels(y, sigma), y.square().sum((1, 2, 3)) / (2 * (0.2 + 0.09)), 1e-12)
    fall = torch.exp(-torch.arange(6).double())
    pixels = CorrelatedPixels(torch.eye(1).double(), fall.expand(1, 6, 6).clone())
    flat = torch.zeros(1, 1, 12, 12).double()
    rows = cosines(12)
    for number in (2, 4, 10):  # frequency 2 of 12 is frequency 1 of 6
        wave = flat + rows[number]
        value = pixels(wave, torch.full((1,), 1e-6, dtype=torch.float64))
        assert_close(value, 12 * torch.exp(torch.tensor(number / 2).double())[None] / 2, 1e-6)


def test_what_is_refused():
    with pytest.raises(InputError, match=r"expected \(channel, channel\)"):
        CorrelatedPixels(torch.eye(2), torch.ones(3, 4, 4))
    with pytest.raises(InputError, match="not positive"):
        CorrelatedPixels(torch.eye(1), torch.zeros(1, 4, 4))
