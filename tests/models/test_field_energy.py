"""Energies of fields: derivatives, bands, conditional laws, densities of one number."""

import pytest
import torch

from field_energies import small_energy, white
from laws.energy_laws import (
    assert_force_is_the_gradient,
    assert_hessian,
    assert_samples_do_not_see_each_other,
    assert_score_is_minus_the_force,
    assert_shapes_and_dtype,
)
from scorelet.core.errors import InputError
from scorelet.models.field_energy import (
    Band,
    ConditionalEnergy,
    Couplings,
    FieldEnergy,
    ScalarDensity,
    SigmoidPotential,
    SplinePotential,
    WholeField,
    descend,
    half_plane,
)

EXACT = 1e-10
KNOTS = torch.tensor([-1.0, -0.3, 0.2, 1.1, 1.6], dtype=torch.float64)
WEIGHTS = torch.tensor([0.5, -1.0, 2.0, 0.4, 0.9], dtype=torch.float64)
POTENTIALS = {
    "spline": SplinePotential(KNOTS, WEIGHTS),
    "sigmoid": SigmoidPotential(KNOTS, WEIGHTS, extent=0.5),
}
BANDS = [Band("db4"), Band("haar"), *(Band("db4", subdivisions=2, index=k) for k in (0, 1))]
BANDS += [Band("db2", subdivisions=4, index=k) for k in (1, 3)]


def test_couplings_are_the_sum_of_shifted_copies():
    shifts = ((0, 0), (0, 1), (1, -2))
    strengths = torch.tensor([2.0, -0.5, 0.3], dtype=torch.float64)
    x = white(3, 1, 6, 8)
    expected = 2 * x
    for (a, b), k in zip(shifts[1:], strengths[1:], strict=True):
        expected = expected + k * (x.roll((a, b), (2, 3)) + x.roll((-a, -b), (2, 3)))
    assert torch.allclose(Couplings(shifts, strengths).product(x), expected, atol=EXACT)


def test_the_symbol_of_couplings_is_of_their_dtype_and_of_no_mode():
    """It is kept: neither inference mode nor the dtype of a first call may stay with it."""
    couplings = Couplings(((0, 0), (0, 1)), torch.tensor([1.0, 0.3], dtype=torch.float64))
    with torch.inference_mode():
        couplings.product(white(1, 1, 4, 6))
    x = white(1, 1, 4, 6).requires_grad_()
    couplings.product(x).sum().backward()
    torch.testing.assert_close(x.grad, torch.full_like(x, 1 + 2 * 0.3))
    assert couplings.float().symbol(4, 6).dtype == torch.float32


@pytest.mark.parametrize(
    ("reach", "size", "count"), [(2, 16, 13), (6, 32, 85), (2, 4, 10), (3, 2, 4)]
)
def test_shifts_are_one_of_each_pair_and_distinct_on_the_grid(reach, size, count):
    """2 n (n + 1) and the centre; on 4 x 4, (16 + 4) / 2: four are their own pair."""
    shifts = half_plane(reach, size, size)
    orbits = {frozenset({(a % size, b % size), (-a % size, -b % size)}) for a, b in shifts}
    assert len(shifts) == len(orbits) == count
    assert len(half_plane(reach, size, size, centre=False)) == count - 1


@pytest.mark.parametrize("kind", POTENTIALS)
def test_derivatives_of_potentials(kind):
    """Also of every term, which fits use: the sum of the terms is the potential."""
    potential = POTENTIALS[kind]
    inside = kind == "sigmoid"  # outside, its energy is infinite
    t = torch.linspace(-0.95, 1.55, 40) if inside else torch.linspace(-4, 5, 60)
    t = t.double().requires_grad_()
    value, first = potential.derivatives(t)
    (slope,) = torch.autograd.grad(value.sum(), t, create_graph=True)
    (curvature,) = torch.autograd.grad(slope.sum(), t)
    assert torch.allclose(slope, first, atol=EXACT)
    assert torch.allclose(curvature, potential.second(t), atol=EXACT)
    places = t.detach()
    terms = sum(w * potential.curvature(places, k) for k, w in enumerate(WEIGHTS))
    assert torch.allclose(terms, potential.second(places), atol=EXACT)
    slopes = sum(w * potential.slope(places, k) for k, w in enumerate(WEIGHTS))
    assert torch.allclose(slopes, first.detach(), atol=EXACT)
    assert float(potential.second(torch.linspace(-1, 1.6, 4001).double()).min()) >= (
        potential.least_curvature() - EXACT
    )


