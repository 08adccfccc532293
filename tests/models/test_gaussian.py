"""Gaussian references: every quantity computed in two ways."""

import pytest
import torch
from torch.distributions import MultivariateNormal
from torch.func import jacrev

from laws.denoiser_laws import (
    assert_batch_independent,
    assert_close,
    assert_float32_at_least,
    assert_keeps_dtype_and_device,
    assert_tweedie,
)
from scorelet.core.errors import InputError
from scorelet.core.random import generator, randn
from scorelet.models import (
    FiniteSetDenoiser,
    GaussianDenoiser,
    GaussianMixtureDenoiser,
    StationaryGaussianDenoiser,
    add_noise,
    score,
    sure,
)

SHAPE = (2, 3, 3)
SIZE = 18
SIGMA = 0.3
DOUBLE = torch.zeros((), dtype=torch.float64)
# Identities in float64: condition numbers below 1e3 leave 1e-13; 1e-10 is what is promised.
EXACT = 1e-10


def random_gaussian(seed: int, rank: int = SIZE) -> GaussianDenoiser:
    factor = randn((SIZE, rank), rng=generator(seed), like=DOUBLE) / 8
    mean = 0.5 + 0.1 * randn(SHAPE, rng=generator(seed, 1), like=DOUBLE)
    return GaussianDenoiser(mean, factor @ factor.T)


def covariance(model: GaussianDenoiser) -> torch.Tensor:
    return model.basis @ model.variances.diag() @ model.basis.T


def cubature(model: GaussianDenoiser, sigma: float) -> torch.Tensor:
    """Images y whose plain average of any quadratic function is its mean under p_sigma."""
    scales = (SIZE * (model.variances + sigma**2)).sqrt()
    steps = (model.basis * scales).T.reshape(SIZE, *SHAPE)
    return torch.cat([model.mean + steps, model.mean - steps])


MODELS = [random_gaussian(0), random_gaussian(1, rank=5)]
IDS = ["full rank", "degenerate"]


def noisy(model: GaussianDenoiser, count: int = 4) -> torch.Tensor:
    return add_noise(model.sample(count, rng=generator(2)), SIGMA, rng=generator(3))


@pytest.mark.parametrize("model", MODELS, ids=IDS)
def test_denoiser_is_the_wiener_formula(model):
    y, identity = noisy(model), torch.eye(SIZE, dtype=torch.float64)
    wiener = covariance(model) @ torch.linalg.inv(covariance(model) + SIGMA**2 * identity)
    expected = model.mean + ((y - model.mean).flatten(1) @ wiener.T).reshape(y.shape)
    assert_close(model(y, SIGMA), expected, EXACT)
    assert_close(model.jacobian(SIGMA), wiener, EXACT)


@pytest.mark.parametrize("model", MODELS, ids=IDS)
def test_log_density_is_that_of_the_noisy_gaussian(model):
    y, identity = noisy(model), torch.eye(SIZE, dtype=torch.float64)
    law = MultivariateNormal(model.mean.flatten(), covariance(model) + SIGMA**2 * identity)
    assert_close(model.log_density(y, SIGMA), law.log_prob(y.flatten(1)), EXACT)


@pytest.mark.parametrize("model", MODELS, ids=IDS)
def test_tweedie_and_jacobian_by_automatic_differentiation(model):
    y = noisy(model)
    assert_tweedie(model, y, SIGMA, EXACT)
    assert_tweedie(model, y, torch.tensor([0.1, 0.2, 0.5, 2.0]), EXACT)
    jacobian = jacrev(lambda u: model(u[None], SIGMA)[0])(y[0]).reshape(SIZE, SIZE)
    assert_close(model.jacobian(SIGMA), jacobian, EXACT)


@pytest.mark.parametrize("model", MODELS, ids=IDS)
def test_error_is_the_trace_of_the_jacobian_and_the_mean_of_sure(model):
    # trace of the posterior covariance C - C (C + sigma^2 I)^-1 C, computed independently
    c, identity = covariance(model), torch.eye(SIZE, dtype=torch.float64)
    posterior = c - c @ torch.linalg.solve(c + SIGMA**2 * identity, c)
    assert_close(model.mse(SIGMA), posterior.trace(), EXACT)
    assert_close(model.mse(SIGMA), SIGMA**2 * model.jacobian(SIGMA).trace(), EXACT)
    mean_sure = sure(model, cubature(model, SIGMA), SIGMA, exact=True).mean()
    assert_close(mean_sure, model.mse(SIGMA), EXACT)


def test_excess_error_is_the_integrand_of_the_divergence():
    # E ||grad log p_sigma - s||^2 sigma^4 = MSE(f) - MSE(f*): equation 5 of arXiv 2310.02557
    truth, model = MODELS[0], random_gaussian(9)
    points = cubature(truth, SIGMA)
    gap = truth.score(points, SIGMA) - score(model, points, SIGMA)
    integrand = gap.square().flatten(1).sum(1).mean() * SIGMA**4
    excess = sure(model, points, SIGMA, exact=True).mean() - truth.mse(SIGMA)
    assert_close(integrand, excess, EXACT)


def test_monte_carlo_error_and_samples():
    model, count = MODELS[0], 4000
    x = model.sample(count, rng=generator(4))
    error = (model(add_noise(x, SIGMA, rng=generator(5)), SIGMA) - x).square().flatten(1).sum(1)
    # 3 standard errors
    assert (error.mean() - model.mse(SIGMA)).abs() < 3 * error.std() / count**0.5
    # the sample covariance of n normals errs by sqrt((tr C)^2 + tr C^2) / sqrt(n) in mean square
    centred = (x - model.mean).flatten(1)
    gap = (centred.T @ centred / count - covariance(model)).norm()
    trace, squares = model.variances.sum(), model.variances.square().sum()
    assert gap < 3 * ((trace**2 + squares) / count).sqrt()


