"""Denoiser ascent: step counts, exact laws, consistency, and independence of the batch."""

from dataclasses import replace
from inspect import unwrap

import numpy as np
import pytest
import torch

from samples import Pointwise
from scorelet.core.errors import InputError
from scorelet.core.random import Noise, generator
from scorelet.models import ResidualDenoiser, StationaryGaussianDenoiser
from scorelet.models.band_whitening import as_complex
from scorelet.models.gaussian_details import GaussianDetailsDenoiser
from scorelet.models.measurements import (
    BlockMeans,
    Blur,
    KnownPixels,
    Observation,
    gaussian_kernel,
)
from scorelet.sampling import AscentSchedule, DivergenceError, ascend
from scorelet.tasks.restore.ways.base import SCHEDULE
from scorelet.wavelets.orthogonal.spectral import gaussian_levels

SIDE = 8


def gaussian():
    k = torch.fft.fftfreq(SIDE, 1 / SIDE, dtype=torch.float64)
    power = (k[:, None] ** 2 + k[None] ** 2).clamp(min=1) ** -1.5
    return StationaryGaussianDenoiser(0.06 * power / power.mean(), mean=0.5)


def flat(value=0.5):
    return torch.full((1, 1, SIDE, SIDE), value, dtype=torch.float64)


def last(*arguments, **options):
    *_, state = ascend(*arguments, **options)
    return state


@pytest.mark.parametrize(
    ("end", "growing", "counts"),
    [
        (0.01, True, {1.0: 32, 0.5: 47, 0.1: 127, 0.05: 200, 0.01: 661}),
        (0.05, True, {1.0: 25, 0.5: 37, 0.1: 97, 0.05: 151, 0.01: 472}),
        (0.01, False, {1.0: 459, 0.5: 919, 0.1: 4603, 0.05: 9209}),
    ],
)
def test_numbers_of_steps(end, growing, counts):
    for beta, count in counts.items():
        found = AscentSchedule(end=end, beta=beta, growing=growing).sigmas()
        assert abs(len(found) - 1 - count) <= max(1, 0.01 * count), beta


def test_no_sample_is_drawn_for_none():
    state = last(gaussian(), flat(), AscentSchedule(), Noise(0, []))
    assert state.denoised.shape == (0, *flat().shape[1:])


def test_the_noise_that_is_added_makes_the_level_that_is_stated():
    """γ² + (1 - h)² σ² = (1 - β h)² σ²."""
    schedule = AscentSchedule(beta=0.3)
    for step in (1, 5, 40):
        h, share = schedule.step_size(step), schedule.noise(step)
        assert share**2 + (1 - h) ** 2 == pytest.approx((1 - 0.3 * h) ** 2, abs=1e-12)


def test_the_level_of_a_point_is_the_stated_one():
    """With f = x, y_t - x is normal of level σ_t = Π (1 - β h)."""
    schedule = AscentSchedule(beta=0.3, end=0.2)
    noise = Noise(1, range(64))
    states = list(ascend(Pointwise(flat(0.3).expand_as), flat(), schedule, noise))
    for state, sigma in zip(states, schedule.sigmas()[1:], strict=False):
        error = float((state.y - 0.3).square().mean().sqrt()) / sigma
        assert error == pytest.approx(1, abs=0.12)  # the start adds the offset of the means
    torch.testing.assert_close(states[-1].denoised, flat(0.3).expand(64, -1, -1, -1))


def test_residual_levels_agree_with_known_ones_for_a_point():
    noise = Noise(1, range(4))
    schedule = AscentSchedule(beta=1.0, end=0.05)
    known = last(Pointwise(flat().expand_as), flat(), schedule, noise)
    measured = last(
        Pointwise(flat().expand_as),
        flat(),
        AscentSchedule(beta=1.0, end=0.05, levels="residual"),
        noise,
    )
    assert abs(known.step - measured.step) <= 2
    assert not measured.active.any()


def exact_variance(schedule, v):
    """The law of f(y_T) for a Gaussian of variance v: every step is linear."""
    sigmas = schedule.sigmas()
    total = torch.full_like(v, sigmas[0] ** 2)
    for step, sigma in enumerate(sigmas[:-1], start=1):
        keep = 1 - schedule.step_size(step) * sigma**2 / (v + sigma**2)
        total = keep**2 * total + (schedule.noise(step) * sigma) ** 2
    return (v / (v + sigmas[-1] ** 2)) ** 2 * total


