"""The best linear estimate, told the noise level or not: exact limits, Wiener filters, files."""

from inspect import unwrap

import numpy as np
import pytest
import torch
from torch import nn

import scorelet as sl
from scorelet.core.errors import InputError
from scorelet.core.random import generator, randn
from scorelet.models import GaussianDenoiser
from scorelet.models.guided import GaussianGuidedDenoiser, ToldGuidedDenoiser, gaussian_moments
from scorelet.networks import BFCNN

SHAPE = (1, 8, 8)
D = 64


class Nothing(nn.Module):
    """Estimates no noise; keeps what it was shown."""

    def forward(self, shown):
        self.shown = shown
        return torch.zeros_like(shown[:, :1])


def moments(exponent=1.5):
    """A mean, eigenvalues that fall as a power, and a random basis."""
    rng = generator(1)
    basis, _ = torch.linalg.qr(torch.randn(D, D, generator=rng, dtype=torch.float64))
    values = torch.arange(D, 0, -1, dtype=torch.float64) ** -exponent
    return torch.rand(1, *SHAPE, generator=rng, dtype=torch.float64), values, basis


def images(count, seed=2):
    mean, values, basis = moments()
    z = randn((count, D), rng=generator(seed)).double()
    return mean + ((z * values.sqrt()) @ basis.T).reshape(count, *SHAPE)


@pytest.mark.parametrize("sigma", [0.05, 0.3, 2.0])
def test_errors_are_near_those_of_the_wiener_filter_that_knows_the_level(sigma):
    """Whose error is Σ w σ²/(w + σ²); 16 of 64 directions tell σ to 18 %."""
    mean, values, basis = moments()
    x = images(3000)
    y = x + sigma * randn(tuple(x.shape), rng=generator(3)).double()
    found = GaussianGuidedDenoiser(Nothing(), mean, values, basis, 1.0)(y)
    error = float((found - x).square().sum((1, 2, 3)).mean())
    optimum = float((values * sigma**2 / (values + sigma**2)).sum())
    assert 0.95 * optimum < error < 1.12 * optimum


@pytest.mark.parametrize("sigma", [1e-3, 0.05, 0.3, 20.0])
def test_told_the_level_the_estimate_is_the_wiener_filter(sigma):
    """Of a network that says nothing; with two levels in one batch."""
    mean, values, basis = moments()
    y = images(2) + sigma * randn((2, *SHAPE), rng=generator(3)).double()
    levels = torch.tensor([sigma, 2 * sigma], dtype=torch.float64)
    found = ToldGuidedDenoiser(Nothing(), mean, values, basis)(y, levels)
    law = GaussianDenoiser(mean[0], basis @ values.diag() @ basis.T)
    torch.testing.assert_close(found, law(y, levels), rtol=0, atol=1e-9)


def test_the_network_is_told_level_estimate_and_image_in_deviations():
    """And a noise n of it is taken off in that unit."""
    mean, values, basis = moments()
    s = values.mean().sqrt()

    class Third(nn.Module):
        def forward(self, shown):
            self.shown = shown
            return shown[:, 2:]

    network = Third()
    f = ToldGuidedDenoiser(network, mean, values, basis, 2.0, shows_level=True)
    y, levels = images(2), torch.tensor([0.5, 4.0], dtype=torch.float64) * s
    found = f(y, levels)
    law = GaussianDenoiser(mean[0], basis @ values.diag() @ basis.T)
    linear = law(y, levels)
    shown = network.shown
    share = torch.exp(-2 * shown[:, 0, 0, 0] / 200)
    torch.testing.assert_close(share, 1 / (1 + (levels / s) ** 2), rtol=1e-9, atol=0)
    torch.testing.assert_close(shown[:, 1:2], (linear - mean) / s, rtol=0, atol=1e-9)
    gain = torch.tensor([1.0, 0.5], dtype=torch.float64)[:, None, None, None]
    torch.testing.assert_close(shown[:, 2:], gain * (y - mean) / s, rtol=0, atol=1e-9)
    torch.testing.assert_close(found, linear - gain * (y - mean), rtol=0, atol=1e-9)


