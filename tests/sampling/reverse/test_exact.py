"""Exact laws of samplers on Gaussians: textbook recursions, limits, orders, and Monte Carlo."""

import math
from inspect import unwrap

import numpy as np
import pytest
import torch

from scorelet.core.errors import InputError
from scorelet.core.random import Noise
from scorelet.models import ResidualDenoiser, StationaryGaussianDenoiser
from scorelet.models.schedules import OrnsteinUhlenbeck, VarianceExploding, VariancePreserving
from scorelet.sampling.reverse import (
    SAMPLERS,
    ReversePlan,
    discrete_law,
    draw,
    reverse,
    sampler_named,
    steps_needed,
)
from scorelet.sampling.reverse.steps import Interval

D = torch.tensor([0.25, 0.5, 1.0, 2.0, 4.0], dtype=torch.float64)
SIDE, COUNT = 8, 4000


def law(name, steps, *, end=5.0, power=1.0, variances=D):
    plan = ReversePlan(steps, OrnsteinUhlenbeck(end), SAMPLERS[name], power)
    return discrete_law(variances, plan)


def textbook(name, steps, *, power):
    """The recursions as publications print them; ᾱ = e^-2t, β = 1 - e^-2δ."""
    times = OrnsteinUhlenbeck(5.0).times(steps, power=power).tolist()
    h = torch.ones_like(D)
    for k in range(steps, 0, -1):
        delta = times[k] - times[k - 1]
        bar, bar_u, beta = (
            math.exp(-2 * times[k]),
            math.exp(-2 * times[k - 1]),
            -math.expm1(-2 * delta),
        )
        d = bar * D + 1 - bar
        shrink = math.sqrt(bar) * D / d  # E[x_0 | x_t] = shrink x_t
        if name == "euler-maruyama":  # arXiv 2208.05003, with the score at the upper time
            h = (1 + delta - 2 * delta / d) ** 2 * h + 2 * delta
        elif name == "ddim":  # arXiv 2010.02502, eq. 12
            epsilon = (1 - math.sqrt(bar) * shrink) / math.sqrt(1 - bar)
            h = (math.sqrt(bar_u) * shrink + math.sqrt(1 - bar_u) * epsilon) ** 2 * h
        elif name == "flow":  # dx = (-x - s) dt backwards
            h = (1 + delta - delta / d) ** 2 * h
        else:  # arXiv 2006.11239, eqs. 6 and 7
            mean = math.sqrt(bar_u) * beta / (1 - bar) * shrink
            mean = mean + math.sqrt(1 - beta) * (1 - bar_u) / (1 - bar)
            small = (1 - bar_u) / (1 - bar) * beta
            noise = small if name.endswith("small") else beta * (k > 1)
            h = mean**2 * h + noise
    return h


@pytest.mark.parametrize("power", [1.0, 2.0])
@pytest.mark.parametrize("name", [name for name in SAMPLERS if name not in ("heun", "dpmpp-2m")])
def test_the_law_is_that_of_the_printed_recursion(name, power):
    found = law(name, 13, power=power).variance
    torch.testing.assert_close(found, textbook(name, 13, power=power), rtol=1e-11, atol=0)


def test_first_order_error_of_euler_maruyama():
    """(h - d)/δ → 1 - d² log d/(2 (d - 1)): the corollary, not the printed theorem 1."""
    d = D[D != 1]
    found = (law("euler-maruyama", 20_000, end=12.0, variances=d).variance - d) / (12 / 20_000)
    expected = 1 - d**2 * d.log() / (2 * (d - 1))
    torch.testing.assert_close(found, expected, rtol=0.01, atol=0)
    spurious = (d - 1) / 3  # of the printed theorem
    assert ((found - expected - spurious).abs() > 0.15).all()


