"""Scores, and Stein's unbiased risk estimate."""

from functools import partial

import pytest
import torch
from torch import nn
from torch.func import jacrev

from laws.denoiser_laws import assert_close
from models.test_denoiser import bias_free_net, images
from models.test_joint_energy import mixture
from scorelet.core.errors import InputError
from scorelet.core.random import generator
from scorelet.models import (
    Denoiser,
    ResidualDenoiser,
    add_noise,
    denoised_from_score,
    score,
    score_from_denoised,
    sure,
)

DENOISER = ResidualDenoiser(bias_free_net())


def test_score_and_denoised_are_inverse_with_one_level_per_image():
    y, denoised, sigmas = images(3), images(3) / 2, [0.1, 0.5, 2.0]
    got = score_from_denoised(denoised, y, sigmas)
    assert_close(got[2], (denoised[2] - y[2]) / 4, 1e-15)  # division by 4 is exact
    assert_close(denoised_from_score(got, y, sigmas), denoised, 1e-14)  # a few roundings


def test_exact_sure_is_the_formula_with_the_trace_of_the_dense_jacobian():
    y, sigma = images(2, side=5), [0.3, 0.6]
    got = sure(DENOISER, y, sigma, exact=True)
    for image, level, value in zip(y, sigma, got, strict=True):
        jacobian = jacrev(lambda u: DENOISER(u[None])[0])(image).reshape(25, 25)
        residual = (image - DENOISER(image[None])[0]).square().sum()
        expected = residual - level**2 * 25 + 2 * level**2 * jacobian.trace()
        assert_close(value, expected, 1e-12)  # sums of 25 terms in another order


def test_a_joint_law_has_the_score_and_the_risk_of_its_denoiser():
    joint, y = mixture(), images(2, side=4)
    assert_close(score(joint, y, 0.3), joint.score(y, 0.3), 1e-12)
    own = sure(joint.denoiser(), y, 0.3, exact=True)
    assert_close(sure(joint, y, 0.3, exact=True), own, 1e-12)
    joint.denoises = False
    with pytest.raises(InputError, match="has learnt labels"):
        score(joint, y, 0.3)


@pytest.mark.slow
def test_probed_sure_agrees_with_exact_sure():
    y = images(1).expand(400, 1, 8, 8)
    probed = sure(DENOISER, y, 0.5, rng=generator(3), probes=2)
    exact = sure(DENOISER, y[:1], 0.5, exact=True)
    error = (probed.mean() - exact).abs()
    assert error < 3 * probed.std() / 20  # 3 standard errors of 400 independent probes
    # Hutchinson's variance is that of sums over pairs: two probes must halve it
    single = sure(DENOISER, y, 0.5, rng=generator(4), probes=1)
    assert 1.6 < single.var() / probed.var() < 2.5  # 3 s.d. of a ratio of two such variances


@pytest.mark.slow
@pytest.mark.parametrize("exact", [True, False])
def test_mean_sure_is_the_true_error_of_a_network(exact):
    x = images(1, side=5).expand(600, 1, 5, 5) * 0.3
    y = add_noise(x, 0.4, rng=generator(5))
    error = (x - DENOISER(y)).square().flatten(1).sum(1).detach()
    difference = sure(DENOISER, y, 0.4, rng=generator(6), exact=exact).detach() - error
    assert difference.mean().abs() < 3 * difference.std() / 600**0.5  # 3 standard errors
    # the check has power: without the trace the estimate would be off by far more
    assert error.mean() > 30 * difference.std() / 600**0.5


def test_sure_is_differentiable_in_the_weights():
    denoiser = ResidualDenoiser(bias_free_net())
    y, weight = images(1, side=4), next(denoiser.parameters())
    (gradient,) = torch.autograd.grad(sure(denoiser, y, 0.3, exact=True).sum(), weight)
    step = 1e-6
    with torch.no_grad():
        values = []
        for sign in (1, -1):
            weight[0, 0, 1, 1] += sign * step
            values.append(sure(denoiser, y, 0.3, exact=True).sum())
            weight[0, 0, 1, 1] -= sign * step
    numeric = (values[0] - values[1]) / (2 * step)
    assert_close(gradient[0, 0, 1, 1], numeric, 1e-6)  # rounding 1e-15 / step, and step^2


@pytest.mark.parametrize("sigma", [0.0, -1.0])
def test_levels_must_be_positive(sigma):
    y = images(1)
    for call in (
        lambda: score_from_denoised(y, y, sigma),
        lambda: denoised_from_score(y, y, sigma),
        lambda: sure(DENOISER, y, sigma, exact=True),
    ):
        with pytest.raises(InputError, match="finite and positive"):
            call()


def test_sure_needs_probes_and_their_source():
    with pytest.raises(InputError, match="give rng"):
        sure(DENOISER, images(1), 0.1)
    with pytest.raises(InputError, match="at least 1"):
        sure(DENOISER, images(1), 0.1, rng=generator(0), probes=0)