FREQUENCY = torch.fft.fftfreq(8, dtype=torch.float64) * 8
SPECTRUM = 0.5 / (1 + FREQUENCY[:, None] ** 2 + 2 * FREQUENCY[None, :] ** 2) ** 1.5


def stationary() -> StationaryGaussianDenoiser:
    return StationaryGaussianDenoiser(SPECTRUM, mean=0.4)


def test_stationary_equals_dense():
    fast, side = stationary(), 8
    # covariance between pixels p and q is the kernel at p - q, the transform of the spectrum
    kernel = torch.fft.ifft2(SPECTRUM).real
    index = torch.arange(side)
    delta = (index[:, None] - index[None, :]) % side
    dense_covariance = kernel[delta[:, None, :, None], delta[None, :, None, :]].reshape(64, 64)
    dense = GaussianDenoiser(torch.full((1, 8, 8), 0.4, dtype=torch.float64), dense_covariance)
    y = add_noise(fast.sample(3, rng=generator(6)), SIGMA, rng=generator(7))
    sigmas = [0.2, 0.3, 0.9]
    assert_close(fast(y, sigmas), dense(y, sigmas), EXACT)
    assert_close(fast.score(y, sigmas), dense.score(y, sigmas), EXACT)
    assert_close(fast.log_density(y, sigmas), dense.log_density(y, sigmas), EXACT)
    assert_close(fast.jacobian(SIGMA), dense.jacobian(SIGMA), EXACT)
    assert_close(fast.mse(SIGMA), dense.mse(SIGMA), EXACT)
    assert_tweedie(fast, y, sigmas, EXACT)


def test_stationary_samples_have_the_spectrum():
    model, count = stationary(), 2000
    x = model.sample(count, rng=generator(8)) - 0.4
    power = torch.fft.fft2(x, norm="ortho").abs().square().mean(0)
    # a power of n samples errs by at most sqrt(2 / n) relatively; 4 of these over 64 frequencies
    assert ((power / SPECTRUM - 1).abs() < 4 * (2 / count) ** 0.5).all()


@pytest.mark.parametrize("model", [MODELS[0], stationary()], ids=["dense", "stationary"])
def test_each_image_and_dtype_on_its_own(model):
    y = add_noise(model.sample(3, rng=generator(2)), SIGMA, rng=generator(3))
    for f in (lambda u: model(u, SIGMA), lambda u: model.score(u, SIGMA)):
        assert_batch_independent(f, y, 1e-13)  # matrix products may sum in another order
        assert_keeps_dtype_and_device(f, y, 1e-5)  # float32 rounding times condition below 100


def test_bad_parameters_are_refused():
    mean, identity = torch.zeros(1, 2, 2), torch.eye(4)
    cases = [
        (lambda: GaussianDenoiser(mean, torch.eye(3)), r"needs \(4, 4\)"),
        (lambda: GaussianDenoiser(mean, identity + torch.ones(4, 4).triu()), "not symmetric"),
        (lambda: GaussianDenoiser(mean, -identity), "negative eigenvalue"),
        (lambda: GaussianDenoiser(mean[0], identity), r"\(channel, height, width\)"),
        (lambda: GaussianDenoiser(mean, identity.long()), "floating-point"),
        (lambda: StationaryGaussianDenoiser(-torch.ones(4, 4)), "not negative"),
        (lambda: StationaryGaussianDenoiser(torch.rand(4, 4, generator=generator(0))), "even"),
        (lambda: MODELS[0](torch.zeros(1, 2, 4, 4), 0.1), r"this model is for \(2, 3, 3\)"),
        (lambda: MODELS[0](torch.zeros(1, *SHAPE), 0.0), "finite and positive"),
        (lambda: MODELS[0].mse(0.0), "finite and positive"),
    ]
    for call, message in cases:
        with pytest.raises(InputError, match=message):
            call()


@pytest.mark.parametrize("kind", ["dense", "stationary", "set", "mixture"])
def test_closed_forms_are_computed_in_float32_at_least(kind):
    spectrum = torch.ones(1, 4, 4)
    spectrum[0, 0, 0] = 2
    means = torch.rand(3, 1, 4, 4, generator=generator(0)).half().float()
    root = torch.randn(16, 16, generator=generator(1)) / 4
    model = {
        "dense": lambda: GaussianDenoiser(means[0], root @ root.T),
        "stationary": lambda: StationaryGaussianDenoiser(spectrum),
        "set": lambda: FiniteSetDenoiser(means),
        "mixture": lambda: GaussianMixtureDenoiser(
            torch.tensor([0.5, 0.25, 0.25]), means, torch.tensor([0.0, 0.1, 1.0])
        ),
    }[kind]()
    y = torch.rand(5, 1, 4, 4, generator=generator(2)).bfloat16().float()
    assert_float32_at_least(lambda x: model(x, 0.5), y)
    assert_float32_at_least(lambda x: model.score(x, 0.5), y)
    assert_float32_at_least(lambda x: model.log_density(x, 0.5), y)
    if kind == "set":
        found = model.posterior_covariance(y, 0.5)
        with torch.autocast("cpu", torch.bfloat16):
            assert torch.equal(model.posterior_covariance(y, 0.5), found)
    if kind in ("dense", "stationary"):
        J, x = model.jacobian(0.5), model.sample(3, rng=generator(3))
        with torch.autocast("cpu", torch.bfloat16):
            assert torch.equal(model.jacobian(0.5), J)
            assert torch.equal(model.sample(3, rng=generator(3)), x)
    half = model.to(torch.float16)
    assert half(y.half(), 0.5).dtype == half.sample(2, rng=generator(3)).dtype == torch.float16
