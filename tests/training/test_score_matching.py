"""Score matching: equations by correlations against brute force, and energies that are known."""

import pytest
import torch
from torch.func import hessian, jacrev

from field_energies import white
from scorelet.core.errors import InputError
from scorelet.data.fields.ensembles import ensemble
from scorelet.models.field_energy import (
    Band,
    SigmoidPotential,
    SplinePotential,
    WholeField,
    half_plane,
)
from scorelet.sampling import Phi4
from scorelet.training.score_matching import (
    BandMoments,
    CascadePlan,
    Family,
    fit_band,
    fit_cascade,
    fit_scalar,
    solve,
)
from scorelet.training.score_matching.fit import moments_of
from scorelet.training.score_matching.tails import tail_terms

KNOTS = torch.tensor([-1.2, -0.5, 0.0, 0.5, 1.2], dtype=torch.float64)
CASES = {
    "octave, splines": (Band("db4"), SplinePotential(KNOTS), {}),
    "lower half, sigmoids": (Band("db2", subdivisions=2), SigmoidPotential(4 * KNOTS), {}),
    "upper half, even": (
        Band("db4", subdivisions=2, index=1),
        SplinePotential(KNOTS),
        {"even": True},
    ),
    "octave, finer grid": (Band("db2"), SplinePotential(KNOTS), {"finer": Band("db4")}),
    "quarter, finer grid": (
        Band("haar", subdivisions=4, index=1),
        SplinePotential(KNOTS),
        {"even": True, "finer": Band("haar")},
    ),
    "whole field, slope": (WholeField(), SplinePotential(KNOTS), {"slope": True}),
}


def terms(moments, coarse):
    """The function of one sample's details whose values are the terms Φ, by its definition."""
    unit = torch.eye(len(moments.shifts) + moments.terms, dtype=torch.float64)
    energies = [moments.energy(row) for row in unit]

    def function(d):
        x = coarse[None] + moments.band.synthesize(d[None])
        return torch.stack([energy.energy(x)[0] for energy in energies])

    return function


@pytest.mark.slow
@pytest.mark.parametrize("case", CASES)
def test_equations_by_correlations_are_those_of_brute_force(case):
    """H = E grad Φ grad Φ^T and g = E lap Φ along details, by automatic derivatives."""
    band, potential, options = CASES[case]
    size = (8, 8)
    moments = BandMoments(band, half_plane(1, *size, centre=False), potential, size, **options)
    x = band.truncate(white(3, 1, *size))
    moments.add(x)
    found = moments.take()
    matrix, right = torch.zeros_like(found.matrix), torch.zeros_like(found.right)
    for sample in x:
        coarse, d = band.coarse(sample[None])[0], band.analyze(sample[None])[0]
        function = terms(moments, coarse)
        gradient = jacrev(function)(d).flatten(1)
        matrix += gradient @ gradient.T / len(x)
        curved = hessian(function)(d).reshape(len(right), d.numel(), d.numel())
        right += curved.diagonal(dim1=1, dim2=2).sum(1) / len(x)
    assert torch.allclose(found.matrix, matrix, rtol=1e-8, atol=1e-8)
    assert torch.allclose(found.right, right, rtol=1e-8, atol=1e-8)


@pytest.mark.parametrize("case", CASES)
def test_the_energy_is_the_sum_of_the_values_of_the_terms(case):
    band, potential, options = CASES[case]
    moments = BandMoments(band, half_plane(1, 8, 8), potential, (8, 8), **options)
    x = white(4, 1, 8, 8).clamp(-2, 2)
    count = len(moments.shifts) + moments.terms
    theta = white(count, seed=3)
    found, expected = moments.values(x) @ theta, moments.energy(theta).energy(x)
    assert torch.allclose(found - found[0], expected - expected[0], atol=1e-8)


