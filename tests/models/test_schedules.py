"""Noise schedules: α and σ belong to the diffusion that is stated."""

import math
from inspect import unwrap

import pytest
import torch

from scorelet.core.errors import InputError
from scorelet.models.schedules import OrnsteinUhlenbeck, VarianceExploding, VariancePreserving

SCHEDULES = [
    OrnsteinUhlenbeck(3.0),
    VariancePreserving(0.2, 7.0),
    VarianceExploding(4.0),
    OrnsteinUhlenbeck(3.0, 0.2),
]


def time(t):
    return torch.tensor(t, dtype=torch.float64)


@pytest.mark.parametrize("schedule", SCHEDULES)
@pytest.mark.parametrize("share", [0.1, 0.5, 0.9])
def test_drift_and_diffusion_are_those_of_alpha_and_sigma(schedule, share):
    """f = α'/α and g² = (σ²)' - 2 f σ², by central differences."""
    t, h = time(share * schedule.end), 1e-5
    slope = (schedule.alpha(t + h) - schedule.alpha(t - h)) / (2 * h)
    growth = (schedule.sigma(t + h) ** 2 - schedule.sigma(t - h) ** 2) / (2 * h)
    f = slope / schedule.alpha(t)
    assert float(schedule.drift(t)) == pytest.approx(float(f), abs=1e-8)
    expected = growth - 2 * f * schedule.sigma(t) ** 2
    assert float(schedule.diffusion(t)) == pytest.approx(float(expected), rel=1e-8)
    assert schedule.sigma(time(0)) == 0
    assert schedule.alpha(time(0)) == 1


@pytest.mark.parametrize("schedule", SCHEDULES[:2])
@pytest.mark.parametrize("share", [0.0, 0.3, 1.0])
def test_the_variance_of_unit_data_stays(schedule, share):
    t = time(share * schedule.end)
    total = schedule.alpha(t) ** 2 + schedule.sigma(t) ** 2
    assert float(total) == pytest.approx(1, rel=1e-14)


def test_variance_preserving_is_ornstein_uhlenbeck_in_another_time():
    schedule = VariancePreserving(0.1, 20.0)
    for t in (0.01, 0.4, 1.0):
        other = (0.1 * t + 19.9 * t**2 / 2) / 2
        expected = float(OrnsteinUhlenbeck().level(time(other)))
        assert float(schedule.level(time(t))) == pytest.approx(expected, rel=1e-12)


def test_times_are_uniform_or_quadratic():
    schedule = OrnsteinUhlenbeck(6.0)
    assert schedule.times(3).tolist() == pytest.approx([0, 2, 4, 6])
    assert schedule.times(3, power=2.0).tolist() == pytest.approx([0, 6 / 9, 24 / 9, 6])


def unchecked(kind, **options):
    """Make a schedule past the checks of annotations that all tests have."""
    schedule = object.__new__(kind)
    unwrap(kind.__init__)(schedule, **options)
    return schedule


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda: OrnsteinUhlenbeck(0.0), "positive time"),
        (lambda: OrnsteinUhlenbeck(scale=0.0), "scale of the data is 0.0"),
        (lambda: unchecked(OrnsteinUhlenbeck, end="5"), "ends at '5': it must be a positive time"),
        (lambda: unchecked(OrnsteinUhlenbeck, scale=[1.0]), r"scale of the data is \[1.0\]"),
        (lambda: unchecked(VarianceExploding, least="0"), "least level is '0'"),
        (lambda: unchecked(VariancePreserving, low=None), "from None to 20.0: expected 0 < low"),
        (lambda: unwrap(OrnsteinUhlenbeck.times)(OrnsteinUhlenbeck(), 4, power="2"), "is '2'"),
        (lambda: VarianceExploding(math.inf), "positive time"),
        (lambda: VariancePreserving(2.0, 1.0), "0 < low <= high"),
        (lambda: OrnsteinUhlenbeck().times(0), "at least one"),
        (lambda: OrnsteinUhlenbeck().times(4, power=0.0), "positive"),
    ],
)
def test_what_is_no_schedule(make, words):
    with pytest.raises(InputError, match=words):
        make()


def test_levels_from_the_least_one_are_even_in_their_roots():
    """Karras et al. 2022, eq. 5, from its end: σ_k = (a + k/(N - 1) (b - a))^7, and 0 below."""
    times = VarianceExploding(8.0, 0.01).times(5, power=7.0)
    assert times[0] == 0
    assert times[1:].tolist() == pytest.approx(
        [(0.01 ** (1 / 7) + k / 4 * (8 ** (1 / 7) - 0.01 ** (1 / 7))) ** 7 for k in range(5)]
    )
    assert VarianceExploding(8.0, 0.01).times(1, power=7.0).tolist() == [0.0, 8.0]


def test_a_least_level_above_the_largest_is_refused():
    with pytest.raises(InputError, match="least level is 9"):
        VarianceExploding(8.0, 9.0)