def test_the_error_of_a_final_time():
    """(h - d) e^4T → -(d - 1) d²; N is so large that the error of steps does not matter."""
    d = torch.tensor([0.25, 4.0], dtype=torch.float64)
    fine, coarse = (law("euler-maruyama", n, end=2.0, variances=d).variance for n in (8_000, 4_000))
    error = (2 * fine - coarse - d) * math.exp(8)
    torch.testing.assert_close(error, -(d - 1) * d**2, rtol=0.15, atol=0)


@pytest.mark.parametrize(("name", "order"), [("ddim", 1), ("flow", 1), ("heun", 2)])
def test_flows_converge_to_the_map_of_the_equation(name, order):
    """The probability flow takes x_T to √(d/d_T) x_T; errors fall with the order of the method."""
    end = math.exp(-10) * (D - 1) + 1
    errors = [(law(name, n, power=2.0).variance - D / end).abs().max() for n in (200, 400)]
    assert errors[1] < 0.01 * D.max()
    assert float(errors[0] / errors[1]) == pytest.approx(2**order, rel=0.1)


@pytest.mark.slow
@pytest.mark.parametrize("name", list(SAMPLERS))
@pytest.mark.parametrize(
    "schedule", [OrnsteinUhlenbeck(4.0), VariancePreserving(), VarianceExploding(15.0)]
)
@pytest.mark.parametrize(("restraint", "churn"), [(0.0, 0.0), (0.02, 0.0), (0.0, 0.6)])
def test_samples_have_the_exact_law(name, schedule, restraint, churn):
    """Power of each Fourier mode of 4,000 fields, in standard errors; and the mean."""
    k = torch.fft.fftfreq(SIDE, 1 / SIDE, dtype=torch.float64)
    spectrum = 1 / (1 + k[:, None] ** 2 + k[None] ** 2)
    spectrum = spectrum / spectrum.mean()
    plan = ReversePlan(8, schedule, SAMPLERS[name], 2.0, restraint, churn)
    denoiser = StationaryGaussianDenoiser(spectrum, mean=2.0)
    like = torch.zeros(COUNT, 1, SIDE, SIDE, dtype=torch.float64)
    x = draw(denoiser, like, plan, Noise(3, range(COUNT)))[:, 0]
    exact = discrete_law(spectrum, plan, centred=True)
    mean = 2 * exact.gain[0, 0]
    error = float((exact.variance[0, 0] / (SIDE**2 * COUNT)).sqrt())
    assert abs(float(x.mean() - mean)) < 4 * error
    power = torch.fft.fft2(x - mean, norm="ortho").abs().square()
    deviations = (power.mean(0) - exact.variance) / (power.std(0) / COUNT**0.5)
    assert float(deviations.abs().max()) < 4.5  # of 64
    assert float(deviations.square().mean().sqrt()) < 1.4


class Uncentred(StationaryGaussianDenoiser):
    """One that does not say around what its images lie."""

    centre = None


@pytest.mark.parametrize("name", SAMPLERS)
@pytest.mark.parametrize("schedule", [OrnsteinUhlenbeck(2.0), VarianceExploding(4.0)])
def test_what_is_left_of_the_mean_depends_on_the_start(name, schedule):
    """Without noise in common: the difference of two runs with the same noise is exact."""
    spectrum = torch.full((4, 4), 0.7, dtype=torch.float64)
    plan = ReversePlan(5, schedule, SAMPLERS[name], power=2.0, restraint=0.01, churn=0.3)
    like, noise = torch.zeros(2, 1, 4, 4, dtype=torch.float64), Noise(0, range(2))
    nothing = draw(StationaryGaussianDenoiser(spectrum), like, plan, noise)
    kinds = (
        (StationaryGaussianDenoiser, None, True),
        (Uncentred, None, False),
        (Uncentred, torch.tensor(3.0), True),
    )
    for kind, mean, centred in kinds:
        found = draw(kind(spectrum, mean=3.0), like, plan, noise, mean=mean) - nothing
        gain = discrete_law([0.7], plan, centred=centred).gain
        torch.testing.assert_close(found, (3 * gain).expand_as(found), rtol=1e-10, atol=1e-10)


