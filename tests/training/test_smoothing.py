"""Smoothing of potentials: its penalty, leave-out losses by hand, and what few fields need."""

from dataclasses import replace

import pytest
import torch

from scorelet.core.errors import InputError
from scorelet.core.random import generator, randn
from scorelet.models.field_energy import Band
from scorelet.sampling import Phi4
from scorelet.training.score_matching import Family, fit_band, smoothing, solve
from scorelet.training.score_matching.fit import moments_of
from scorelet.training.score_matching.normal_equations import Equations
from scorelet.training.score_matching.smoothing import GRID, left_out_losses, roughness, smoothed
from scorelet.training.score_matching.solve import penalised_variance, total_of
from scorelet.training.score_matching.tails import unit_curvature

RIDGE = 1e-6


def parts(x, count, *, even=False, knots=12):
    moments = moments_of(Band("haar"), Family(knots=knots, reach=1), x, even=even)
    groups = []
    for part in x.chunk(count):
        moments.add(part)
        groups.append(moments.take())
    return moments, groups


def waves(count, seed, size=8):
    """Gaussian fields, most of whose variance is one number for each field."""
    rng, like = generator(seed), torch.zeros((), dtype=torch.float64)
    level = 2 * randn((count, 1, 1, 1), rng=rng, like=like)
    return level + randn((count, 1, size, size), rng=rng, like=like)


@pytest.mark.parametrize("even", [False, True])
def test_quadratic_potentials_have_no_roughness_and_others_that_of_their_weights(even):
    x = waves(40, 0)
    moments, groups = parts(x, 2, even=even, knots=7)
    penalty = roughness(moments, total_of(groups))
    flat = unit_curvature(moments)
    assert float(flat @ penalty @ flat) == pytest.approx(0, abs=1e-12 * float(penalty.trace()))
    theta = torch.linspace(0, 1, len(penalty), dtype=torch.float64).square()
    first = len(moments.shifts)
    steps = moments.weights_of(theta[first : first + moments.knots]).diff()
    ratio = theta @ penalty @ theta / steps.square().sum()
    other = theta.flip(0)
    steps = moments.weights_of(other[first : first + moments.knots]).diff()
    assert float(other @ penalty @ other / steps.square().sum()) == pytest.approx(float(ratio))


def test_losses_of_fields_that_are_left_out_are_those_of_one_fit_for_each_group():
    moments, groups = parts(waves(30, 1), 5)
    penalty = roughness(moments, total_of(groups))
    found = left_out_losses(groups, penalty, ridge=RIDGE)
    for number in (2, 6):
        loss = 0.0
        for left, group in enumerate(groups):
            rest = total_of([g for k, g in enumerate(groups) if k != left])
            matrix = rest.matrix + GRID[number] * penalty
            scale = matrix.diagonal().rsqrt()
            scaled = matrix * scale * scale[:, None] + RIDGE * torch.eye(len(scale)).double()
            theta = scale * torch.linalg.solve(scaled, scale * rest.right)
            loss += group.loss(theta) / len(groups)
        assert float(found[number].sum()) == pytest.approx(loss, rel=1e-8)


def test_few_gaussian_fields_of_long_waves_get_a_nearly_quadratic_potential():
    """v'' must not vary for Gaussian fields; how much it does falls ten times and more."""
    for seed in range(3):
        moments, groups = parts(waves(24, seed), 12)
        chosen, weight, added = smoothed(moments, groups, ridge=RIDGE)
        assert weight >= 1
        assert torch.equal(added, weight * roughness(moments, total_of(groups)))
        first = len(moments.shifts)
        spread = [
            float(solve(g, ridge=RIDGE).theta[first : first + moments.knots].std())
            for g in (groups, chosen)
        ]
        assert spread[1] < 0.1 * spread[0]


@pytest.mark.slow
def test_many_fields_of_a_potential_that_is_far_from_quadratic_keep_it():
    x = Phi4().sample(1000, 16, 3).double()
    moments, groups = parts(x, 20, even=True)
    fit, plain = (fit_band(moments, groups, Family(smooth=smooth)) for smooth in (True, False))
    assert fit.smoothing <= 1e-2
    assert plain.smoothing == 0
    assert fit.solution.loss == pytest.approx(plain.solution.loss, rel=1e-3)
    assert plain.solution.loss <= fit.solution.loss


def test_a_weight_whose_equations_are_singular_is_not_chosen(monkeypatch):
    """NaN would be the least number of all."""
    moments, groups = parts(waves(30, 1), 5)
    losses = left_out_losses(groups, roughness(moments, total_of(groups)), ridge=RIDGE)
    losses[3] = torch.nan
    monkeypatch.setattr(smoothing, "left_out_losses", lambda *_args, **_options: losses)
    _, weight, _ = smoothed(moments, groups, ridge=RIDGE)
    losses[3] = losses.abs().max() * 100
    assert weight == smoothed(moments, groups, ridge=RIDGE)[1] != GRID[3]


