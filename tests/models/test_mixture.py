"""Mixture references against automatic differentiation and sampling."""

import pytest
import torch

from laws.denoiser_laws import (
    assert_batch_independent,
    assert_close,
    assert_keeps_dtype_and_device,
    assert_tweedie,
)
from scorelet.core.errors import InputError
from scorelet.core.random import generator, randn
from scorelet.models import (
    FiniteSetDenoiser,
    GaussianDenoiser,
    GaussianMixtureDenoiser,
    add_noise,
    sure,
)

DOUBLE = torch.zeros((), dtype=torch.float64)
MEANS = 0.5 + 0.4 * randn((3, 1, 3, 3), rng=generator(0), like=DOUBLE)
WEIGHTS = torch.tensor([0.5, 0.3, 0.2], dtype=torch.float64)
VARIANCES = torch.tensor([0.04, 0.0, 0.2], dtype=torch.float64)
MODEL = GaussianMixtureDenoiser(WEIGHTS, MEANS, VARIANCES)
SIGMA = 0.5  # components overlap, so that all of them count


def noisy(count: int) -> tuple[torch.Tensor, torch.Tensor]:
    x = MODEL.sample(count, rng=generator(1))
    return x, add_noise(x, SIGMA, rng=generator(2))


def test_tweedie():
    _, y = noisy(6)
    # float64 rounding, amplified by 1 / sigma^2 = 100 at the smallest level
    assert_tweedie(MODEL, y, SIGMA, 1e-10)
    assert_tweedie(MODEL, y, torch.tensor([0.1, 0.2, 0.4, 0.8, 1.6, 3.2]), 1e-10)


def test_far_away_it_is_still_finite_and_follows_the_widest_component():
    y = MEANS[:1] + 1e3
    # at 1e3 pixels units the widest component wins by thousands of nats, exactly
    expected = MEANS[2] + 0.2 / (0.2 + SIGMA**2) * (y - MEANS[2])
    assert_close(MODEL(y, SIGMA), expected, 1e-14)


def test_one_component_is_a_gaussian():
    mixture = GaussianMixtureDenoiser(WEIGHTS.new_ones(1), MEANS[:1], VARIANCES[:1])
    gaussian = GaussianDenoiser(MEANS[0], 0.04 * torch.eye(9, dtype=torch.float64))
    _, y = noisy(3)
    for one, other in [
        (mixture(y, SIGMA), gaussian(y, SIGMA)),
        (mixture.score(y, SIGMA), gaussian.score(y, SIGMA)),
        (mixture.log_density(y, SIGMA), gaussian.log_density(y, SIGMA)),
    ]:
        assert_close(one, other, 1e-13)  # two orders of the same few sums


def test_the_spread_is_the_root_of_the_largest_eigenvalue():
    """Of a mixture, and of the set of its means."""
    u = (MEANS - MODEL.centre).flatten(1)
    between = (u * WEIGHTS[:, None]).mT @ u
    square = float(torch.linalg.eigvalsh(between)[-1]) + float(WEIGHTS @ VARIANCES)
    assert MODEL.spread**2 == pytest.approx(square, rel=0.01)
    covariance = torch.cov(MEANS.flatten(1).mT, correction=0)
    square = float(torch.linalg.eigvalsh(covariance)[-1])
    assert FiniteSetDenoiser(MEANS).spread ** 2 == pytest.approx(square, rel=0.01)
    assert FiniteSetDenoiser(MEANS[:1]).spread == 0
    assert GaussianDenoiser(MEANS[0], covariance).spread ** 2 == pytest.approx(square)


def test_it_is_the_posterior_mean_of_its_own_samples():
    x, y = noisy(4000)
    error = x - MODEL(y, SIGMA)
    # the error of a conditional mean is orthogonal to any function of y: here f and y itself
    for function in (MODEL(y, SIGMA), y):
        products = (error * function).flatten(1).sum(1)
        assert products.mean().abs() < 3 * products.std() / 4000**0.5  # 3 standard errors
    risk = sure(MODEL, y, SIGMA, exact=True)
    difference = risk - error.square().flatten(1).sum(1)
    assert difference.mean().abs() < 3 * difference.std() / 4000**0.5


def test_each_image_and_dtype_on_its_own():
    _, y = noisy(3)
    assert_batch_independent(lambda u: MODEL(u, SIGMA), y, 1e-14)  # no sum crosses images
    assert_keeps_dtype_and_device(lambda u: MODEL(u, SIGMA), y, 1e-5)  # float32 rounding


@pytest.mark.parametrize(
    ("weights", "variances", "message"),
    [
        (WEIGHTS[:2], VARIANCES, "3 means need"),
        (WEIGHTS * 2, VARIANCES, "sum 1"),
        (torch.tensor([1.5, -0.5, 0.0]), VARIANCES, "sum 1"),
        (WEIGHTS, -VARIANCES, "variances >= 0"),
        (WEIGHTS, VARIANCES * torch.nan, "finite"),
    ],
)
def test_bad_parameters_are_refused(weights, variances, message):
    with pytest.raises(InputError, match=message):
        GaussianMixtureDenoiser(weights, MEANS, variances)