@pytest.mark.parametrize("wavelet", ["haar", "db4"])
@pytest.mark.parametrize(("index", "cancel"), [(0, set()), (1, {(2, -2), (2, 2)}), (3, set())])
def test_couplings_that_no_detail_of_a_band_feels_are_left_out(wavelet, index, cancel):
    """Of 8 x 8 pixels, cos(w.s) is 0 in all of the second quarter: H would be rounding there."""
    band = Band(wavelet, subdivisions=4, index=index)
    x = band.truncate(white(6, 1, 8, 8))
    moments = moments_of(band, Family(knots=4, reach=2), x)
    assert set(half_plane(2, 8, 8, centre=False)) - set(moments.shifts) == cancel
    moments.add(x)
    found = moments.take().matrix.diagonal()
    assert float(found.min()) > 1e-6 * float(found.max())


def test_groups_add_up():
    band = Band("db4")
    moments = BandMoments(band, half_plane(1, 8, 8), SplinePotential(KNOTS), (8, 8))
    x = white(5, 1, 8, 8)
    moments.add(x)
    whole = moments.take()
    parts = []
    for part in (x[:2], x[2:]):
        moments.add(part)
        parts.append(moments.take())
    both = parts[0] + parts[1]
    assert both.count == 5
    assert torch.allclose(both.matrix, whole.matrix)
    assert torch.allclose((whole - parts[0]).right, parts[1].right)


def lattice_error(count, seed):
    """Relative error of the couplings fitted to fields with the precision m Id - b A."""
    law = ensemble("lattice_ou", mass=1.0, coupling=0.2)
    x = law.sample(count, 32, seed).double()
    potential = SplinePotential(torch.tensor([-2.0, 0.0, 2.0], dtype=torch.float64))
    moments = BandMoments(WholeField(), ((0, 1), (1, 0)), potential, (32, 32), even=True)
    moments.add(x)
    energy = moments.energy(solve([moments.take()], ridge=1e-12).theta)
    assert torch.allclose(energy.potential.weights, torch.ones(3).double(), atol=0.3)
    return (energy.couplings.strengths / -0.2 - 1).square().mean().sqrt()


@pytest.mark.slow
def test_the_precision_of_a_gaussian_lattice_is_found_and_errors_fall_as_one_over_sqrt_n():
    few = torch.stack([lattice_error(100, seed) for seed in range(48)]).square().mean().sqrt()
    many = torch.stack([lattice_error(400, seed + 50) for seed in range(48)]).square().mean().sqrt()
    assert many < 0.01
    assert 1.6 < float(few / many) < 2.4  # 2 +- 0.2, from 48 seeds of 2 numbers each


@pytest.mark.slow
def test_the_energy_of_lattice_fields_is_found():
    """The conditional force of the finest details is that of the exact action."""
    x = Phi4().sample(1000, 32, 3).double()
    band = Band("db4")
    moments = moments_of(band, Family(knots=16, reach=2), x, even=True)
    groups = []
    for part in x.chunk(8):
        moments.add(part)
        groups.append(moments.take())
    fit = fit_band(moments, groups, Family())
    found = band.analyze(fit.factor.field.force(x[:64]))
    true = band.analyze(Phi4().potential.force(x[:64]))
    assert float((found * true).sum() / (found.norm() * true.norm())) > 0.99
    assert float((found - true).norm() / true.norm()) < 0.1
    t = torch.linspace(-1.4, 1.4, 57).double()
    rest = fit.factor.field.gauge_fixed(t) - t**4
    gauge = torch.stack([torch.ones_like(t), t, t**2], 1)
    rest = rest - gauge @ torch.linalg.lstsq(gauge, rest[:, None]).solution[:, 0]
    assert float(rest.abs().max()) < 0.03 * 1.4**4
    nearest = fit.factor.field.couplings
    errors = dict(zip(nearest.shifts, fit.solution.errors, strict=False))
    strengths = dict(zip(nearest.shifts, nearest.strengths, strict=True))
    for shift in ((0, 1), (1, 0)):
        assert abs(float(strengths[shift] + 0.68)) < 5 * float(errors[shift])
    assert fit.solution.loss < 0
    assert 0 < fit.solution.condition < 1e6


