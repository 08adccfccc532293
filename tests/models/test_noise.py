"""Noise laws against their closed forms."""

import pytest
import torch

from laws.denoiser_laws import assert_close
from scorelet.core.errors import InputError
from scorelet.core.random import generator, randn
from scorelet.models import (
    LogUniformNoise,
    MixedNoise,
    NoiseLaw,
    QuadraticNoise,
    UniformNoise,
    add_noise,
)

LAWS = [
    UniformNoise(0.1, 0.6),
    QuadraticNoise(0.8),
    LogUniformNoise(0.01, 2.0),
    MixedNoise((1.0, 3.0), (UniformNoise(0.0, 0.2), UniformNoise(0.1, 0.6))),
]


@pytest.mark.slow
@pytest.mark.parametrize("law", LAWS, ids=lambda law: type(law).__name__)
def test_samples_follow_the_closed_forms(law):
    assert isinstance(law, NoiseLaw)
    count = 20_000
    levels = law.sample(count, rng=generator(0)).double().sort().values
    standard_error = float(levels.std()) / count**0.5
    assert abs(float(levels.mean()) - law.mean) < 3 * standard_error
    theory = torch.tensor([law.cdf(float(level)) for level in levels], dtype=torch.float64)
    empirical = (torch.arange(count, dtype=torch.float64) + 0.5) / count
    # Kolmogorov: the largest gap exceeds 1.63 / sqrt(n) once in a hundred seeds
    assert (theory - empirical).abs().max() < 1.63 / count**0.5


@pytest.mark.slow
@pytest.mark.parametrize("law", LAWS, ids=lambda law: type(law).__name__)
def test_mean_is_the_integral_of_the_tail(law):
    # E sigma = integral of P(sigma > s); midpoint rule, whose error at the kinks of the cdf and
    # at the square root of the quadratic law is below 1e-4 with 20,000 points
    edge, count = 2.5, 20_000
    points = ((k + 0.5) * edge / count for k in range(count))
    assert sum(1 - law.cdf(s) for s in points) * edge / count == pytest.approx(law.mean, abs=1e-4)


def test_quadratic_law_has_half_its_levels_below_a_quarter():
    law = QuadraticNoise()
    assert law.cdf(0.25) == 0.5
    assert law.mean == pytest.approx(1 / 3, abs=1e-15)
    below = (law.sample(10_000, rng=generator(1)) < 0.25).double().mean()
    assert abs(below - 0.5) < 3 * 0.5 / 100  # 3 standard errors of a fair coin, 10,000 throws


def test_cdf_outside_the_range():
    for law in LAWS:
        assert (law.cdf(0.0), law.cdf(5.0)) == (0.0, 1.0)


def test_sampling_is_a_function_of_the_generator():
    first, again = (LAWS[0].sample(5, rng=generator(2, 7)) for _ in range(2))
    assert torch.equal(first, again)


def test_added_noise_has_the_asked_level_per_image():
    x = torch.full((2, 1, 100, 100), 0.5, dtype=torch.float64)
    noise = add_noise(x, [0.1, 0.0], rng=generator(3)) - x
    # the standard deviation of 10,000 normals is known to 1 / sqrt(20,000); 3 of these
    assert abs(float(noise[0].std()) / 0.1 - 1) < 3 / 20_000**0.5
    assert torch.equal(noise[1], torch.zeros_like(noise[1]))
    expected = 0.1 * randn((2, 1, 100, 100), rng=generator(3), like=x)[0]
    assert_close(noise[0], expected, 1e-14)  # subtraction of 0.5 rounds


@pytest.mark.parametrize(
    "make",
    [
        lambda: UniformNoise(0.5, 0.1),
        lambda: UniformNoise(-0.1, 0.1),
        lambda: QuadraticNoise(0.0),
        lambda: LogUniformNoise(0.0, 1.0),
        lambda: LogUniformNoise(0.1, float("inf")),
        lambda: UniformNoise(float("nan"), 1.0),
    ],
)
def test_impossible_ranges_are_refused(make):
    with pytest.raises(InputError, match="low"):
        make()


@pytest.mark.slow
def test_a_mixture_has_its_laws_by_their_shares():
    """Levels of two laws that do not overlap tell which was drawn: four standard errors."""
    law = MixedNoise((0.5, 1.5), (UniformNoise(0.0, 0.0), UniformNoise(0.2, 0.3)))
    count = 4000
    zero = float((law.sample(count, rng=generator(3)) == 0).double().mean())
    assert abs(zero - 0.25) < 4 * (0.25 * 0.75 / count) ** 0.5


@pytest.mark.parametrize("shares", [(1.0,), (1.0, 0.0), (1.0, -1.0), (1.0, float("inf"))])
def test_shares_that_are_none_are_one_sentence(shares):
    with pytest.raises(
        InputError, match=r"^(Shares of noise laws must|1 shares for 2 noise laws).*\.$"
    ):
        MixedNoise(shares, (UniformNoise(0.0, 0.1), UniformNoise(0.0, 0.2)))
