"""What samples lose that start from noise around the mean: against the flow in closed form."""

import math

import pytest

from scorelet.models.schedules import VarianceExploding
from scorelet.sampling.reverse import SAMPLERS, ReversePlan
from scorelet.sampling.reverse.start import lost_by, lost_by_flow


@pytest.mark.parametrize("deviation", [0.1, 1.0, 4.0])
def test_small_steps_lose_what_the_exact_flow_loses(deviation):
    """dx = x σ dσ / (w + σ²) multiplies x by √(w / (w + S²)) from S to 0, S² to w S² / (w + S²)."""
    w, largest = deviation**2, 2.0
    closed = 1 - largest**2 / (w + largest**2)
    plan = ReversePlan(4, VarianceExploding(largest, 1e-3), SAMPLERS["heun"])
    assert math.isclose(lost_by_flow(largest, deviation), closed, rel_tol=1e-12)
    assert math.isclose(lost_by(plan, deviation), closed, abs_tol=2e-3)


def test_full_churn_loses_the_square():
    """It follows dx = 2 x σ dσ / (w + σ²) + √(2σ dσ) noise, Langevin steps with the flow."""
    plan = ReversePlan(4, VarianceExploding(2.0, 1e-3), SAMPLERS["heun"], churn=1.0)
    assert math.isclose(lost_by(plan, 4.0), lost_by_flow(2.0, 4.0) ** 2, abs_tol=1e-3)
