"""By how much models are better than linear filters."""

import pytest
import torch

from scorelet.analysis.memorization import (
    covariance_filter,
    lead_over_filters,
    linear_filters,
    psnr_by_level,
    wiener_filter,
)
from scorelet.core.random import generator
from scorelet.models import StationaryGaussianDenoiser
from scorelet.recipes.power_laws import power_law
from scorelet.tasks.others_denoiser import as_denoiser

SIGMAS = (1.0, 0.3, 0.1)


def pictures(count, seed):
    """Pictures that vary in the middle only: places are not alike."""
    window = torch.tensor([0.1, 0.1, 1, 3, 3, 1, 0.1, 0.1])
    law = StationaryGaussianDenoiser(power_law(8, 2.0))
    return (0.5 + 0.1 * window * law.sample(count, rng=generator(seed))).float()


def leads(fit, a, b):
    """By level, of models that are filters of the other pictures."""
    seen = [psnr_by_level(fit(b), a[:20], SIGMAS), psnr_by_level(fit(a), b[:20], SIGMAS)]
    return torch.tensor(lead_over_filters(seen, (a, b), SIGMAS, seed=0).values)


@pytest.mark.parametrize(("count", "better"), [(400, 1), (3, 0)])
def test_the_better_one_of_two_filters_counts(count, better):
    """Each filter leads by nothing over itself, and not over the other where that is better."""
    a, b = pictures(count, 0), pictures(count, 1)
    found = torch.stack([leads(fit, a, b) for fit in (wiener_filter, covariance_filter)])
    torch.testing.assert_close(found.amax(0), torch.zeros(len(SIGMAS)), rtol=0, atol=1e-5)
    assert bool((found[1 - better, 1:] < -0.05).all())


def test_covariances_of_large_pictures_are_not_diagonalised():
    x = torch.rand(2, 1, 46, 46, generator=generator(0))
    assert [type(f) for f in linear_filters(x)] == [StationaryGaussianDenoiser]
    assert len(linear_filters(x[..., :44, :44])) == 2


def test_the_filter_of_the_covariance_is_the_best_linear_one_of_its_pictures():
    """Of all linear maps with an offset the error of m + J (y - m), J = C (C + σ²)⁻¹, is least."""
    x = pictures(30, 0).double()
    found = covariance_filter(x)
    z = (x - x.mean(0)).flatten(1)
    C = z.mT @ z / len(z)
    J = torch.linalg.solve(C + 0.09 * torch.eye(64), C).mT
    torch.testing.assert_close(found.jacobian(0.3), J)
    torch.testing.assert_close(found(x, 0.3).flatten(1), x.mean(0).flatten() + z @ J.mT)


def test_each_network_has_its_own_lead():
    a, b = pictures(40, 0), pictures(40, 1)
    good, bad = wiener_filter(b), as_denoiser(lambda y: y, verb="audit", of_channels="{}")
    seen = [psnr_by_level(good, a[:20], SIGMAS), psnr_by_level(bad, b[:20], SIGMAS)]
    first, second = lead_over_filters(seen, (a, b), SIGMAS, seed=0).each
    assert first.values[0] > -1
    assert second.values[0] < -5
