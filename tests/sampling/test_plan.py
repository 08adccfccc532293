"""Plans of chains: what is measured, and what is refused."""

import numpy as np
import pytest

from scorelet.core.chain_diagnostics import autocorrelation_time
from scorelet.core.errors import InputError
from scorelet.sampling import ClusterSampler, ScalarPotential
from scorelet.sampling import plan as plan_module
from scorelet.sampling.plan import make_plan
from scorelet.sampling.proposals import half_widths, mean_field_level

SOFT = ScalarPotential(0.6065, 0.8, 0.1)
DEEP = ScalarPotential(0.3, -1.0, 1e-5)
FREE = ScalarPotential(1.0, 2.001, 1e-9)


@pytest.mark.slow
@pytest.mark.parametrize("potential", [SOFT, DEEP, FREE], ids=["soft", "deep well", "nearly free"])
def test_fields_are_an_autocorrelation_time_apart(potential):
    """Measured again, on other chains: an estimate from 8 chains of 25 τ errs by a fifth."""
    size = 16
    plan = make_plan(potential, size)
    sampler = ClusterSampler(potential, size, 16, seed=1, widths=plan.widths)
    sampler.advance(plan.burn_in)
    orders, squares = [], []
    for _ in range(300):
        fields = sampler.advance(2)
        orders.append(fields.mean((1, 2)) ** 2)
        squares.append((fields**2).mean((1, 2)))
    for draws in (orders, squares):
        assert 2 * autocorrelation_time(np.array(draws).T) < 1.3 * plan.thinning
    assert 0.3 < sampler.acceptance < 0.7
    assert plan.burn_in == 7 * plan.thinning


@pytest.mark.slow
def test_a_plan_is_the_same_in_every_process():
    expected = make_plan(SOFT, 8)
    make_plan.cache_clear()
    assert make_plan(SOFT, 8) == expected


def test_shifts_are_for_nearly_free_fields():
    assert len(half_widths(FREE, 32, mean_square=1.0)) == 6  # sites, the lattice, sides 4 to 32
    assert len(half_widths(DEEP, 32)) == 1
    assert mean_field_level(DEEP) == pytest.approx(282.84, abs=0.01)
    assert mean_field_level(FREE) == 0


@pytest.mark.slow
def test_the_known_plan_is_long_enough():
    """At the critical point of λ = 1; `docs/results/phi4.json` has it at four sizes."""
    potential = ScalarPotential(0.68, -1.0, 1.0)
    assert make_plan(potential, 16) == ((1.2,), 112, 16)
    make_plan.cache_clear()
    found = plan_module._measured(potential, 16)
    assert found.thinning <= 16


@pytest.mark.slow
def test_chains_that_do_not_mix_are_refused(monkeypatch):
    monkeypatch.setattr(plan_module, "LONGEST", 256)
    monkeypatch.setattr(plan_module, "half_widths", lambda *_, **__: (0.05,))
    with pytest.raises(InputError, match="have not converged after 256 sweeps: expected an auto"):
        plan_module._measured(SOFT, 8)


def test_potentials_beyond_floating_point_are_refused():
    with pytest.raises(InputError, match="beyond floating-point numbers at side 8"):
        make_plan(ScalarPotential(1e6, -1.0, 1e-300), 8)


@pytest.mark.parametrize(
    "coefficients",
    [(0.3, -1e300, 1e-300), (1e308, -1.0, 1.0), (1e200, -1.0, 1.0), (0.3, -1e200, 1.0)],
)
@pytest.mark.parametrize("widths", [None, (1.2,)], ids=["own widths", "given widths"])
def test_levels_and_steps_beyond_floating_point_are_refused(coefficients, widths):
    """Of a level of infinity no width is left, and fields would be infinite."""
    with pytest.raises(InputError, match=r"beyond floating-point numbers: .* less extreme"):
        ClusterSampler(ScalarPotential(*coefficients), 4, 2, seed=0, widths=widths)