def test_equations_that_are_singular_with_all_weights_end_in_a_sentence():
    """Couplings of a quarter of an octave are nearly one and the same: no λ helps."""
    family, x = Family(ridge=0.0), waves(20, 1, 16)
    moments, groups = moments_of(Band("db4", subdivisions=4, index=0), family, x), []
    for part in x.chunk(4):
        moments.add(moments.band.truncate(part))
        groups.append(moments.take())
    with pytest.raises(InputError, match=r"singular .* smaller reach \(--reach\)") as refused:
        fit_band(moments, groups, family)
    assert "larger ridge" not in str(refused.value)  # no option sets one
    fewer = Family(ridge=0.0, knots=4, reach=1)
    moments, groups = moments_of(moments.band, fewer, x), []
    for part in x.chunk(4):
        moments.add(moments.band.truncate(part))
        groups.append(moments.take())
    assert torch.isfinite(fit_band(moments, groups, fewer).solution.theta).all()


def test_the_heaviest_weight_within_one_standard_error_is_taken(monkeypatch):
    """Beside the best, 0 there: worse by 1 ± 2 over 4 groups, by 2 ± 1.6, by 1 in each group."""
    moments, groups = parts(waves(30, 1), 5)
    worse = torch.full((len(GRID), 4), 10.0).double()
    worse[2], worse[4] = 0.0, torch.tensor([-1.0, 1.0, 1.0, 0.0])
    worse[5], worse[7] = torch.tensor([0.0, 1.0, 1.0, 0.0]), 0.25
    best = randn((4,), rng=generator(0)).double()
    monkeypatch.setattr(smoothing, "left_out_losses", lambda *_args, **_options: best + worse)
    assert smoothed(moments, groups, ridge=RIDGE)[1] == GRID[4]
    assert smoothed(moments, groups, ridge=RIDGE, weight=GRID[7])[1] == GRID[7]


def test_a_stiffer_fit_is_nearer_to_a_quadratic_potential_until_nothing_is_left():
    moments, groups = parts(waves(30, 1), 5)
    fit, first = fit_band(moments, groups, Family(), smoothing=1e-3), len(moments.shifts)
    spreads, weights = [], []
    while fit:
        spreads.append(float(fit.solution.theta[first : first + moments.knots].std()))
        weights.append(fit.smoothing)
        fit = fit.stiffened()
    assert weights == pytest.approx([1e-3, 1, 1e3, 1e4])
    assert spreads == sorted(spreads, reverse=True)
    assert spreads[-1] < 1e-2 * spreads[0]
    assert fit_band(moments, groups, Family(smooth=False)).stiffened() is None
    moments, groups = parts(waves(30, 1), 1)
    assert fit_band(moments, groups, Family()).stiffened() is None


def test_a_single_group_leaves_nothing_to_choose_by():
    moments, groups = parts(waves(10, 3), 1)
    assert smoothed(moments, groups, ridge=RIDGE) == (groups, 0.0, None)


def regression(seed, goal, *, fields=200, groups=20):
    """H and g of groups of rows a with a·θ seen through noise of variance 1; E a aᵀ = diag."""
    rng, like = generator(seed), torch.zeros((), dtype=torch.float64)
    rows = randn((groups, fields // groups, len(goal)), rng=rng, like=like) * POWER.sqrt()
    seen = rows @ goal + randn(rows.shape[:2], rng=rng, like=like)
    return [
        Equations(a.T @ a / len(a), a.T @ y / len(a), len(a))
        for a, y in zip(rows, seen, strict=True)
    ]


POWER = torch.tensor([1.0, 2.0, 0.5, 1.0, 0.3], dtype=torch.float64)


@pytest.mark.slow
@pytest.mark.parametrize("weight", [0.0, 0.1, 0.5, 3.0])
def test_the_excess_of_a_penalised_fit_holds_what_the_penalty_costs(weight):
    """Beside the mean of the true excess over many sets; chance alone adds far less."""
    goal = torch.tensor([1.0, -1.0, 0.5, 2.0, 0.0], dtype=torch.float64)
    penalty = weight * torch.eye(5, dtype=torch.float64)
    true, found, chance = [], [], []
    for seed in range(200):
        groups = regression(seed, goal)
        penalised = solve([replace(g, matrix=g.matrix + penalty) for g in groups], ridge=1e-12)
        true.append(float(POWER @ (penalised.theta - goal).square()) / 2)
        found.append(penalised_variance(groups, penalty, ridge=1e-12) / 400)
        chance.append(penalised.variance / 400)
    mean, estimate, without = (float(torch.tensor(x).mean()) for x in (true, found, chance))
    assert estimate == pytest.approx(mean, rel=0.15)
    assert without == pytest.approx(estimate) if weight == 0 else without < 0.5 * estimate
