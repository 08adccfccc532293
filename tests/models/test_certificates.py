"""Curvatures of conditional laws: Lanczos against dense matrices, bounds, and the known table."""

import pytest
import torch

from field_energies import small_energy, white
from scorelet.models.certificates import (
    BandCertificate,
    certify,
    coupling_symbol,
    curvatures,
    extreme_curvatures,
    lanczos,
    uniform_bounds,
)
from scorelet.models.field_energy import (
    Band,
    ConditionalEnergy,
    Couplings,
    FieldEnergy,
    SplinePotential,
    WholeField,
)
from scorelet.sampling import Phi4

TOPS = [Band("db4", subdivisions=count, index=count - 1) for count in (1, 2, 4)]


def dense_hessian(factor, x):
    d = factor.band.analyze(x)
    energy = factor.given(factor.band.coarse(x))
    unit = torch.eye(d[0].numel(), dtype=torch.float64).reshape(-1, *d.shape[1:])
    rows = [energy.hessian_vec(d, u[None].expand_as(d)) for u in unit]
    return torch.stack(rows, 1).flatten(2)


def lattice(preset):
    """The exact action as an energy of this kind: v'' on knots so dense that it is exact."""
    potential = Phi4.preset(preset)
    knots = torch.linspace(-3, 3, 601, dtype=torch.float64)
    second = 2 * potential.a + 12 * potential.q * knots.square()
    couplings = Couplings(((0, 1), (1, 0)), torch.full((2,), -potential.b, dtype=torch.float64))
    return FieldEnergy(couplings, SplinePotential(knots, second))


@pytest.mark.slow
@pytest.mark.parametrize("band", [Band("db4"), TOPS[1], WholeField()], ids=repr)
def test_extreme_eigenvalues_are_those_of_the_dense_hessian(band):
    factor = ConditionalEnergy(small_energy(), band)
    x = band.truncate(white(3, 1, 8, 8))
    values = torch.linalg.eigvalsh(dense_hessian(factor, x))
    least, largest = extreme_curvatures(factor, x)
    assert torch.allclose(least, values[:, 0], atol=1e-4)
    assert torch.allclose(largest, values[:, -1], atol=1e-4)


def test_many_fields_are_looked_at_some_at_a_time(monkeypatch):
    """An iteration keeps forty vectors of each: those of 10,000 fields are no matter of memory."""
    factor, x = ConditionalEnergy(small_energy(), Band("haar")), white(7, 1, 8, 8)
    whole, seen = certify(factor, x), []
    plain = FieldEnergy.hessian_at
    monkeypatch.setattr(
        FieldEnergy, "hessian_at", lambda self, y: seen.append(len(y)) or plain(self, y)
    )
    monkeypatch.setattr("scorelet.models.certificates._PIECE", 3 * 40 * 64)
    told = []
    found = certify(factor, x, on_fields=told.append)
    assert seen == told == [3, 3, 1]
    torch.testing.assert_close(found.least, whole.least)
    torch.testing.assert_close(found.largest, whole.largest)
    assert found.spectrum["share"] == pytest.approx(whole.spectrum["share"])


def test_an_exhausted_space_does_not_end_the_iteration():
    """Two eigenvalues, and a start in the space of one of them."""
    scale = torch.tensor([1.0, 1.0, 1.0, 5.0], dtype=torch.float64)
    start = torch.tensor([[1.0, 2.0, 0.0, 0.0]], dtype=torch.float64)
    least, largest = lanczos(lambda v: v * scale, start, steps=4).extremes
    assert float(least) == pytest.approx(1)
    assert float(largest) == pytest.approx(5)


@pytest.mark.parametrize("steps", [2, 5, 12])
def test_every_ritz_value_is_within_its_residual_of_an_eigenvalue(steps):
    """|λ - θ| <= |r|, however short the iteration; and the residual is that of the Ritz vector."""
    matrix = white(1, 1, 60, 60)[0, 0]
    matrix = matrix + matrix.T
    found = lanczos(lambda v: v @ matrix, white(3, 60), steps=steps)
    gaps = (found.values[..., None] - torch.linalg.eigvalsh(matrix)).abs().amin(-1)
    assert bool((gaps <= found.residuals + 1e-9).all())
    assert float(found.residuals.max()) > 0.1  # far from converged: the bound is put to a test
    least, largest = found.extremes
    assert torch.equal(least, found.values[:, 0] - found.residuals[:, 0])
    assert torch.equal(largest, found.values[:, -1] + found.residuals[:, -1])


def test_a_field_counts_as_log_concave_only_beyond_the_residual():
    """Positive Ritz values whose residuals reach below 0 certify nothing."""
    spectrum = {"edges": [0.0, 1.0], "share": [1.0]}
    ritz = torch.tensor([0.3, 0.2], dtype=torch.float64)
    for residual, holds in ((0.1, True), (0.25, False)):
        r = torch.full((2,), residual, dtype=torch.float64)
        found = BandCertificate((8, 8), ritz - r, ritz + 1, r, -1.0, 2.0, spectrum)
        assert found.holds_at_fields is holds
        assert found.as_dict()["residual_max"] == pytest.approx(residual)