def test_a_spline_is_linear_in_the_tails_of_its_slope_and_its_bound_is_attained():
    spline = POTENTIALS["spline"]
    far = torch.tensor([-30.0, -20.0, 20.0, 30.0], dtype=torch.float64)
    assert spline.second(far).tolist() == [0.5, 0.5, 0.9, 0.9]
    assert spline.least_curvature() == -1.0
    assert float(spline.second(KNOTS).min()) == pytest.approx(-1, abs=EXACT)


def test_sigmoids_are_confined_to_their_window():
    value, _ = POTENTIALS["sigmoid"].derivatives(torch.tensor([-1.01, 0.0, 1.61]).double())
    assert value.isinf().tolist() == [True, False, True]


def test_laws_of_the_energy_of_a_field():
    energy, x = small_energy(), white(3, 1, 8, 8)
    assert_force_is_the_gradient(energy, x, 1e-6)
    assert_score_is_minus_the_force(energy, x)
    assert_hessian(energy, x, 1e-3)  # v'' has kinks at its knots
    assert_samples_do_not_see_each_other(energy, x)
    assert_shapes_and_dtype(energy, x)


def test_the_gauge_does_not_depend_on_how_the_trace_is_shared():
    """K_0 = 3 in the couplings, or weights that are larger by 3."""
    energy = small_energy(slope=0.0)
    couplings = Couplings(energy.couplings.shifts, energy.couplings.strengths.clone())
    couplings.strengths[0] -= 3
    potential = energy.potential.with_weights(energy.potential.weights + 3)
    other = type(energy)(couplings, potential)
    x, t = white(2, 1, 8, 8), torch.linspace(-3, 3, 20).double()
    difference = energy.gauge_fixed(t) - other.gauge_fixed(t)
    linear = torch.stack([torch.ones_like(t), t], 1)
    rest = difference - linear @ torch.linalg.lstsq(linear, difference[:, None]).solution[:, 0]
    assert float(rest.abs().max()) < EXACT
    band = Band("db4")
    assert torch.allclose(band.analyze(energy.force(x)), band.analyze(other.force(x)), atol=EXACT)


@pytest.mark.parametrize("band", BANDS, ids=repr)
def test_bands_are_orthogonal_parts(band):
    x = white(2, 1, 16, 32)
    d = band.analyze(x)
    assert tuple(d.shape[1:]) == band.detail_shape(16, 32)
    assert torch.allclose(band.analyze(band.synthesize(d)), d, atol=EXACT)
    truncated = band.truncate(x)
    assert torch.allclose(band.coarse(x) + band.project(x), truncated, atol=EXACT)
    below = band.lower(truncated)
    assert torch.allclose(band.lift(below), band.coarse(x), atol=EXACT)
    assert float(band.analyze(band.lift(below)).abs().max()) < EXACT


@pytest.mark.parametrize("band", [*BANDS[:3], BANDS[5], WholeField()], ids=repr)
def test_laws_of_conditional_energies(band):
    coarse = band.coarse(white(2, 1, 8, 8, seed=3))
    energy = ConditionalEnergy(small_energy(), band).given(coarse)
    d = white(2, *band.detail_shape(8, 8))
    assert_force_is_the_gradient(energy, d, 1e-6)
    assert_hessian(energy, d, 1e-3)
    value, force = energy.energy_and_force(d)
    assert torch.equal(value, energy.energy(d))
    assert torch.equal(force, energy.force(d))


def test_the_density_of_a_number_is_normalised_and_sampled_exactly():
    """v = t^2 / 2 + t / 2 is a Gaussian of mean -1/2."""
    density = ScalarDensity(SplinePotential(KNOTS, torch.ones_like(KNOTS)), slope=0.0)
    middle = float(KNOTS[2])  # v and v' are 0 there
    t = torch.linspace(-5, 5, 41, dtype=torch.float64)
    normal = torch.distributions.Normal(torch.tensor(middle).double(), 1.0)
    assert torch.allclose(-density.energy(t[:, None, None, None]), normal.log_prob(t), atol=1e-4)
    u = torch.linspace(0.001, 0.999, 99, dtype=torch.float64)
    assert torch.allclose(density.quantile(u), normal.icdf(u), atol=1e-4)


def test_an_energy_without_integral_is_refused():
    with pytest.raises(InputError, match="unbounded below"):
        ScalarDensity(SplinePotential(KNOTS, -torch.ones_like(KNOTS)))


def finer_energy(band=None):
    energy = small_energy()
    octave = band or Band("db4")
    return FieldEnergy(energy.couplings, energy.potential, slope=0.3, finer=octave)


