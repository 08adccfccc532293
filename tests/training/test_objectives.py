"""The denoising loss: its formula, and whom it is minimised by."""

import pytest
import torch

from scorelet.core.random import Noise, generator, randn
from scorelet.models import UniformNoise
from scorelet.models.turned import TURNS, mean_over_turns, turned_back
from scorelet.training import (
    blind_denoising,
    classification,
    classification_loss,
    denoising_loss,
    distillation,
    drowning,
    objectives,
)


def batch(count=3, side=4):
    clean = torch.rand((count, 2, side, side), generator=generator(0))
    sigma = torch.linspace(0.0, 0.4, count)
    noise = randn(tuple(clean.shape), rng=generator(1))
    return {"clean": clean, "sigma": sigma, "noisy": clean + sigma[:, None, None, None] * noise}


@pytest.mark.parametrize("power", [0.0, 1.0, 2.0])
@pytest.mark.parametrize("floor", [2 / 255, 0.1])
def test_the_value_is_the_formula_written_out(power, floor):
    data = batch()
    loss = denoising_loss(data["noisy"], data["clean"], data["sigma"], power=power, floor=floor)
    terms, errors = [], []
    for noisy, clean, sigma in zip(
        *(data[n].double() for n in ("noisy", "clean", "sigma")), strict=True
    ):
        errors.append(
            sum((a - b) ** 2 for a, b in zip(noisy.flatten(), clean.flatten(), strict=True)) / 32
        )
        terms.append(errors[-1] / (sigma + floor) ** power)
    tol = 1e-5  # float32 means of 32 numbers
    torch.testing.assert_close(loss.value.double(), sum(terms) / 3, rtol=tol, atol=0)
    torch.testing.assert_close(loss.terms["mse"].double(), sum(errors) / 3, rtol=tol, atol=0)


def test_power_one_weighs_an_error_that_grows_as_sigma_alike_at_all_levels():
    sigma = torch.tensor([0.02, 0.1, 0.3])
    clean = torch.zeros(3, 1, 8, 8)
    error = (sigma + 2 / 255).sqrt()[:, None, None, None].expand_as(clean)
    estimate = error.clone().requires_grad_()
    denoising_loss(estimate, clean, sigma).value.backward()
    share = (estimate.grad * estimate).detach().sum((1, 2, 3))
    torch.testing.assert_close(share, share[0].expand(3), rtol=1e-6, atol=0)  # rounding only


def test_with_evenness_one_all_images_pull_alike_and_quiet_ones_no_more():
    """The slope of log e above what is usual; what is far below counts as LEAST of it."""
    sigma = torch.full((4,), 15 / 255)
    usual = objectives.USUAL * (17 / 255) ** objectives.GROWTH
    size = torch.tensor([1.0, 100.0, 1e-4, 0.0]) * usual
    clean = torch.zeros(4, 1, 8, 8)
    estimate = size.sqrt()[:, None, None, None].expand_as(clean).clone().requires_grad_()
    loss = denoising_loss(estimate, clean, sigma, power=0.0, evenness=1.0)
    loss.value.backward()
    pull = (estimate.grad * estimate).detach().sum((1, 2, 3))  # 2 e w / 4
    expected = torch.tensor([k / (k + objectives.LEAST) for k in (1, 100, 1e-4, 0)])
    torch.testing.assert_close(pull, usual / 2 * expected, rtol=1e-4, atol=0)


@pytest.mark.parametrize("evenness", [0.0, 0.5])
def test_evenness_moves_weight_between_images_by_their_error(evenness):
    clean, sigma = torch.zeros(2, 1, 16, 16), torch.full((2,), 0.1)
    usual = objectives.USUAL * (0.1 + 2 / 255) ** objectives.GROWTH
    errors = usual * torch.tensor([4.0, 1.0])
    estimate = errors.sqrt()[:, None, None, None].expand_as(clean).clone().requires_grad_()
    denoising_loss(estimate, clean, sigma, evenness=evenness).value.backward()
    pull = (estimate.grad * estimate).detach().sum((1, 2, 3))
    least = objectives.LEAST
    expected = 4 * ((1 + least) / (4 + least)) ** evenness
    assert float(pull[0] / pull[1]) == pytest.approx(expected, rel=1e-4)


def test_half_precision_estimates_are_summed_in_float32():
    clean = torch.zeros(1, 1, 64, 64)
    estimate = torch.full_like(clean, 300.0).half()  # the square overflows float16
    loss = denoising_loss(estimate, clean, torch.ones(1), power=0.0)
    assert float(loss.value) == 300.0**2


