"""Likelihood by chains: with exact samples, its maximum is where moments are equal."""

import pytest
import torch

from field_energies import white
from scorelet.core.random import Noise
from scorelet.models.field_energy import (
    Band,
    ScalarDensity,
    SplinePotential,
    WholeField,
    half_plane,
)
from scorelet.training.moment_matching import force_products, half_covariance, match_moments
from scorelet.training.score_matching import BandMoments, solve
from scorelet.training.score_matching.tails import least_tail, solve_confined, tail_terms

KNOTS = torch.tensor([-1.5, -0.5, 0.5, 1.5], dtype=torch.float64)


def two_wells(count):
    """Numbers whose law four knots cannot hold."""
    sign = torch.where(torch.arange(count) % 3 == 0, -1.0, 1.0)
    return (sign + 0.25 * white(count, 1)[:, 0]).reshape(-1, 1, 1, 1)


def exact_chains(count):
    """Samples of the density of an energy, new ones at each call."""
    calls = iter(range(100))

    def advance(factor):
        density = ScalarDensity(factor.field.potential, slope=float(factor.field.slope))
        noise = Noise(5, range(count), step=next(calls))
        u = noise.uniform(torch.zeros(count, 1, dtype=torch.float64))
        return [density.quantile(u).reshape(-1, 1, 1, 1)]

    return advance


@pytest.mark.slow
def test_samples_get_the_moments_that_score_matching_misses():
    x = two_wells(20000)
    moments = BandMoments(WholeField(), (), SplinePotential(KNOTS), (1, 1), slope=True)
    moments.add(x)
    start = solve([moments.take()]).theta
    found = match_moments(moments, start, x, exact_chains(len(x)), torch.clone, rounds=12)
    assert found.before > 100
    assert found.after < 4
    assert found.gain > 0.01
    (drawn,) = exact_chains(len(x))(_Factor(moments.energy(found.theta)))
    for power in (1, 2):  # the slope, and nearly a sum of splines; errors of 20000 numbers
        assert float(drawn.pow(power).mean()) == pytest.approx(float(x.pow(power).mean()), abs=0.03)
    (missed,) = exact_chains(len(x))(_Factor(moments.energy(start)))
    assert abs(float(missed.mean() - x.mean())) > 0.1


class _Factor:
    def __init__(self, field):
        self.field = field


def test_parameters_that_are_right_stay():
    """White noise: the energy is |x|^2 / 2 exactly, and all differences are chance."""
    x = white(4000, 1, 1, 1)
    knots = torch.linspace(-2, 2, 5, dtype=torch.float64)
    moments = BandMoments(WholeField(), (), SplinePotential(knots), (1, 1), even=True)
    theta = torch.tensor([1.0, 1.0, 0.5], dtype=torch.float64)  # the middle one counts twice
    found = match_moments(moments, theta, x, exact_chains(len(x)), torch.clone)
    assert torch.equal(found.theta, theta)
    assert found.rounds == 0
    assert found.gain == 0


def heavy(count, size=8):
    """Fields of independent pixels, normal with random scales: v'' < 0 in the tails."""
    scale = torch.exp(0.9 * white(count, 1, size, size, seed=1))
    return white(count, 1, size, size) * scale


@pytest.mark.parametrize("even", [True, False])
def test_tails_are_held_where_the_energy_would_fall_for_ever(even):
    x = heavy(200)
    knots = torch.linspace(-6, 6, 9, dtype=torch.float64)
    moments = BandMoments(Band("db4"), ((0, 1),), SplinePotential(knots), (8, 8), even=even)
    groups = []
    for part in x.split(50):
        moments.add(part)
        groups.append(moments.take())
    free = solve(groups, ridge=1e-9).theta
    assert min(float(free[i]) for i in tail_terms(moments)) < least_tail(moments, free, 0.0)
    found, margin, held = solve_confined(moments, groups, ridge=1e-9)
    assert held
    low = least_tail(moments, found.theta, margin / 2)
    assert all(float(found.theta[i]) >= low for i in tail_terms(moments))
    energy, d = moments.energy(found.theta), white(20, 3, 4, 4)
    far = [float(energy.energy(Band("db4").synthesize(r * d)).min()) for r in (1e2, 1e3, 1e4)]
    assert 0 < far[0] < far[1] < far[2]
    assert torch.isfinite(found.errors).all()