def test_laws_of_an_energy_whose_potential_acts_on_a_finer_grid():
    energy, x = finer_energy(), white(3, 1, 8, 8)
    assert energy.pixels(x).shape == (3, 1, 16, 16)
    assert_force_is_the_gradient(energy, x, 1e-6)
    assert_hessian(energy, x, 1e-3)
    assert_samples_do_not_see_each_other(energy, x)
    assert_shapes_and_dtype(energy, x)


def test_a_quadratic_potential_is_the_same_on_both_grids():
    """A^T A = Id, so sum_u y(u)^2 = |x|^2; splines are 0 with slope 0 at their middle knot, 0."""
    knots = torch.tensor([-1.0, 0.0, 1.0], dtype=torch.float64)
    square = SplinePotential(knots, torch.full_like(knots, 1.7))
    couplings, x = small_energy().couplings, white(3, 1, 8, 8)
    finer = FieldEnergy(couplings, square, finer=Band("db4"))
    own = FieldEnergy(couplings, square)
    assert torch.allclose(finer.energy(x), own.energy(x), atol=EXACT)
    assert torch.allclose(finer.force(x), own.force(x), atol=EXACT)


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_the_kernel_of_splines_is_the_formula_in_torch(dtype):
    """Also at the knots, in the tails, and for what is not finite."""
    spline = SplinePotential(torch.tensor([-1.2, -0.9, -0.3, 0, 0.001, 0.02, 1.5]).double())
    spline = spline.with_weights(white(7))
    t = torch.cat([1.5 * white(1, 999)[0], spline.knots, spline.knots + 1e-15]).to(dtype)
    asked = t.clone().requires_grad_()
    for kernel, torch_path in zip(
        (*spline.derivatives(t), spline.second(t)),
        (*spline.derivatives(asked), spline.second(asked)),
        strict=True,
    ):
        assert kernel.dtype == dtype
        close = 1e-4 if dtype == torch.float32 else EXACT  # v'' is steep between near knots
        assert torch.allclose(kernel, torch_path.detach(), rtol=close, atol=close)
    value, first = spline.derivatives(torch.tensor([torch.nan], dtype=dtype))
    assert value.isnan()
    assert first.isnan()


@pytest.mark.parametrize("counts", [(1, 1, 1), (4, 2, 1)])
def test_a_cascade_descends_so_that_each_band_has_all_of_its_details(counts):
    """Details of all bands and the coarsest square are a rotation of x; above a band is nothing."""
    x, octaves = white(3, 1, 16, 16), reversed(counts)
    bands = [Band("haar", subdivisions=n, index=k) for n in octaves for k in range(n)]
    fields = list(descend(bands, x))
    pairs = list(zip(reversed(bands), fields, strict=True))
    power = sum(band.analyze(y).square().sum() for band, y in pairs)
    coarsest = bands[0].lower(fields[-1])
    assert float(power + coarsest.square().sum()) == pytest.approx(float(x.square().sum()))
    assert all(torch.allclose(band.truncate(y), y) for band, y in pairs)
    whole = list(descend([WholeField(), *bands], x))
    assert torch.allclose(whole[-1], coarsest)


@pytest.mark.parametrize("assign", [False, True])
@pytest.mark.parametrize("kind", [SplinePotential, SigmoidPotential])
def test_an_energy_that_was_used_follows_parameters_that_are_loaded(kind, assign):
    """Symbols, pieces of splines and widths of sigmoids are kept; other parameters have others."""
    shifts, x, v = half_plane(1, 4, 6), white(3, 1, 4, 6) / 4, white(3, 1, 4, 6, seed=3)

    def energy(seed):
        potential = kind(KNOTS * (1 + seed), white(5, seed=seed))
        return FieldEnergy(Couplings(shifts, white(5, seed=seed + 1)), potential, slope=0.1 * seed)

    def values(e):
        asked = x.clone().requires_grad_()  # what torch computes, and not a kernel
        found = *e.energy_and_force(x), e.hessian_vec(x, v), e.energy_and_force(asked)[1].detach()
        return torch.cat([t.flatten() for t in found])

    used, other = energy(1), energy(2)
    assert not torch.allclose(values(used), values(other))
    used.load_state_dict(other.state_dict(), assign=assign)
    assert torch.equal(values(used), values(other))


def test_a_density_follows_parameters_that_are_loaded():
    used, other = (
        ScalarDensity(SplinePotential(KNOTS * k, WEIGHTS * k), slope=0.2 * k) for k in (1, 3)
    )
    t, u = white(4, 1, 1, 1), torch.linspace(0.01, 0.99, 7, dtype=torch.float64)
    used.load_state_dict(other.state_dict())
    assert torch.equal(used.energy(t), other.energy(t))
    assert torch.equal(used.quantile(u), other.quantile(u))