def test_without_noise_an_image_stays():
    mean, values, basis = moments()
    along = torch.ones(2, D, dtype=torch.float64)
    along[:, : D // 4] = 0.5 * values[: D // 4].mean().sqrt()
    y = mean + (along @ basis.T).reshape(2, *SHAPE)
    found = GaussianGuidedDenoiser(Nothing(), mean, values, basis, 1.0)(y)
    torch.testing.assert_close(found, y, rtol=0, atol=1e-12)


class Last(nn.Module):
    """Takes the last image that it is shown, u, for noise; keeps what it was shown."""

    def forward(self, shown):
        self.shown = shown
        return shown[:, -1:]


def test_a_blind_network_sees_linear_estimate_and_image_and_its_noise_is_taken_off():
    """f = W - n(W, u) with u = min(1, c/r) (y - m), above and below the bound c = 0.7."""
    mean, values, basis = moments()
    network = Last()
    denoiser = GaussianGuidedDenoiser(network, mean, values, basis, 0.7)
    noise = torch.tensor([5.0, 5.0, 0.1], dtype=torch.float64)[:, None, None, None]
    y = images(3) + noise * randn((3, *SHAPE), rng=generator(4)).double()
    found = denoiser(y)
    linear = GaussianGuidedDenoiser(Nothing(), mean, values, basis, 0.7)(y)
    r = (y - mean).square().mean((1, 2, 3), keepdim=True).sqrt()
    assert (r.flatten() < 0.7).tolist() == [False, False, True]
    u = (0.7 / r).clamp_max(1) * (y - mean)
    torch.testing.assert_close(network.shown[:, :1], linear, rtol=0, atol=1e-12)
    torch.testing.assert_close(network.shown[:, 1:], u, rtol=0, atol=1e-12)
    torch.testing.assert_close(found, linear - u, rtol=0, atol=1e-12)
    assert torch.equal(denoiser.centre, mean)


@pytest.mark.parametrize("blind", [True, False])
@pytest.mark.parametrize("noise", [0.0, 0.03])
def test_no_direction_has_less_than_a_share_of_the_mean_variance(blind, noise):
    """Along those of variance 0 it is v = 10⁻⁴ mean w: e becomes e v/(v + σ²), and e if σ = 0.

    A blind one finds σ² as the mean of e² over the first quarter of directions.
    """
    mean, values, basis = moments()
    values[:40] = 0
    along = torch.zeros(1, D, dtype=torch.float64)
    along[:, : D // 4], along[:, 30], along[:, 50] = noise, 1.0, 1.0
    y = mean + (along @ basis.T).reshape(1, *SHAPE)
    if blind:
        found = GaussianGuidedDenoiser(Nothing(), mean, values, basis, 1.0)(y)
    else:
        found = ToldGuidedDenoiser(Nothing(), mean, values, basis)(y, noise)
    least = 1e-4 * values.mean()
    v = torch.cat([least.expand(40), values[40:]])
    kept = (found - mean).flatten(1) @ basis
    torch.testing.assert_close(kept, along * v / (v + noise**2), rtol=0, atol=1e-12)
    assert noise == 0 or 0 < kept[0, 30] < 0.1


def test_without_noise_images_stay_that_vary_as_none_of_a_few_has():
    """Five images tell of four directions in 64."""
    law, x = gaussian_moments(images(5)), images(3, seed=7)
    assert float(law[1][:59].max()) < 1e-12
    found = ToldGuidedDenoiser(Nothing(), *law)(x, 0.0)
    torch.testing.assert_close(found, x, rtol=0, atol=1e-9)


def test_moments_are_those_of_the_images():
    x = images(500)
    mean, values, basis = gaussian_moments(x)
    apart = (x - mean).flatten(1)
    covariance = apart.T @ apart / len(x)
    torch.testing.assert_close(basis @ values.diag() @ basis.T, covariance, rtol=0, atol=1e-12)
    assert bool((values.diff() >= 0).all())
    torch.testing.assert_close(mean, x.mean(0, keepdim=True))


@pytest.mark.parametrize("shows_level", [None, False, True])
def test_a_file_gives_it_back(tmp_path, shows_level):
    """None: the blind one."""
    mean, values, basis = (t.float() for t in moments())
    network = BFCNN(2 + bool(shows_level), width=4, depth=3, outputs=1).eval()
    if shows_level is None:
        denoiser = GaussianGuidedDenoiser(network, mean, values, basis, 0.5).eval()
    else:
        level = {"shows_level": shows_level}
        denoiser = ToldGuidedDenoiser(network, mean, values, basis, 0.5, **level).eval()
    denoiser.learnt = (8, 8)
    sl.save(denoiser, tmp_path / "m.safetensors")
    loaded = sl.load(tmp_path / "m.safetensors")
    assert type(loaded) is type(denoiser)
    assert loaded.learnt == (8, 8)
    y = torch.rand(2, *SHAPE)
    with torch.no_grad():
        assert torch.equal(loaded(y, 0.3), denoiser(y, 0.3))


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"mean": torch.zeros(1, 8, 8)}, "expected .1, channel"),
        ({"values": torch.ones(63)}, r"expected .64,. and .64, 64."),
        ({"mean": torch.full((1, *SHAPE), torch.nan)}, "The mean holds NaN"),
        ({"values": torch.ones(64) * torch.nan}, "variances, finite, not negative and rising"),
        ({"values": torch.arange(64) - 1.0}, "variances, finite, not negative and rising"),
        ({"values": torch.arange(64.0).flip(0)}, "not negative and rising"),
        ({"values": torch.zeros(64)}, "values are all 0"),
        ({"basis": 2 * torch.eye(64)}, "not orthonormal"),
        ({"basis": torch.ones(64, 64) / 8}, "not orthonormal"),
        ({"basis": torch.eye(64) * torch.nan}, "not orthonormal"),
        ({"bound": -1.0}, "must be positive"),
        ({"network": BFCNN(1, width=4, depth=3)}, "2 together"),
    ],
)
def test_parts_that_do_not_fit_are_refused(change, reason):
    mean, values, basis = moments()
    whole = {"network": Nothing(), "mean": mean, "values": values, "basis": basis, "bound": 1.0}
    for kind in (GaussianGuidedDenoiser, ToldGuidedDenoiser):
        with pytest.raises(InputError, match=reason):
            kind(**(whole | change))