def test_arrays_of_any_order_are_variances_too():
    plan, values = ReversePlan(3), np.array([0.5, 1.0, 2.0])
    expected = discrete_law(values, plan).variance
    assert torch.equal(discrete_law(values.astype(">f8"), plan).variance, expected)
    assert torch.equal(discrete_law(values[::-1], plan).variance, expected.flip(0))


def test_arrays_and_lists_are_variances_too():
    plan = ReversePlan(3)
    for other in (D.numpy(), D.tolist()):
        assert torch.equal(discrete_law(other, plan).variance, discrete_law(D, plan).variance)


@pytest.mark.parametrize("restraint", [0.01, -0.01])
@pytest.mark.parametrize("name", ["heun", "dpmpp-2m"])
def test_a_restraint_multiplies_power_by_what_the_flow_says(name, restraint):
    """dx/ds = (1 - ε)(x - f)/s takes S² + d to (S² + d) ((σ² + d)/(S² + d))^(1 - ε)."""
    d, largest = torch.tensor([0.04], dtype=torch.float64), 50.0
    schedule = VarianceExploding(largest, least=0.002)
    plan = ReversePlan(400, schedule, SAMPLERS[name], power=7.0, restraint=restraint)
    found = float(discrete_law(d, plan).variance)
    whole = float(d) * (largest**2 / float(d)) ** restraint
    assert found == pytest.approx(whole, rel=0.01)


@pytest.mark.parametrize("restraint", [0.05, -0.05])
@pytest.mark.parametrize("name", ["euler-maruyama", "ancestral-large"])
def test_a_restraint_multiplies_power_of_samplers_with_noise_by_less(name, restraint):
    """dV/du = 2 (1 - ε) V/u - 1, u = s² + d, ends at d/(1 - 2ε) whatever it began with."""
    d = torch.tensor([0.04], dtype=torch.float64)
    schedule = VarianceExploding(50.0, least=0.002)
    plan = ReversePlan(2000, schedule, SAMPLERS[name], power=7.0, restraint=restraint)
    found = float(discrete_law(d, plan).variance)
    assert found == pytest.approx(float(d) / (1 - 2 * restraint), rel=0.02)


@pytest.mark.parametrize("churn", [0.5, 1.0])
@pytest.mark.parametrize("name", ["heun", "dpmpp-2m"])
def test_a_restraint_multiplies_power_by_less_with_churn(name, churn):
    """dV/du = (1 + c)(1 - ε) V/u - c, u = s² + d, ends at d/(1 - (1 + c) ε/c)."""
    d, restraint = torch.tensor([0.04], dtype=torch.float64), 0.05
    schedule = VarianceExploding(50.0, least=0.002)
    plan = ReversePlan(2000, schedule, SAMPLERS[name], 7.0, restraint, churn)
    found = float(discrete_law(d, plan).variance)
    assert found == pytest.approx(float(d) / (1 - (1 + churn) * restraint / churn), rel=0.02)


def test_a_restraint_that_takes_nothing_away_is_refused():
    with pytest.raises(InputError, match="between -1 and 1"):
        ReversePlan(3, restraint=1.0)


@pytest.mark.parametrize(("churn", "most"), [(0.0, 9.0), (0.4, 9.0), (1.0, 9.0), (0.4, 1.2)])
def test_the_law_with_churn_is_that_of_the_printed_algorithm(churn, most):
    """Algorithm 2 of arXiv 2206.00364 by Euler's steps, with levels raised by shares of a step."""
    levels = VarianceExploding(4.0).times(6, power=2.0).flip(0).tolist()
    h = torch.full_like(D, levels[0] ** 2)
    for k, level in enumerate(levels[:-1]):
        raised = level
        if k and level <= most:
            raised = level + churn * (levels[k - 1] - level)
            h = h + raised**2 - level**2
        slope = (1 - D / (D + raised**2)) / raised
        h = (1 + (levels[k + 1] - raised) * slope) ** 2 * h
    plan = ReversePlan(
        6, VarianceExploding(4.0), SAMPLERS["ddim"], 2.0, churn=churn, churn_max=most
    )
    torch.testing.assert_close(discrete_law(D, plan).variance, h, rtol=1e-12, atol=0)


