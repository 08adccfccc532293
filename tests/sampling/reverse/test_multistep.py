"""DPM-Solver++(2M): the published steps, closed recursions on Gaussians, its order, mixtures."""

import math
from dataclasses import replace
from itertools import pairwise

import pytest
import torch

from scorelet.core.random import Noise
from scorelet.models import Denoiser
from scorelet.models.mixture import GaussianMixtureDenoiser
from scorelet.models.schedules import OrnsteinUhlenbeck, VarianceExploding, VariancePreserving
from scorelet.sampling.reverse import SAMPLERS, ReversePlan, discrete_law, draw, steps_needed

TWO = SAMPLERS["dpmpp-2m"]
D = torch.tensor([0.25, 0.5, 1.0, 2.0, 4.0], dtype=torch.float64)
SCHEDULES = [OrnsteinUhlenbeck(4.0), VariancePreserving(), VarianceExploding(15.0, 0.02)]


class Bent(Denoiser):
    """No exact one of any law: its answers are not linear in the image."""

    def _denoise(self, y, sigma, *_):
        return torch.tanh(y / (0.3 + sigma[:, None, None, None] ** 2))


def at(schedule, t):
    """α, σ and λ = log(α/σ) at a time."""
    t = torch.tensor(t, dtype=torch.float64)
    alpha, sigma = float(schedule.alpha(t)), float(schedule.sigma(t))
    return alpha, sigma, math.log(alpha / sigma) if sigma else math.inf


def published(denoiser, x, schedule, times):
    """As diffusers writes arXiv 2211.01095: D0 and D1, of first order at the start and the end."""
    earlier = None
    for k, (t, u) in enumerate(pairwise(times)):
        (alpha, sigma, lam), (alpha_u, sigma_u, lam_u) = at(schedule, t), at(schedule, u)
        found = denoiser(x / alpha, sigma / alpha)
        h = lam_u - lam
        x = sigma_u / sigma * x - alpha_u * math.expm1(-h) * found
        if earlier is not None and k < len(times) - 2:
            r0 = (lam - at(schedule, times[k - 1])[2]) / h
            x = x - 0.5 * alpha_u * math.expm1(-h) * (found - earlier) / r0
        earlier = found
    return x


@pytest.mark.parametrize("schedule", SCHEDULES)
@pytest.mark.parametrize("steps", [1, 2, 3, 9])
def test_samples_are_those_of_the_published_steps(schedule, steps):
    """From the same start: it draws no other noise."""
    like, noise = torch.zeros(3, 1, 4, 4, dtype=torch.float64), Noise(5, range(3))
    plan = ReversePlan(steps, schedule, TWO, 2.0)
    times = schedule.times(steps, power=2.0).flip(0).tolist()
    start = schedule.noise_std * noise.at(0).normal(like)
    expected = published(Bent(), start, schedule, times)
    found = draw(Bent(), like, plan, noise)
    torch.testing.assert_close(found, expected, rtol=1e-11, atol=1e-11)
    assert all(step.deviation == 0 for step in plan.table)


def recursion(d, schedule, times, *, restraint, churn, start):
    """Variance and mean of samples of N(m, d), m = 1, by scalars; p is the estimate before."""
    v, q, p, mean, mean_p = schedule.noise_std**2, 0.0, 0.0, start, 0.0
    t, passed = times[0], math.inf
    for k, u in enumerate(times[1:], start=1):
        (alpha, sigma, lam), (alpha_u, sigma_u, lam_u) = at(schedule, t), at(schedule, u)
        gain = (1 - restraint) * alpha * d / (alpha**2 * d + sigma**2) + restraint / alpha
        keep = sigma_u / sigma
        take = alpha_u - keep * alpha
        w = (lam_u - lam) / (2 * passed) if u else 0.0
        a, b, passed = keep + take * (1 + w) * gain, -take * w, lam_u - lam
        v, q, p = a * a * v + 2 * a * b * q + b * b * p, gain * (a * v + b * q), gain**2 * v
        found = 1 + gain * (mean - alpha)
        mean, mean_p = keep * mean + take * ((1 + w) * found - w * mean_p), found
        if u and churn:
            t = u + churn * (times[k - 1] - u)
            up, sigma_up, _ = at(schedule, t)
            kept = up / alpha_u
            v, q = kept**2 * v + sigma_up**2 - (kept * sigma_u) ** 2, kept * q
            mean = kept * mean
        else:
            t = u
    return v, mean


