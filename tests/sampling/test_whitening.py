"""Preconditioned chains: a round Hessian, the same law, fewer steps."""

import pytest
import torch
from torch.autograd.functional import hessian

import scorelet as sl
from field_energies import small_energy, white
from scorelet.core.random import Noise
from scorelet.data.fields.ensembles import ensemble
from scorelet.models.certificates import coupling_symbol
from scorelet.models.field_energy import (
    Band,
    ConditionalEnergy,
    Couplings,
    FieldEnergy,
    SplinePotential,
    WholeField,
    half_plane,
)
from scorelet.sampling import Langevin, WhitenedBand, is_elongated, whitening_root

BANDS = [
    Band("db2"),
    Band("haar"),
    Band("db4", subdivisions=2, index=0),
    Band("db4", subdivisions=2, index=1),
    WholeField(),
]
CURVATURE = 0.7


def gaussian(side=8):
    """A steep quadratic energy whose potential has the curvature 0.7 everywhere."""
    shifts = half_plane(1, side, side)
    strengths = torch.tensor([6.0, -1.2, -1.1, -0.4, -0.2]).double()
    knots = torch.tensor([-1.0, 0.0, 1.0]).double()
    potential = SplinePotential(knots, torch.full_like(knots, CURVATURE))
    return FieldEnergy(Couplings(shifts, strengths), potential)


def whitened(field, band, coarse):
    factor = ConditionalEnergy(field, band)
    root = whitening_root(factor, tuple(coarse.shape[-2:]), CURVATURE)
    return WhitenedBand(factor.given(coarse), root)


@pytest.mark.parametrize("band", BANDS, ids=repr)
def test_the_hessian_of_a_gaussian_becomes_the_identity(band):
    energy = whitened(gaussian(), band, white(3, 1, 8, 8))
    shape = 3, *band.detail_shape(8, 8)
    u, v = white(*shape, seed=1), white(*shape, seed=2)
    assert torch.allclose(energy.hessian_vec(u, v), v, atol=1e-12)
    plain = energy.inner.hessian_vec(u, v)
    assert float((plain / plain.norm() - v / v.norm()).norm()) > 0.1


@pytest.mark.parametrize("band", BANDS[:4], ids=repr)
def test_forces_are_gradients(band):
    energy = whitened(small_energy(), band, white(2, 1, 8, 8))
    u = white(2, *band.detail_shape(8, 8), seed=1).requires_grad_()
    value, force = energy.energy_and_force(u)
    (slope,) = torch.autograd.grad(energy.inner.energy(energy.details(u)).sum(), u)
    assert torch.allclose(force, slope, atol=1e-10)
    assert torch.allclose(value, energy.energy(u))
    assert torch.allclose(energy.first().energy(u[:1]), value[:1])


@pytest.mark.parametrize("band", BANDS, ids=repr)
def test_whitened_details_come_back(band):
    energy, d = whitened(gaussian(), band, white(2, 1, 8, 8)), white(2, *band.detail_shape(8, 8))
    assert torch.allclose(energy.details(energy.whitened(d)), d, atol=1e-10)


def test_steps_are_those_of_the_details_with_a_preconditioner():
    """d - ε P F(d) + √(2ε) P^(1/2) z, with P from a dense Hessian."""
    band, coarse, epsilon = Band("db2"), white(2, 1, 8, 8), 0.1
    energy = whitened(gaussian(), band, coarse)
    u = white(2, *band.detail_shape(8, 8), seed=3)
    kernel = Langevin(energy, epsilon, adjusted=False)
    moved, _ = kernel.step(kernel.init(u), Noise(4, range(2)))
    z = Noise(4, range(2)).normal(u, use=0)
    one = energy.inner.first()
    dense = hessian(lambda d: one.energy(d[None])[0], torch.zeros_like(u[0])).reshape(48, 48)
    values, vectors = torch.linalg.eigh(dense)
    root = vectors / values.sqrt() @ vectors.mT
    d = energy.details(u).flatten(1)
    force = energy.inner.force(energy.details(u)).flatten(1)
    wanted = d - epsilon * force @ root @ root + (2 * epsilon) ** 0.5 * z.flatten(1) @ root
    assert torch.allclose(energy.details(moved.x).flatten(1), wanted, atol=1e-8)


def test_a_sample_does_not_depend_on_its_batch():
    energy = whitened(small_energy(), Band("haar"), white(5, 1, 8, 8))
    u = white(5, 3, 4, 4, seed=1)
    assert torch.equal(energy.details(u)[3:4], energy.details(u[3:4]))


def test_directions_of_negative_curvature_are_not_stretched_without_bound():
    factor = ConditionalEnergy(small_energy(), Band("haar"))
    lowest = float(torch.linalg.eigvalsh(coupling_symbol(factor, (8, 8))).min())
    root = whitening_root(factor, (8, 8), -lowest - 0.1)
    assert bool(root.isfinite().all())


@pytest.mark.parametrize("curvature", [-3.0, 0.0])
def test_a_hessian_without_a_positive_direction_is_not_elongated(curvature):
    factor = ConditionalEnergy(gaussian(), Band("haar"))
    factor.field.couplings.strengths.zero_()
    assert not is_elongated(factor, (8, 8), curvature)
    assert bool(whitening_root(factor, (8, 8), curvature).isfinite().all())


@pytest.mark.slow
def test_preconditioned_chains_draw_the_law_of_the_fields(tmp_path):
    x = ensemble("lattice_ou", mass=4.02, coupling=1.0).sample(1500, 16, 0)[:, 0]
    model = sl.FieldModel("db2", knots=4, reach=4, steps=40, precondition=True).fit(x)
    y = model.sample(400, seed=1)
    power = [torch.fft.fft2(u.double()).abs().square().mean(0) for u in (y, x)]
    # 400 powers err by 5 %
    assert float((power[0] / power[1]).log().square().mean().sqrt()) < 0.08
    assert all(0.5 < chain["acceptance"] < 0.85 for chain in model.chains)
    model.save(tmp_path / "m.safetensors")
    again = sl.FieldModel.load(tmp_path / "m.safetensors")
    assert torch.equal(again.sample(2, seed=1, start=5), y[5:7])