@pytest.mark.parametrize("schedule", [OrnsteinUhlenbeck(6.0), VarianceExploding(60.0)])
@pytest.mark.parametrize("name", list(SAMPLERS))
def test_many_steps_with_churn_have_the_law_of_the_data(name, schedule):
    plan = ReversePlan(4000, schedule, SAMPLERS[name], 2.0, churn=0.7)
    torch.testing.assert_close(discrete_law(D, plan).variance, D, rtol=0.02, atol=0)


@pytest.mark.parametrize("churn", [0.0, 0.5, 1.0])
def test_churn_forgets_a_wrong_start(churn):
    """Around 0 in place of the mean: (d/(d + T²))^((1 + c)/2) of it stays missing.

    A step down by δ in log (d + σ²) leaves e^(-δ/2) of what is missing, and one that first goes up
    by c δ and then down leaves e^(-(1 + c) δ/2).
    """
    plan = ReversePlan(400, VarianceExploding(3.0), SAMPLERS["heun"], 2.0, churn=churn)
    missing = 1 - discrete_law(D, plan).gain
    torch.testing.assert_close(missing, (D / (D + 9)) ** ((1 + churn) / 2), rtol=0.01, atol=0)


PLAN = ReversePlan(3, VarianceExploding(5.0, 0.01))


def test_no_sample_is_drawn_for_none():
    like = torch.zeros(0, 1, SIDE, SIDE)
    flat = torch.ones(SIDE, SIDE, dtype=torch.float64)
    found = draw(StationaryGaussianDenoiser(flat), like, PLAN, Noise(0, []))
    assert found.shape == like.shape


def test_what_is_no_denoiser_is_refused_with_how_to_make_one():
    network, like = torch.nn.Conv2d(1, 1, 1), torch.zeros(1, 1, 4, 4)
    with pytest.raises(InputError, match=r"A Conv2d is no Denoiser.*ResidualDenoiser"):
        next(unwrap(reverse)(network, like, PLAN, Noise(0, [0])))


def test_churn_beyond_a_step_is_refused():
    for churn in (-0.1, 1.1):
        with pytest.raises(InputError, match="between 0 and 1"):
            ReversePlan(3, churn=churn)
    with pytest.raises(InputError, match="must be positive"):
        ReversePlan(3, churn=0.5, churn_max=0.0)


def test_noise_that_is_predicted_has_the_sign_of_the_noise():
    """Of unit data a step of ddim from t to u takes x_t times α_u α_t + σ_u σ_t, its noise kept."""
    plan = ReversePlan(2, OrnsteinUhlenbeck(2.0), SAMPLERS["ddim"])
    denoiser = StationaryGaussianDenoiser(torch.ones(4, 4, dtype=torch.float64))
    like, noise = torch.zeros(2, 1, 4, 4, dtype=torch.float64), Noise(3, range(2))
    start = plan.schedule.noise_std * noise.at(0).normal(like)
    first, _ = reverse(denoiser, like, plan, noise)
    _, u, t = plan.schedule.times(2)
    alpha, sigma = (
        [f(time) for time in (t, u)] for f in (plan.schedule.alpha, plan.schedule.sigma)
    )
    expected = (alpha[0] * alpha[1] + sigma[0] * sigma[1]) * start
    torch.testing.assert_close(first.x, expected)