def test_images_of_another_size_or_without_a_covariance_are_refused():
    with pytest.raises(InputError, match=r"covariance of .1, 8, 8. only"):
        GaussianGuidedDenoiser(Nothing(), *moments(), 1.0)(torch.zeros(1, 1, 4, 8))
    with pytest.raises(InputError, match=r"covariance of .1, 8, 8. only"):
        ToldGuidedDenoiser(Nothing(), *moments())(torch.zeros(1, 1, 4, 8), 0.1)
    with pytest.raises(InputError, match="at least 2"):
        gaussian_moments(torch.zeros(1, 1, 4, 4))
    with pytest.raises(
        InputError,
        match=r"4096 numbers: a covariance of at most 2048 .* each level of details more",
    ):
        gaussian_moments(torch.zeros(3, 1, 64, 64))


@pytest.mark.parametrize(
    ("x", "reason"),
    [
        (torch.full((3, *SHAPE), torch.nan), "images hold NaN"),
        (torch.ones(3, *SHAPE, dtype=torch.int64), "dtype torch.int64: expected floats"),
        (torch.rand(3, 8, 8), r"shape .3, 8, 8."),
        (torch.rand(0, *SHAPE), "There are 0 images"),
        (np.ones((3, *SHAPE)), "class ndarray: expected a tensor"),
    ],
)
def test_what_has_no_moments_is_refused(x, reason):
    with pytest.raises(InputError, match=reason):
        unwrap(gaussian_moments)(x)


def test_a_basis_in_half_precision_is_orthonormal_enough():
    mean, values, basis = moments()
    for kind in (torch.float16, torch.bfloat16):
        GaussianGuidedDenoiser(Nothing(), mean, values, basis.to(kind), 1.0)
