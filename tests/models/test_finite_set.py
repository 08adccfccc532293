"""The ideal denoiser of a finite set."""

import pytest
import torch
from torch.func import jacrev

from laws.denoiser_laws import (
    assert_batch_independent,
    assert_close,
    assert_keeps_dtype_and_device,
    assert_tweedie,
)
from scorelet.core.errors import InputError
from scorelet.core.random import generator
from scorelet.models import FiniteSetDenoiser, GaussianMixtureDenoiser, add_noise

POINTS = torch.rand((7, 1, 3, 4), generator=generator(0), dtype=torch.float64)
MODEL = FiniteSetDenoiser(POINTS)
SIGMA = 0.8  # points are about 1.4 apart, so that several weights matter
Y = add_noise(POINTS[:3], SIGMA, rng=generator(1))


def test_tweedie():
    # float64 rounding, amplified by 1 / sigma^2 = 25 at the smallest level
    assert_tweedie(MODEL, Y, SIGMA, 1e-10)
    assert_tweedie(MODEL, Y, torch.tensor([0.2, 0.5, 2.0]), 1e-10)


def test_jacobian_is_the_posterior_covariance():
    covariance = MODEL.posterior_covariance(Y, SIGMA)
    for image, expected in zip(Y, covariance, strict=True):
        jacobian = jacrev(lambda u: MODEL(u[None], SIGMA)[0])(image).reshape(12, 12)
        assert_close(jacobian, expected / SIGMA**2, 1e-10)  # float64 rounding
        assert_close(jacobian, jacobian.T, 1e-10)
        eigenvalues = torch.linalg.eigvalsh(jacobian)
        assert eigenvalues.min() > -1e-14  # rounding: 7 points span 6 of 12 dimensions
        assert eigenvalues.max() > 0.05  # and the spectrum is not trivial


def test_it_is_a_mixture_of_points():
    count = len(POINTS)
    ones = torch.ones(count, dtype=torch.float64)
    mixture = GaussianMixtureDenoiser(ones / count, POINTS, 0 * ones)
    for one, other in [
        (MODEL(Y, SIGMA), mixture(Y, SIGMA)),
        (MODEL.log_density(Y, SIGMA), mixture.log_density(Y, SIGMA)),
        (MODEL.score(Y, SIGMA), mixture.score(Y, SIGMA)),
    ]:
        assert_close(one, other, 1e-13)  # two orders of the same few sums


def test_small_noise_returns_the_nearest_image_and_large_noise_the_mean():
    for dtype in (torch.float32, torch.float64):
        y = (POINTS + 1e-6).to(dtype)
        assert_close(MODEL(y, 1e-3), POINTS.to(dtype), 1e-7)  # other weights underflow to zero
    # at sigma = 1e4 weights are equal to within d / sigma^2 = 1e-7
    assert_close(MODEL(Y, 1e4), POINTS.mean(0).expand_as(Y), 1e-6)


def test_slices_change_nothing():
    sliced = FiniteSetDenoiser(POINTS, slice_size=80)  # two images of the set at a time
    assert torch.equal(sliced(Y, SIGMA), MODEL(Y, SIGMA))
    assert torch.equal(sliced.log_density(Y, SIGMA), MODEL.log_density(Y, SIGMA))


def test_samples_are_members_in_equal_shares():
    picks = MODEL.sample(7000, rng=generator(2))
    members = (picks[:, None] == POINTS).flatten(2).all(-1)
    assert members.sum(1).eq(1).all()
    shares = members.double().mean(0)
    assert ((shares - 1 / 7).abs() < 4 * (6 / 49 / 7000) ** 0.5).all()  # 4 s.e., 7 comparisons


def test_each_image_and_dtype_on_its_own():
    assert_batch_independent(lambda u: MODEL(u, SIGMA), Y, 1e-14)  # one product may reorder sums
    assert_keeps_dtype_and_device(lambda u: MODEL(u, SIGMA), Y, 1e-5)  # float32 rounding


def test_bad_parameters_are_refused():
    for points, message in [
        (POINTS[:0], "at least one"),
        (POINTS[0], r"\(channel, height, width\)"),
        (POINTS.long(), "floating-point"),
    ]:
        with pytest.raises(InputError, match=message):
            FiniteSetDenoiser(points)
    with pytest.raises(InputError, match="this model is for"):
        MODEL.posterior_covariance(torch.zeros(1, 1, 4, 4), 0.1)