@pytest.mark.parametrize("name", list(SAMPLERS))
def test_a_sample_does_not_depend_on_its_batch(name):
    spectrum = torch.ones(SIDE, SIDE, dtype=torch.float64)
    plan = ReversePlan(4, OrnsteinUhlenbeck(), SAMPLERS[name])
    denoiser = StationaryGaussianDenoiser(spectrum)
    like = torch.zeros(5, 1, SIDE, SIDE, dtype=torch.float64)
    many = draw(denoiser, like, plan, Noise(0, range(5)))
    alone = draw(denoiser, like[:1], plan, Noise(0, [3]))
    torch.testing.assert_close(alone[0], many[3], rtol=1e-13, atol=1e-13)
    other = draw(denoiser, like[:1], plan, Noise(0, [3], scale=1))
    assert (other - alone).abs().max() > 0.1


@pytest.mark.parametrize("name", list(SAMPLERS))
def test_the_scale_of_a_schedule_is_the_unit_of_the_data(name):
    spectrum = 1 / (1 + torch.arange(SIDE, dtype=torch.float64).minimum(SIDE - torch.arange(SIDE)))
    power, scale = spectrum[:, None] * spectrum, 0.3
    like, noise = torch.zeros(2, 1, SIDE, SIDE, dtype=torch.float64), Noise(0, range(2))
    found = [
        draw(
            StationaryGaussianDenoiser(s**2 * power),
            like,
            ReversePlan(5, OrnsteinUhlenbeck(5.0, s), SAMPLERS[name], 2.0),
            noise,
        )
        for s in (1.0, scale)
    ]
    torch.testing.assert_close(found[1], scale * found[0], rtol=1e-10, atol=1e-12)


@pytest.mark.parametrize("schedule", [OrnsteinUhlenbeck(4.0), VarianceExploding(15.0)])
@pytest.mark.parametrize("name", list(SAMPLERS))
def test_the_table_of_a_plan_has_the_numbers_of_its_steps(name, schedule):
    """By Python numbers, in few passes, each step leads where it leads by tensors."""
    plan = ReversePlan(5, schedule, SAMPLERS[name], 2.0)
    x = torch.linspace(-2, 2, 7, dtype=torch.float64)

    def posterior(x, alpha, sigma):
        return torch.tanh(x / alpha) / (1 + sigma)

    assert len(plan.table) == 5
    times, before, earlier = schedule.times(5, power=2.0).flip(0), torch.tensor(math.inf), x / 3
    for step, t, u in zip(plan.table, times, times[1:], strict=False):
        interval = Interval(schedule, t, u, before=before)
        other, before = plan.sampler.step(interval), interval.log_ratio
        assert step.deviation == pytest.approx(float(other.deviation), rel=1e-12)
        found, expected = (one.mean(x, posterior, earlier) for one in (step, other))
        for y, z in zip(found, expected, strict=True):
            torch.testing.assert_close(y, z, rtol=1e-12, atol=1e-12)


def plan_unchecked(*arguments, **options):
    """Make one without the checks of types in tests."""
    plan = object.__new__(ReversePlan)
    unwrap(ReversePlan.__init__)(plan, *arguments, **options)
    return plan


def test_what_cannot_be_sampled():
    with pytest.raises(InputError, match="at least one"):
        ReversePlan(0)
    with pytest.raises(InputError, match="Unknown sampler 'euler': use euler-maruyama"):
        sampler_named("euler")
    with pytest.raises(InputError, match="not negative"):
        discrete_law(-D, ReversePlan(3))
    with pytest.raises(InputError, match="one at least"):
        discrete_law(D[:0], ReversePlan(3))
    denoiser = StationaryGaussianDenoiser(torch.ones(4, 4))
    with pytest.raises(InputError, match="number of each sample"):
        draw(denoiser, torch.zeros(2, 1, 4, 4), ReversePlan(2), Noise(0, [1]))
    with pytest.raises(InputError, match="sampler is 'heun': expected one of SAMPLERS"):
        plan_unchecked(8, sampler="heun")
    with pytest.raises(InputError, match="schedule is 'vp': expected a noise schedule"):
        plan_unchecked(8, schedule="vp")
    for name, words in {"restraint": "restraint of 'a'", "churn": "churn of 'a'"}.items():
        with pytest.raises(InputError, match=words):
            plan_unchecked(8, **{name: "a"})