@pytest.mark.parametrize("power", [0.0, 1.0, 2.0])
@pytest.mark.parametrize("sigma", [0.1, 0.5, 2.0])
def test_the_best_shrinkage_of_a_gaussian_is_the_wiener_factor(power, sigma):
    """x ~ N(0, s²): of all f(y) = a y the loss prefers a = s²/(s² + σ²) = E[x | y] / y.

    The loss is a parabola in a, whose vertex comes from three values. The vertex of a sample of n
    is a regression coefficient with the standard error (Var[x | y] / (n Var y))^½: 4 of them.
    """
    s, n = 0.5, 200_000
    clean = s * randn((n // 100, 1, 10, 10), rng=generator(2)).double()
    noisy = clean + sigma * randn(tuple(clean.shape), rng=generator(3)).double()
    levels = torch.full((n // 100,), sigma, dtype=torch.float64)
    down, middle, up = (
        float(denoising_loss(a * noisy, clean, levels, power=power).value) for a in (-1, 0, 1)
    )
    vertex = (down - up) / 2 / (down - 2 * middle + up)
    wiener = s**2 / (s**2 + sigma**2)
    error = (wiener * sigma**2 / (n * (s**2 + sigma**2))) ** 0.5
    assert abs(vertex - wiener) < 4 * error


def test_the_objective_shows_the_model_the_noisy_batch_only():
    data, seen = batch(), []

    class Half(torch.nn.Module):
        def forward(self, y):
            seen.append(y)
            return y / 2

    loss = blind_denoising(0.5, 0.7)(Half(), data, Noise(0, range(len(data["clean"]))))
    half, weights = data["noisy"] / 2, {"power": 0.5, "evenness": 0.7}
    expected = denoising_loss(half, data["clean"], data["sigma"], **weights)
    assert torch.equal(loss.value, expected.value)
    assert len(seen) == 1
    assert seen[0] is data["noisy"]


class Shown(torch.nn.Module):
    """Returns what a function makes of its input, and keeps the levels that it was told."""

    def __init__(self, answer):
        super().__init__()
        self.answer = answer

    def forward(self, y, sigma=None):
        self.levels = sigma
        return self.answer(y, sigma)


def test_drowning_teaches_the_mean_over_opposite_noise():
    """Of the teacher y² that is y² + t² e²; of a linear one it is the teacher itself."""
    y, noise, law = (
        randn((5, 1, 8, 8), rng=generator(1)),
        Noise(0, range(5)),
        UniformNoise(0.1, 0.7),
    )
    twice = Shown(lambda y, _: 2 * y)
    found = drowning(lambda y: 2 * y, law, 1.0)(twice, {"noisy": y}, noise)
    assert float(found.terms["mse"]) < 1e-12
    assert torch.equal(twice.levels, law.quantile(noise.uniform(y, use=1)))
    e = noise.normal(y)

    def square(y, t):
        return y.square() + (t[:, None, None, None] * e).square()

    assert float(drowning(torch.square, law, 2.0)(Shown(square), {"noisy": y}, noise).value) < 1e-9
    off = drowning(torch.square, law, 0.0)(Shown(lambda y, _: y.square()), {"noisy": y}, noise)
    level = twice.levels[:, None, None, None]
    expected = (level * e).pow(4).mean()
    torch.testing.assert_close(off.value, expected)


def test_drowning_teaches_the_mean_over_orientations():
    """Of g(y) = w y, w without symmetry, that is the mean of turned w times y."""
    y = randn((1, 1, 5, 5), rng=generator(1))
    slope = randn((5, 5), rng=generator(2))
    student = Shown(lambda y, _: y.clone().requires_grad_())
    objective = drowning(lambda y: slope * y, UniformNoise(0.1, 0.2), 0.0)
    shown = {
        round(float(objective(student, {"noisy": y}, Noise(0, [0], step=k)).terms["mse"]), 5)
        for k in range(80)
    }
    turned = [turned_back(slope * 1.0, k) for k in range(TURNS)]
    assert shown == {round(float((w * y - y).square().mean()), 5) for w in turned}


def test_all_parts_of_a_step_have_one_orientation():
    y, slope = randn((2, 1, 5, 5), rng=generator(1)), randn((5, 5), rng=generator(2))
    law, zero = UniformNoise(0.1, 0.2), Shown(lambda y, _: torch.zeros_like(y))
    sigma = torch.zeros(2)
    for objective in (
        distillation(lambda y: slope * y, 1, 0.0),
        drowning(lambda y: slope * y, law, 0.0),
    ):
        for step in range(8):
            whole, first, second = (
                objective(
                    zero, {"noisy": y[rows], "sigma": sigma[rows]}, Noise(3, rows, step=step)
                ).value
                for rows in ([0, 1], [0], [1])
            )
            torch.testing.assert_close(whole, (first + second) / 2)


def test_the_teacher_has_no_gradient():
    weight = torch.ones((), requires_grad=True)
    y, noise = randn((2, 1, 4, 4), rng=generator(1)), Noise(0, range(2))
    student = Shown(lambda y, _: weight * y)
    loss = drowning(lambda y: weight.square() * y + y, UniformNoise(0.1, 0.2), 1.0)
    loss(student, {"noisy": y}, noise).value.backward()
    assert weight.grad is not None
    assert float(weight.grad) < 0  # towards 2, which the teacher does not follow


@pytest.mark.parametrize("turns", [1, 2, 4, 8])
def test_what_is_distilled_is_in_the_mean_the_answer_to_all_turns(turns):
    """Of 8 / turns targets each is drawn; at an answer of 0 the gradient, -2 T / n, shows them."""
    y = randn((1, 2, 5, 5), rng=generator(1))
    slope = randn((5, 5), rng=generator(2))  # the teacher has no symmetry
    objective = distillation(lambda y: slope * y, turns, 0.0)
    batch = {"noisy": y, "sigma": torch.zeros(1)}
    targets = {}
    for seed in range(64):
        zero = torch.zeros_like(y, requires_grad=True)
        objective(Shown(lambda *_, zero=zero: zero), batch, Noise(seed, range(1))).value.backward()
        target = -zero.grad * y.numel() / 2
        targets[round(float(target.sum()), 4)] = target
    assert len(targets) == 8 // turns
    expected = mean_over_turns(lambda image, _: slope * image, y)
    torch.testing.assert_close(torch.stack([*targets.values()]).mean(0), expected)


def test_evenness_weighs_the_errors_beside_a_teacher():
    """Of a student of zeros and the teacher y both objectives are the loss of the target y."""
    y = randn((3, 1, 6, 6), rng=generator(1)) * torch.tensor([0.01, 0.1, 1])[:, None, None, None]
    noise, zero = Noise(0, range(3)), Shown(lambda y, _: torch.zeros_like(y))
    law = UniformNoise(0.1, 0.2)
    batch = {"noisy": y, "sigma": law.quantile(noise.uniform(y, use=1))}
    expected = denoising_loss(torch.zeros_like(y), y, batch["sigma"], power=2.0, evenness=1.0)
    drowned = drowning(lambda y: y, law, 2.0, 1.0)(zero, batch, noise)
    distilled = distillation(lambda y: y, 2, 2.0, 1.0)(zero, batch, noise)
    torch.testing.assert_close(drowned.value, expected.value)
    torch.testing.assert_close(distilled.value, expected.value)


@pytest.mark.parametrize("smoothing", [0.0, 0.1, 0.5])
def test_cross_entropy_is_the_formula_written_out(smoothing):
    logits = randn((4, 3), rng=generator(5)).double()
    label = torch.tensor([0, 2, 1, 2])
    loss = classification_loss(logits, label, smoothing=smoothing)
    probabilities = logits.exp() / logits.exp().sum(1, keepdim=True)
    target = (1 - smoothing) * torch.eye(3, dtype=torch.float64)[label] + smoothing / 3
    expected = -(target * probabilities.log()).sum(1).mean()
    torch.testing.assert_close(
        loss.value.double(), expected, rtol=1e-6, atol=0
    )  # float32 weights of the smoothing
    hits = (logits.argmax(1) == label).double().mean()
    assert float(loss.terms["accuracy"]) == float(hits)


def test_the_posterior_minimises_the_cross_entropy_of_its_own_labels():
    """Labels with frequencies p: the gradient of the loss vanishes at logits log p."""
    counts = torch.tensor([1, 2, 5])
    label = torch.arange(3).repeat_interleave(counts)
    logits = (counts / counts.sum()).log().double().requires_grad_()

    class Constant(torch.nn.Module):
        def forward(self, x):
            return logits.expand(len(x), 3)

    classification(0.0)(
        Constant(), {"x": label, "label": label}, Noise(0, range(len(label)))
    ).value.backward()
    assert float(logits.grad.abs().max()) < 1e-7  # logarithms of float32 shares