def test_a_narrow_band_whose_couplings_follow_its_tails_is_confined_too():
    """Thirty couplings in a quarter of an octave: S falls by nearly what tails rise."""
    x = Band("db4", subdivisions=4, index=0).truncate(heavy(60, 16))
    knots = torch.linspace(-6, 6, 9, dtype=torch.float64)
    band, shifts = Band("db4", subdivisions=4, index=0), half_plane(3, 16, 16, centre=False)
    moments = BandMoments(band, shifts, SplinePotential(knots), (16, 16), even=True)
    moments.add(x)
    found, _, _ = solve_confined(moments, [moments.take()], ridge=1e-6)
    low = least_tail(moments, found.theta, 0.0)
    assert all(float(found.theta[i]) > low for i in tail_terms(moments))


@pytest.mark.parametrize("even", [True, False])
@pytest.mark.parametrize("finer", [None, Band("db4")])
def test_gradients_are_those_of_the_terms(even, finer):
    x = white(2, 1, 8, 8).requires_grad_()
    band, potential = Band("haar"), SplinePotential(KNOTS)
    shifts = half_plane(1, 8, 8)
    moments = BandMoments(band, shifts, potential, (8, 8), slope=not even, even=even, finer=finer)
    got = list(moments.gradients(x.detach()))
    values = moments.values(x)
    assert len(got) == values.shape[1]
    for k, gradient in enumerate(got):
        (full,) = torch.autograd.grad(values[:, k].sum(), x, retain_graph=True)
        assert torch.allclose(gradient, band.analyze(full), atol=1e-10)


def test_products_of_forces_are_twice_the_covariance_of_quadratic_terms():
    """White noise: Var |x|²/2 = N/2, and Var xᵀK_s x / 2 = N with K_s = T_s + T_-s."""
    x = white(4000, 1, 8, 8)
    moments = BandMoments(WholeField(), half_plane(1, 8, 8), SplinePotential(KNOTS), (8, 8))
    count = len(moments.shifts)
    products = force_products(moments, x, torch.clone)[:count, :count]
    exact = torch.tensor([32.0 if s == (0, 0) else 64.0 for s in moments.shifts]).double().diag()
    assert torch.allclose(products / 2, exact, atol=2)
    values = moments.values(x)[:, :count]
    differences = values[::2] - values[1::2]
    assert torch.allclose(half_covariance(differences), exact, atol=8)


def test_products_of_forces_of_small_fields_are_of_many():
    """With sixteen fields of 2 x 2 pixels there would be no more numbers than in twelve others."""
    x = white(2000, 1, 2, 2)
    moments = BandMoments(WholeField(), ((0, 0),), SplinePotential(KNOTS), (2, 2))
    products = force_products(moments, x, torch.clone)
    assert float(products[0, 0]) == pytest.approx(float(x.square().sum()) / 2000, rel=1e-9)


def test_products_of_forces_hold_the_gradients_of_one_large_field_at_a_time(monkeypatch):
    held = []
    plain = BandMoments.gradients

    def spy(self, x):
        held.append(len(x))
        return plain(self, x)

    monkeypatch.setattr(BandMoments, "gradients", spy)
    x, shifts = white(5, 1, 256, 256), half_plane(2, 256, 256)
    moments = BandMoments(WholeField(), shifts, SplinePotential(KNOTS), (256, 256))
    whole = force_products(moments, x[:4], torch.clone)
    assert held == [1, 1, 1, 1]
    monkeypatch.setattr("scorelet.training.moment_matching._PIECE", 1 << 30)
    assert torch.allclose(force_products(moments, x, torch.clone), whole, rtol=1e-10)
    assert held[4:] == [4]


@pytest.mark.slow
def test_four_fields_that_are_right_stay():
    """Means of four in their own standard errors are far from normal: two fifths were moved."""
    moments = BandMoments(WholeField(), half_plane(1, 8, 8), SplinePotential(KNOTS), (8, 8))
    theta = torch.zeros(len(moments.shifts) + moments.terms, dtype=torch.float64)
    rounds = []
    for seed in range(20):
        x, y = (white(4, 1, 8, 8, seed=s) for s in (1000 + seed, 2000 + seed))

        def advance(_factor, y=y):
            rounds.append(1)
            return [y]

        match_moments(moments, theta, x, advance, torch.clone, rounds=2)
    assert len(rounds) - 20 < 5  # second rounds