def test_a_number_of_steps_is_no_plan_and_a_seed_no_noise():
    like, plan, noise = torch.zeros(2, 1, 4, 4), ReversePlan(2), Noise(0, [0, 1])
    denoiser = StationaryGaussianDenoiser(torch.ones(4, 4))
    with pytest.raises(InputError, match=r"plan is 8: expected a ReversePlan"):
        next(unwrap(reverse)(denoiser, like, 8, noise))
    with pytest.raises(InputError, match=r"noise is 0: expected a Noise.*Noise\(0, range"):
        next(unwrap(reverse)(denoiser, like, plan, 0))
    with pytest.raises(InputError, match="class ndarray: expected a tensor"):
        next(unwrap(reverse)(denoiser, like.numpy(), plan, noise))
    for use in (discrete_law, steps_needed):
        with pytest.raises(InputError, match=r"plan is 8: expected a ReversePlan"):
            unwrap(use)([1.0], 8)


def test_variances_are_real_numbers():
    """The square of complex ones would be that of their real parts."""
    spectrum = torch.fft.fft2(torch.arange(16.0).reshape(4, 4))
    for complex_ones in (spectrum, spectrum.numpy(), [1 + 1j]):
        with pytest.raises(InputError, match="Variances are complex: give real ones"):
            unwrap(discrete_law)(complex_ones, ReversePlan(3))
    with pytest.raises(InputError, match="Variances must be numbers"):
        unwrap(discrete_law)(["a"], ReversePlan(3))


def test_integers_of_numpy_are_numbers_of_steps():
    denoiser, like = StationaryGaussianDenoiser(torch.ones(4, 4)), torch.zeros(1, 1, 4, 4)
    plans = ReversePlan(5), plan_unchecked(np.int64(5))
    assert torch.equal(*(draw(denoiser, like, plan, Noise(0, [0])) for plan in plans))


def test_samples_of_networks_know_no_gradients():
    """What a step computes is forgotten after it; whoever takes the states keeps gradients."""
    denoiser = ResidualDenoiser(torch.nn.Conv2d(1, 1, 3, padding=1))
    like, plan = torch.zeros(1, 1, 8, 8), ReversePlan(3)
    for state in reverse(denoiser, like, plan, Noise(0, [0])):
        assert torch.is_grad_enabled()
        assert not state.x.requires_grad
    assert not draw(denoiser, like, plan, Noise(0, [0])).requires_grad


def test_network_calls_are_those_that_are_made():
    for name, sampler in SAMPLERS.items():
        calls = []

        class Counted(StationaryGaussianDenoiser):
            def _denoise(self, y, *told, calls=calls):
                calls.append(1)
                return super()._denoise(y, *told)

        plan = ReversePlan(5, OrnsteinUhlenbeck(5.0), sampler)
        flat = torch.ones(4, 4, dtype=torch.float64)
        draw(Counted(flat), torch.zeros(1, 1, 4, 4, dtype=torch.float64), plan, Noise(0, [0]))
        assert len(calls) == plan.calls, name


@pytest.mark.parametrize("shape", [(2, 1, SIDE, SIDE), (2, 3, SIDE, 1), (2, 2, SIDE, SIDE)])
def test_a_batch_that_the_mean_would_enlarge_is_refused(shape):
    """All channels would start from one noise."""
    spectrum = torch.ones(3, SIDE, SIDE, dtype=torch.float64)
    model, like = StationaryGaussianDenoiser(spectrum), torch.zeros(shape).double()
    plan = ReversePlan(3, VarianceExploding(5.0, 0.01))
    with pytest.raises(InputError, match=r"mean .* has shape \(1, 3, 8, 8\), and the batch"):
        draw(model, like, plan, Noise(0, [0, 1]))
    fitting = torch.zeros(2, 3, SIDE, SIDE).double()
    assert draw(model, fitting, plan, Noise(0, [0, 1])).shape == fitting.shape