@pytest.mark.parametrize("schedule", SCHEDULES)
@pytest.mark.parametrize(
    ("restraint", "churn"), [(0.0, 0.0), (0.03, 0.0), (-0.02, 0.7), (0.0, 1.0)]
)
def test_the_law_is_that_of_a_recursion_of_scalars(schedule, restraint, churn):
    times = schedule.times(9, power=2.0).flip(0).tolist()
    plan = ReversePlan(9, schedule, TWO, 2.0, restraint, churn)
    for centred, start in ((True, plan.start), (False, 0.0)):
        law = discrete_law(D, plan, centred=centred)
        for d, variance, gain in zip(D.tolist(), *law, strict=True):
            options = {"restraint": restraint, "churn": churn, "start": start}
            found = recursion(d, schedule, times, **options)
            assert (float(variance), float(gain)) == pytest.approx(found, rel=1e-9, abs=1e-9)


@pytest.mark.parametrize(("name", "order"), [("dpmpp-2m", 2), ("ddim", 1)])
@pytest.mark.parametrize("churn", [0.0, 0.6])
@pytest.mark.parametrize("schedule", [OrnsteinUhlenbeck(3.0), VarianceExploding(20.0)])
def test_the_error_of_the_law_falls_with_the_order(name, order, churn, schedule):
    """Twice as many steps: a quarter of the error, or half of it, whether noise is added or not."""
    laws = [
        discrete_law(D, ReversePlan(n, schedule, SAMPLERS[name], 3.0, churn=churn)).variance
        for n in (200, 400, 800)
    ]
    ratios = (laws[1] - laws[0]).abs() / (laws[2] - laws[1]).abs()
    assert float(ratios.max().log2()) == pytest.approx(order, abs=0.3)
    assert float(ratios.min().log2()) == pytest.approx(order, abs=0.3)
    if not churn:
        alpha, sigma, _ = at(schedule, schedule.end)
        flow = D * schedule.noise_std**2 / (alpha**2 * D + sigma**2)
        torch.testing.assert_close(laws[-1], flow, rtol=1e-4 if order == 2 else 1e-2, atol=0)


@pytest.mark.slow
def test_the_planner_counts_the_calls_of_one_a_step():
    """Variances of 1 to 10^-2 to 10 %: little more than half of Heun's calls, a third of DDIM's."""
    d = torch.logspace(-2, 0, 5, dtype=torch.float64)
    calls = {}
    for name in ("dpmpp-2m", "heun", "ddim"):
        plan = ReversePlan(1, VarianceExploding(8.0, 0.002), SAMPLERS[name], 7.0)
        steps = steps_needed(d, plan, measure="relative", tolerance=0.1, most=256)
        calls[name] = replace(plan, steps=steps).calls
        assert calls[name] == (2 * steps - 1 if name == "heun" else steps)
    assert calls["dpmpp-2m"] < 0.55 * calls["heun"]
    assert calls["dpmpp-2m"] < 0.4 * calls["ddim"]


def test_modes_of_a_mixture_keep_their_weights_and_means():
    weights = torch.tensor([0.3, 0.7], dtype=torch.float64)
    means = torch.tensor([0.2, 0.8], dtype=torch.float64).reshape(2, 1, 1, 1)
    variances = torch.tensor([0.003, 0.001], dtype=torch.float64)
    denoiser, count = GaussianMixtureDenoiser(weights, means, variances), 4000
    like = torch.zeros(count, 1, 1, 1, dtype=torch.float64)
    plan = ReversePlan(40, VarianceExploding(10.0, 0.002), TWO, 7.0)
    x = draw(denoiser, like, plan, Noise(2, range(count))).flatten()
    for mode, weight, mean, variance in zip(
        (x[x < 0.5], x[x >= 0.5]), weights, means.flatten(), variances, strict=True
    ):
        share = float(weight * (1 - weight) / count) ** 0.5
        assert abs(len(mode) / count - float(weight)) < 4 * share
        assert abs(float(mode.mean() - mean)) < 4 * float(variance / len(mode)) ** 0.5
        assert float(mode.var() / variance) == pytest.approx(1, abs=4 * (2 / len(mode)) ** 0.5)
