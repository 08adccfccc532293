"""Learning-rate schedules against their closed forms, ends included."""

import math

import pytest
import torch

from scorelet.training import rate_factor
from scorelet.training.config import ScheduleConfig

STEPS, WARMUP = 1000, 100
EXACT = 1e-15  # a few roundings of numbers up to 1


def factor(step, shape, steps=STEPS, **options):
    return rate_factor(step, steps, ScheduleConfig(shape=shape, **{"warmup": WARMUP, **options}))


@pytest.mark.parametrize("shape", ["cosine", "linear", "step", "constant"])
def test_the_warm_up_is_a_ramp_that_ends_at_one(shape):
    assert factor(0, shape) == 1 / WARMUP  # the first step is not wasted
    for step in range(WARMUP):
        assert factor(step, shape) == (step + 1) / WARMUP
    assert factor(WARMUP - 1, shape) == factor(WARMUP, shape) == 1


@pytest.mark.parametrize(
    ("shape", "formula"),
    [
        ("cosine", lambda u: math.cos(math.pi * u / 2) ** 2),
        ("linear", lambda u: 1 - u),
        ("constant", lambda u: 1),
    ],
)
def test_after_the_warm_up_it_is_a_function_of_the_share_that_is_done(shape, formula):
    for step in range(WARMUP, STEPS + 1):
        u = (step - WARMUP) / (STEPS - WARMUP)
        assert factor(step, shape) == pytest.approx(formula(u), abs=EXACT)


@pytest.mark.parametrize(("shape", "last"), [("cosine", 0), ("linear", 0), ("constant", 1)])
def test_the_end_is_reached_at_the_last_step_and_kept(shape, last):
    assert factor(STEPS, shape) == pytest.approx(last, abs=EXACT)
    assert factor(2 * STEPS, shape) == pytest.approx(last, abs=EXACT)
    before = factor(STEPS - 1, shape)
    assert last <= before <= last + 1 / (STEPS - WARMUP) + EXACT


def test_steps_drop_by_the_factor_every_so_often_after_the_warm_up():
    options = {"every": 250, "factor": 0.1}
    assert factor(WARMUP + 249, "step", **options) == 1
    assert factor(WARMUP + 250, "step", **options) == 0.1
    assert factor(WARMUP + 499, "step", **options) == 0.1
    assert factor(WARMUP + 750, "step", **options) == pytest.approx(1e-3, rel=1e-14)


@pytest.mark.parametrize(("steps", "warmup"), [(100, 30), (1000, 300), (50, 5)])
def test_one_cycle_is_torchs(steps, warmup):
    """The reference has its top at step pct · steps - 1 and its end at the last step."""
    peak = torch.nn.Parameter(torch.zeros(1))
    optimizer = torch.optim.SGD([peak], lr=1.0)
    reference = torch.optim.lr_scheduler.OneCycleLR(
        optimizer, 1.0, total_steps=steps, pct_start=warmup / steps, cycle_momentum=False
    )
    for step in range(steps):
        expected = optimizer.param_groups[0]["lr"]
        assert factor(step, "one-cycle", steps, warmup=warmup) == pytest.approx(expected, abs=1e-14)
        optimizer.step()
        if step < steps - 1:
            reference.step()


def test_one_cycle_starts_and_ends_where_it_is_told():
    options = {"warmup": 4, "start": 0.5, "end": 0.25}
    assert factor(0, "one-cycle", 10, **options) == 0.5
    assert factor(3, "one-cycle", 10, **options) == 1
    assert factor(9, "one-cycle", 10, **options) == factor(99, "one-cycle", 10, **options) == 0.25
    assert factor(0, "one-cycle", 1, warmup=0) == factor(0, "one-cycle", 1, warmup=1) == 1


@pytest.mark.parametrize("shape", ["cosine", "linear", "step", "constant"])
def test_no_warm_up_starts_at_one_and_an_endless_one_is_cut_off(shape):
    assert factor(0, shape, warmup=0) == 1
    assert factor(9, shape, steps=10, warmup=20) == 0.5
    assert factor(0, shape, steps=1, warmup=0) == 1
    assert factor(10, shape, steps=10, warmup=10) in (0, 1)  # no division by zero