@pytest.mark.slow
def test_excess_falls_as_one_over_n():
    x = white(1200, 1, 8, 8)
    band, family = Band("haar"), Family(knots=5, reach=1)

    def excess(fields):
        moments = moments_of(band, family, x)
        groups = []
        for part in fields.chunk(20):
            moments.add(part)
            groups.append(moments.take())
        solution = solve(groups)
        return solution.variance / (2 * solution.count)

    assert excess(x[:300]) / excess(x) == pytest.approx(4, rel=0.5)  # variances of 20 groups


def test_what_does_not_vary_is_refused():
    moments = BandMoments(Band("haar"), ((0, 1),), SplinePotential(KNOTS), (8, 8))
    moments.add(torch.zeros(3, 1, 8, 8, dtype=torch.float64))
    with pytest.raises(InputError, match="singular"):
        solve([moments.take()])


def test_the_density_of_a_number_by_likelihood():
    """Two wells, one twice as probable: the likelihood knows their weights."""
    noise = white(6000, 1)[:, 0]
    t = torch.where(torch.arange(6000) % 3 == 0, -2.0, 2.0) + 0.5 * noise
    density = fit_scalar(t)
    u = torch.linspace(0.0005, 0.9995, 1000).double()
    drawn = density.quantile(u)
    assert float((drawn < 0).double().mean()) == pytest.approx(1 / 3, abs=0.02)
    assert float(drawn.std()) == pytest.approx(float(t.std()), rel=0.02)
    mirrored = fit_scalar(t, even=True).quantile(u)
    assert torch.allclose(mirrored, -mirrored.flip(0), atol=1e-3)


def test_a_cascade_of_white_noise_has_unit_curvatures():
    x = white(300, 1, 8, 8)
    plan = CascadePlan("haar", (1, 1, 1))

    def blocks():
        return enumerate(x.chunk(4))

    found = fit_cascade(plan, Family(knots=4, reach=1), blocks, x[:100], even=True)
    d = white(2, 3, 4, 4)
    finest = found.model.details[-1].given(torch.zeros(2, 1, 8, 8).double())
    assert torch.allclose(finest.force(d), d, atol=0.3)
    assert len(found.bands) == 3


def test_a_tail_that_one_group_alone_has_does_not_end_the_fit():
    x = 0.3 * white(40, 1, 8, 8).clamp(-1, 1)
    x[0] *= 8
    knots = torch.tensor([-2.4, -0.4, 0.0, 0.4, 1.2, 2.4], dtype=torch.float64)
    moments = BandMoments(Band("haar"), ((0, 1),), SplinePotential(knots), (8, 8))
    groups = []
    for part in x.split(4):
        moments.add(part)
        groups.append(moments.take())
    found = solve(groups)
    assert bool(found.theta.isfinite().all())
    assert bool(found.errors.isfinite().all())


class Clipped(SigmoidPotential):
    """A family that nothing but the table of families knows."""

    kind = "clipped"


def test_a_family_of_potentials_is_known_by_its_kind(monkeypatch):
    with pytest.raises(InputError, match="use spline or sigmoid, and quantile or linspace"):
        Family("clipped")
    kinds = {kind.kind: kind for kind in (SplinePotential, SigmoidPotential, Clipped)}
    monkeypatch.setattr("scorelet.training.score_matching.fit.potential_kinds", lambda: kinds)
    x = white(20, 1, 8, 8)
    for basis, kind in kinds.items():
        moments = moments_of(Band("haar"), Family(basis, knots=5, reach=1), x, even=True)
        knots = moments.potential.knots
        assert type(moments.potential) is kind
        assert ((0, 0) in moments.shifts) == (not kind.quadratic)
        assert (0.0 in knots.tolist()) == kind.quadratic
        assert bool(tail_terms(moments)) == kind.quadratic
        assert (float(knots[-1]) > float(x.abs().max())) == (not kind.quadratic)