@pytest.mark.slow
@pytest.mark.parametrize("band", [*TOPS, WholeField()], ids=repr)
def test_uniform_bounds_hold_at_fields_and_are_attained_without_a_potential(band):
    energy = small_energy()
    x = band.truncate(2 * white(4, 1, 16, 16))
    found = certify(ConditionalEnergy(energy, band), x)
    assert found.alpha < float(found.least.min())
    assert found.beta > float(found.largest.max())
    flat = FieldEnergy(energy.couplings, SplinePotential(torch.tensor([0.0, 1, 2]).double()))
    factor = ConditionalEnergy(flat, band)
    alpha, beta = uniform_bounds(factor, (16, 16))
    symbol = torch.linalg.eigvalsh(coupling_symbol(factor, (16, 16)))
    assert (float(symbol.min()), float(symbol.max())) == (alpha, beta)
    least, largest = extreme_curvatures(factor, x[:1])
    assert float(least) == pytest.approx(alpha, abs=0.02)  # 40 steps of Lanczos
    assert float(largest) == pytest.approx(beta, abs=0.02)


def test_narrower_bands_are_more_convex():
    energy = lattice("critical")
    alphas = [uniform_bounds(ConditionalEnergy(energy, band), (32, 32))[0] for band in TOPS]
    assert alphas == sorted(alphas)
    assert alphas[0] < alphas[-1] - 1


TABLE = {
    "critical": [(-3.2, 35.6), (-1.8, 30.8), (0.0, 24.7), (1.78, 20.2)],
    "soft": [(-0.34, 10.0), (0.92, 9.3), (1.77, 8.3), (2.14, 7.1)],
}


@pytest.mark.parametrize(
    "preset", ["critical", pytest.param("soft", marks=pytest.mark.slow)]
)  # soft: its chains are planned first
@pytest.mark.slow
def test_one_octave_is_not_log_concave_at_the_critical_point_and_a_quarter_is(preset):
    """Mean extreme eigenvalues of the exact action, as they were measured independently."""
    x = Phi4.preset(preset).sample(16, 32, 5).double()
    for band, (low, high) in zip((WholeField(), *TOPS), TABLE[preset], strict=True):
        least, largest = extreme_curvatures(ConditionalEnergy(lattice(preset), band), x)
        # sixteen fields, a spread of 0.3 to 0.6 between fields; 15 % of the rest
        assert float(least.mean()) == pytest.approx(low, rel=0.15, abs=0.3)
        assert float(largest.mean()) == pytest.approx(high, rel=0.15)
        if isinstance(band, WholeField):
            assert bool((least < 0).all())
    if preset == "critical":
        octave, _ = extreme_curvatures(ConditionalEnergy(lattice(preset), TOPS[0]), x)
        quarter, _ = extreme_curvatures(ConditionalEnergy(lattice(preset), TOPS[2]), x)
        assert bool((octave < 0).all())
        assert bool((quarter > 0).all())


def test_the_weights_are_a_quadrature_of_the_density_of_eigenvalues():
    """Moments up to order 2 k - 1 of the start's measure are exact: Gauss."""
    scale = torch.linspace(-1, 3, 60, dtype=torch.float64)
    start = white(2, 60)
    found = lanczos(lambda v: v * scale, start, steps=8)
    share = start.square() / start.square().sum(1, keepdim=True)
    for order in range(16):
        exact = (share * scale**order).sum(1)
        assert torch.allclose((found.weights * found.values**order).sum(1), exact, rtol=1e-8)
    density = found.density()
    assert sum(density["share"]) == pytest.approx(1)
    middles = torch.tensor(density["edges"]).double().unfold(0, 2, 1).mean(1)
    mean = (middles * torch.tensor(density["share"]).double()).sum()
    assert float(mean) == pytest.approx(float((share * scale).sum(1).mean()), abs=0.05)


@pytest.mark.parametrize("steps", [4, 40])
def test_bounds_at_fields_are_within_uniform_ones(monkeypatch, steps):
    """Short iterations leave residuals that reach beyond what holds at all fields."""
    monkeypatch.setattr("scorelet.models.certificates.LANCZOS_STEPS", steps)
    monkeypatch.setattr("scorelet.models.certificates.MOST_STEPS", steps)
    energy = small_energy()
    flat = FieldEnergy(energy.couplings, SplinePotential(torch.tensor([0.0, 1, 2]).double()))
    factor = ConditionalEnergy(flat, Band("db4"))
    x = white(3, 1, 16, 16)
    found = certify(factor, x)
    reached, _ = curvatures(factor, x).extremes
    assert bool((reached < found.alpha).any())
    for least, largest in ((found.least, found.largest), extreme_curvatures(factor, x)):
        assert float(least.min()) >= found.alpha
        assert float(largest.max()) <= found.beta


@pytest.mark.slow
def test_iterations_go_on_while_they_are_unsure(monkeypatch):
    """A start of few steps: the same bounds as of many, field by field, whatever the others are."""
    factor = ConditionalEnergy(small_energy(), Band("db4"))
    x = white(5, 1, 8, 8)
    expected = certify(factor, x)
    monkeypatch.setattr("scorelet.models.certificates.LANCZOS_STEPS", 5)
    found = certify(factor, x)
    torch.testing.assert_close(found.least, expected.least, rtol=0.1, atol=0)
    assert float((found.residual / found.least.abs()).max()) < 0.06
    torch.testing.assert_close(certify(factor, x[:2]).least, found.least[:2])