@pytest.mark.slow
@pytest.mark.parametrize("growing", [True, False])
def test_samples_of_a_gaussian_have_the_exact_law_of_the_recursion(growing):
    model, schedule = gaussian(), AscentSchedule(first=0.05, beta=0.3, end=0.05, growing=growing)
    state = last(model, flat(), schedule, Noise(0, range(600)))
    found = torch.fft.fft2(state.denoised - 0.5, norm="ortho").abs().square().mean((0, 1))
    ratio = found / exact_variance(schedule, model.variances[0])
    assert float(ratio.mean()) == pytest.approx(1, abs=0.03)
    assert 0.75 < float(ratio.min()) <= float(ratio.max()) < 1.25  # 600 samples a frequency


@pytest.mark.slow
def test_small_constant_steps_sample_the_density_and_growing_ones_too_little():
    """What the page on restoring says: the variance of samples over that of the density."""
    v = torch.tensor([0.05, 0.01, 1e-3, 1e-4], dtype=torch.float64)
    constant = replace(SCHEDULE, first=0.01, beta=0.1, growing=False)
    assert len(constant.sigmas()) / len(SCHEDULE.sigmas()) == pytest.approx(80, rel=0.05)
    shares = {SCHEDULE: [0.50, 0.49, 0.45, 0.25], constant: [0.99, 0.97, 0.81, 0.31]}
    for schedule, expected in shares.items():
        assert (exact_variance(schedule, v) / v).tolist() == pytest.approx(expected, abs=0.006)


@pytest.mark.parametrize("beta", [1.0, 0.3])
def test_what_was_measured_stays(beta):
    """Block means are exact; what was not measured follows the conditional law in the mean."""
    model = gaussian()
    x = model.sample(1, rng=generator(2))
    measurement = BlockMeans((SIDE, SIDE), 2)
    known = Observation(measurement, measurement.measure(x))
    schedule = AscentSchedule(beta=beta, end=0.01)
    state = last(model, flat(), schedule, Noise(0, range(32)), observation=known)
    found = measurement.measure(state.denoised)
    torch.testing.assert_close(found, known.value.expand_as(found), rtol=0, atol=1e-10)
    expected = conditional_mean(model, measurement, known.value)
    error = (state.denoised.mean(0) - expected).square().mean().sqrt()
    nothing = (expected - measurement.consistent(flat(), known.value, 1.0)).square().mean().sqrt()
    assert float(error) < 0.5 * float(nothing)


def conditional_mean(model, measurement, value):
    """E[x | c] of a Gaussian, by matrices."""
    units = torch.eye(SIDE**2, dtype=torch.float64).reshape(-1, 1, SIDE, SIDE)
    rows = measurement.measure(units).flatten(1).T
    covariance = model._apply_gain(units, model.variances[None]).flatten(1)
    gain = covariance @ rows.T @ torch.linalg.inv(rows @ covariance @ rows.T)
    offset = value.flatten() - rows @ flat().flatten()
    return (flat().flatten() + gain @ offset).reshape(1, SIDE, SIDE)


def test_a_sample_does_not_depend_on_its_batch():
    model, schedule = gaussian(), AscentSchedule(beta=0.3, end=0.1, levels="residual")
    together = last(model, flat(), schedule, Noise(7, range(5))).denoised
    alone = last(model, flat(), schedule, Noise(7, [3])).denoised
    assert torch.equal(together[3:4], alone)


def test_missing_pixels_are_filled_and_known_ones_kept():
    mask = torch.rand(SIDE, SIDE, generator=generator(0)) < 0.5
    x = gaussian().sample(1, rng=generator(1))
    measurement = KnownPixels(mask)
    known = Observation(measurement, measurement.measure(x))
    state = last(gaussian(), flat(), AscentSchedule(), Noise(0, [0]), observation=known)
    assert torch.equal(state.denoised[..., mask], x[..., mask])
    assert not torch.equal(state.denoised[..., ~mask], flat()[..., ~mask])


def test_divergence_is_said():
    with pytest.raises(DivergenceError, match="step"):
        last(Pointwise(lambda y: 40 * y), flat(), AscentSchedule(levels="residual"), Noise(0, [0]))