@pytest.mark.parametrize("function", [score, sure])
def test_what_is_no_denoiser_is_refused_with_how_to_make_one(function):
    told = {} if function is score else {"exact": True}
    with pytest.raises(InputError, match=r"A Sequential is no Denoiser.*ResidualDenoiser"):
        function(bias_free_net(), images(1), 0.1, **told)


def test_scores_and_risks_of_a_class():
    joint, y, labels = mixture(), images(3, side=4), torch.tensor([2, 0, 1])
    assert_close(score(joint, y, 0.3, label=labels), joint.score(y, 0.3, labels), 1e-12)
    found = sure(joint, y, 0.3, exact=True, label=labels)
    for image, label, risk in zip(y, labels, found, strict=True):
        alone = sure(joint, image[None], 0.3, exact=True, label=int(label))
        assert_close(risk[None], alone, 1e-11)
    assert float((found - sure(joint, y, 0.3, exact=True)).abs().max()) > 0.01
    probed = sure(joint, y.expand(3, 1, 4, 4), 0.3, rng=generator(1), probes=200, label=labels)
    assert_close(probed, found, 0.5)


def test_the_risk_of_a_denoiser_that_is_told_something():
    class Sum(Denoiser):
        """Half of the image and the condition."""

        blind = needs_cond = True

        def _denoise(self, y, sigma, cond, label):
            return (y + cond) / 2

    y, cond = images(2, side=4), images(2, side=4) / 3
    expected = ((y - cond) / 2).square().flatten(1).sum(1)  # the trace is half of the pixels
    assert_close(sure(Sum(), y, 0.3, exact=True, cond=cond), expected, 1e-12)


@pytest.mark.parametrize(
    ("factor", "side", "expected"), [(0.5, 512, 512**2 / 4), (1.0, 16, (2e-4 * 16) ** 2)]
)
def test_sure_of_half_precision_sums_in_single_precision(factor, side, expected):
    """float16 holds no sum above 65,504, and no σ² below 6e-8."""
    y = torch.ones(1, 1, side, side, dtype=torch.float16)
    found = sure(Multiple(factor), y, 2e-4, rng=generator(0))
    assert found.dtype == torch.float32
    assert_close(found, torch.tensor([expected]), 1e-3)  # σ in float16


class Multiple(Denoiser):
    """f(y) = a y, whose Jacobian has the trace a d."""

    def __init__(self, factor):
        super().__init__()
        self.factor = factor

    def _denoise(self, y, sigma, cond, label):
        return self.factor * y


def test_functions_and_modules_that_are_told_the_level_have_scores_and_risks():
    """f(y) = y/2 of σ = 2: (f - y)/σ² = -y/8, and the risk |y/2|² + σ² (2 d/2 - d) = |y|²/4."""

    class Own(nn.Module):
        def forward(self, y, sigma, *, cond=None, label=None):
            return y / 2

    y = torch.rand(3, 1, 4, 4, generator=generator(0), dtype=torch.float64)
    for f in (Own(), lambda y, sigma, **_told: y / 2):
        torch.testing.assert_close(score(f, y, 2.0), -y / 8)
        torch.testing.assert_close(sure(f, y, 2.0, exact=True), y.square().sum((1, 2, 3)) / 4)


def _named(y, *, sigma):
    return y / (1 + sigma)


class Told(nn.Module):
    """Knows the level, and no classes."""

    def forward(self, y, sigma):
        return y / (1 + sigma)


@pytest.mark.parametrize(
    ("f", "share"),
    [
        (lambda y: y / 2, 1 / 2),
        (lambda y, s: y / (1 + s), 1 / 1.3),
        (lambda *given: given[0] / (1 + given[1]), 1 / 1.3),
        (lambda y, s, cond: y / (1 + s), 1 / 1.3),  # has no default, and is told None
        (_named, 1 / 1.3),
        (partial(_named, sigma=7.0), 1 / 1.3),
        (Told(), 1 / 1.3),
    ],
)
def test_plain_functions_have_scores(f, share):
    """f(y) = c y has the score (c - 1) y / sigma^2, and the trace c d."""
    y = images(2, side=4)
    assert_close(score(f, y, 0.3), (share - 1) * y / 0.09, 1e-12)
    expected = (1 - share) ** 2 * y.square().sum((1, 2, 3)) + 0.09 * 16 * (2 * share - 1)
    assert_close(sure(f, y, 0.3, exact=True), expected, 1e-12)


def test_functions_are_told_what_is_given_and_nothing_else():
    y = images(2, side=4)
    known = lambda y, sigma, label=3: y * label / 4  # noqa: E731
    assert_close(score(known, y, 0.5), -y, 1e-12)
    assert_close(score(known, y, 0.5, label=2), -2 * y, 1e-12)
    for f, told in ((lambda y: y, {"label": 1}), (known, {"cond": y}), (Told(), {"label": 1})):
        (name,) = told
        with pytest.raises(InputError, match=rf"takes no {name}, only \(y.*\): call it without"):
            score(f, y, 0.5, **told)