@pytest.mark.parametrize(
    "options",
    [
        *({"beta": 0.0}, {"first": 2.0}, {"end": 2.0}, {"end": 0.0}, {"most": 0}, {"most": 1.5}),
        *({"levels": "Known"}, {"levels": ""}, {"most": float("inf")}, {"end": "0.1"}),
        *({"beta": None}, {"first": [1]}),
    ],
)
def test_schedules_that_lead_nowhere(options):
    with pytest.raises(InputError):
        unwrap(AscentSchedule.__init__)(object.__new__(AscentSchedule), **options)


@pytest.mark.slow
def test_details_follow_the_low_band_that_they_are_told():
    """The law is Gaussian: with the same noise, samples given a and 0 differ by A a."""
    spectrum = gaussian().variances[0]
    (law,) = gaussian_levels(spectrum, "db2", 1)
    denoiser = GaussianDetailsDenoiser(law)
    rng = torch.Generator().manual_seed(0)
    low = torch.randn(2, 1, SIDE // 2, SIDE // 2, dtype=torch.float64, generator=rng)
    start = torch.zeros(1, 3, SIDE // 2, SIDE // 2, dtype=torch.float64)
    schedule, noise = AscentSchedule(end=0.001, first=0.02, beta=0.2), Noise(1, [4, 5])
    told, plain = (
        last(denoiser, start, schedule, noise, cond=cond).denoised
        for cond in (low, torch.zeros_like(low))
    )
    expected = law.conditional_mean(low[:, 0])
    torch.testing.assert_close(told - plain, expected, rtol=0.02, atol=1e-3)
    assert plain.std() > 0.01


def test_without_added_noise_everything_is_a_function_of_the_start():
    """β = 1: γ = 0 at every step; the same seed gives the same bits."""
    schedule = AscentSchedule(beta=1.0, end=0.05)
    assert all(schedule.noise(step) == 0 for step in range(1, 30))
    found = [list(ascend(gaussian(), flat(), schedule, Noise(3, [0]))) for _ in range(2)]
    assert all(torch.equal(a.y, b.y) for a, b in zip(*found, strict=True))
    start = flat() + Noise(3, [0]).at(0).normal(flat())
    by_hand = start + 0.01 * (gaussian()(start, 1.0) - start)
    torch.testing.assert_close(found[0][0].y, by_hand)


@pytest.mark.parametrize("beta", [1.0, 0.5])
def test_what_was_measured_is_kept_to_the_last_level_before_the_last_estimate(beta):
    """rms(Vᵀ y - c) <= 2 σ_L: the noise that is left, and nothing else."""
    x = gaussian().sample(1, rng=generator(1))
    schedule, noise = AscentSchedule(beta=beta, end=0.01), Noise(0, range(16))
    mask = torch.rand(SIDE, SIDE, generator=generator(0)) < 0.5
    for measurement in (BlockMeans((SIDE, SIDE), 2), KnownPixels(mask)):
        known = Observation(measurement, measurement.measure(x))
        state = last(gaussian(), flat(), schedule, noise, observation=known)
        apart = measurement.coefficients(state.y) - measurement.coefficients(x)
        assert float(apart.square().mean().sqrt()) <= 2 * schedule.end


def test_noisy_measurements_are_kept_to_their_noise_and_the_last_level():
    """rms(S Vᵀ y - c) lies between s/2 and √(s² + (2 σ_L)²): no closer than the noise allows."""
    noise, end = 0.05, 0.01
    blur = Blur((SIDE, SIDE), gaussian_kernel(0.7), noise=noise)
    clean = blur.measure(gaussian().sample(1, rng=generator(1)))
    value = clean + noise * Noise(7, [0]).at(0).normal(clean)
    schedule = AscentSchedule(beta=0.5, end=end)
    known = Observation(blur, value)
    state = last(gaussian(), flat(), schedule, Noise(0, range(16)), observation=known)
    rms = float((blur.measure(state.y) - value).square().mean().sqrt())
    assert noise / 2 < rms <= (noise**2 + (2 * end) ** 2) ** 0.5


@pytest.mark.slow
def test_details_have_the_exact_law_of_the_recursion():
    """Given the low band they are Gaussian: each eigenvalue of their covariance by itself."""
    (law,) = gaussian_levels(gaussian().variances[0], "haar", 1)
    denoiser, count, half = GaussianDetailsDenoiser(law), 800, SIDE // 2
    schedule = AscentSchedule(start=0.5, end=0.02, first=0.05, beta=0.3)
    start = torch.zeros(1, 3, half, half, dtype=torch.float64)
    told = torch.zeros(count, 1, half, half, dtype=torch.float64)
    found = last(denoiser, start, schedule, Noise(2, range(count)), cond=told).denoised
    modes = torch.fft.fft2(found, norm="ortho")
    basis = as_complex(denoiser.basis).unflatten(0, modes.shape[-2:])
    along = torch.einsum("yxba,nbyx->nayx", basis.conj(), modes).abs().square().mean(0)
    expected = exact_variance(schedule, denoiser.variances)
    big = expected > 1e-3 * expected.max()
    ratio = along[big] / expected[big]
    assert float(ratio.mean()) == pytest.approx(1, abs=0.03)
    assert 0.75 < float(ratio.min()) <= float(ratio.max()) < 1.25


def test_smaller_steps_approach_the_law_of_details():
    """Constant steps, β = 0.5; at h = 0.01 variances are 0.5 % off, and the error falls as h."""
    (law,) = gaussian_levels(gaussian().variances[0], "haar", 1)
    v = GaussianDetailsDenoiser(law).variances
    v = v[v > 1e-4]
    schedules = [
        AscentSchedule(start=2.0, end=1e-3, first=first, beta=0.5, growing=False, most=100_000)
        for first in (0.04, 0.02, 0.01)
    ]
    off = [float((exact_variance(s, v) / v - 1).abs().max()) for s in schedules]
    assert off[2] == pytest.approx(0.0054, abs=0.0002)
    assert [off[0] / off[1], off[1] / off[2]] == pytest.approx([2, 2], abs=0.1)


@pytest.mark.parametrize("levels", ["known", "residual"])
@pytest.mark.parametrize("gain", [float("nan"), float("inf"), 1e30, 3.0, -4.0])
def test_divergence_is_said_with_step_and_scale(levels, gain):
    schedule = AscentSchedule(first=0.3, end=0.015, levels=levels)
    with pytest.raises(DivergenceError, match=r"diverged at step \d+"):
        last(Pointwise(lambda y: gain * y), flat(), schedule, Noise(0, range(2)))


def test_images_with_an_offset_do_not_diverge():
    schedule = AscentSchedule(first=0.6, end=0.1)
    found = last(Pointwise(flat(300.0).expand_as), flat(0.0), schedule, Noise(0, [0])).denoised
    torch.testing.assert_close(found, flat(300.0))


def test_the_last_answer_is_looked_at_too():
    """A denoiser that fails at the last, least level only."""
    schedule = AscentSchedule(first=0.6, end=0.1)
    end = schedule.sigmas()[-1]

    class Late(Pointwise):
        def _denoise(self, y, sigma, cond, label):
            return y * torch.where(sigma <= end, torch.nan, 1.0)[:, None, None, None]

    with pytest.raises(DivergenceError, match=f"step {len(schedule.sigmas()) - 1} of scale 5"):
        last(Late(None), flat(), schedule, Noise(0, range(2), scale=5))


def test_means_that_do_not_fit_are_refused():
    noise = Noise(0, range(3))
    with pytest.raises(InputError, match="mean of 2 images with the noise of 3 samples"):
        last(gaussian(), flat().expand(2, -1, -1, -1), AscentSchedule(), noise)
    with pytest.raises(InputError, match="of class ndarray: expected a tensor"):
        next(unwrap(ascend)(gaussian(), np.full((1, 1, 8, 8), 0.5), AscentSchedule(), noise))
    with pytest.raises(InputError, match="schedule is 8: expected an AscentSchedule"):
        next(unwrap(ascend)(gaussian(), flat(), 8, noise))
    with pytest.raises(InputError, match="noise is 0: expected a Noise"):
        next(unwrap(ascend)(gaussian(), flat(), AscentSchedule(), 0))


def test_samples_of_networks_know_no_gradients():
    """What a step computes is forgotten after it; whoever takes the states keeps gradients."""
    denoiser = ResidualDenoiser(torch.nn.Conv2d(1, 1, 3, padding=1).double())
    states = ascend(denoiser, flat().requires_grad_(), AscentSchedule(most=3), Noise(0, [0]))
    for state in states:
        assert torch.is_grad_enabled()
        assert not any(x.requires_grad for x in (state.y, state.denoised, state.sigma))
