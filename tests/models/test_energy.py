"""Everything that has an energy obeys the laws of energies."""

import pytest
import torch

from laws.energy_laws import (
    assert_force_is_the_gradient,
    assert_hessian,
    assert_samples_do_not_see_each_other,
    assert_score_is_minus_the_force,
    assert_shapes_and_dtype,
)
from scorelet.core.errors import InputError
from scorelet.core.random import generator, randn
from scorelet.data.fields.ensembles import Anisotropic, BandLimited, PowerLaw
from scorelet.models import (
    CurvedEnergy,
    EnergyDenoiser,
    FiniteSetDenoiser,
    FunctionEnergy,
    GaussianDenoiser,
    GaussianMixtureDenoiser,
    StationaryGaussianDenoiser,
)
from scorelet.sampling import Phi4, ScalarPotential

DOUBLE = torch.zeros((), dtype=torch.float64)


def white(*shape, seed=0):
    return randn(shape, rng=generator(seed), like=DOUBLE)


def well(x):
    """A double well with a coupling of all pixels."""
    return (x.square() - 1).square().flatten(1).sum(1) + x.flatten(1).sum(1).cos()


def gaussian():
    root = white(64, 64, seed=1)
    return GaussianDenoiser(white(1, 8, 8), root @ root.T / 64)


def mixture():
    weights = torch.tensor([0.2, 0.5, 0.3], dtype=torch.float64)
    return GaussianMixtureDenoiser(weights, white(3, 1, 8, 8), weights)


# products of matrices and sums over components are not in one order for every batch: 1e-13
ROUNDED = {
    "Gaussian": gaussian().noisy(0.5),
    "mixture": mixture().noisy(0.7),
    "finite set": FiniteSetDenoiser(white(5, 1, 8, 8)).noisy(3.0),
    "stationary": StationaryGaussianDenoiser(PowerLaw().power(8)).noisy(0.3),
}
BITWISE = {
    "power law": PowerLaw(),
    "band": BandLimited(),
    "anisotropic": Anisotropic(),
    "potential": ScalarPotential(0.68, -1.0, 1.0),
    "free potential": ScalarPotential(-0.3, 2.0, 0.0),
    "phi4": Phi4(),
    "function": FunctionEnergy(well),
}
ENERGIES = ROUNDED | BITWISE


@pytest.mark.parametrize("name", ENERGIES)
def test_laws_of_energies(name):
    energy, x = ENERGIES[name], white(3, 1, 8, 8, seed=2)
    assert isinstance(energy, CurvedEnergy)
    # second differences: h^2 = 1e-8 times third derivatives of order 10, over numbers of order 1
    assert_force_is_the_gradient(energy, x, 1e-6)
    assert_hessian(energy, x, 1e-6)
    assert_score_is_minus_the_force(energy, x)
    assert_samples_do_not_see_each_other(energy, x, 1e-13 if name in ROUNDED else 0)
    assert_shapes_and_dtype(energy, x)


@pytest.mark.parametrize("name", ["power law", "potential"])
def test_large_fields_of_small_batches_do_not_see_each_other(name):
    """A sum over one field of 256 x 256 would be shared between threads, that over two not."""
    assert_samples_do_not_see_each_other(BITWISE[name], white(2, 1, 256, 256))


def test_derivatives_exist_without_gradients_being_recorded():
    energy, x = FunctionEnergy(well), white(2, 1, 4, 4)
    with torch.no_grad():
        force, product = energy.force(x), energy.hessian_vec(x, x)
    assert torch.equal(force, energy.force(x))
    assert torch.equal(product, energy.hessian_vec(x, x))
    assert float(force.abs().min()) > 0


@pytest.mark.parametrize("name", ["function", "potential"])
def test_what_is_no_batch_of_fields_is_refused(name):
    energy, x = ENERGIES[name], white(2, 1, 4, 4)
    for wrong in (x.to(torch.complex128), x.long(), x[0]):
        for call in (energy.energy, energy.force, energy.score):
            with pytest.raises(InputError, match="Fields must be floating point and"):
                call(wrong)
        for pair in ((wrong, x), (x, wrong)):
            with pytest.raises(InputError, match="Fields must be floating point and"):
                energy.hessian_vec(*pair)


@pytest.mark.parametrize(
    ("function", "got"),
    [
        (lambda x, *_: x.square(), r"of shape \(2, 1, 4, 4\)"),
        (lambda x, *_: x.square().sum(), r"of shape \(\)"),
        (lambda x, *_: 3.0, "3.0"),
    ],
)
def test_a_function_that_gives_no_number_for_each_field_is_no_energy(function, got):
    """Its force would be that of the right one, and chains would accept all fields or none."""
    energy, x = FunctionEnergy(function), white(2, 1, 4, 4)
    for call in (energy.energy, energy.force, lambda x: EnergyDenoiser(function)(x, 0.3)):
        with pytest.raises(InputError, match=rf"The energy of 2 fields is {got}.*shape \(2,\)"):
            call(x)


def test_a_noisy_density_is_that_of_the_model():
    model, y = mixture(), white(2, 1, 8, 8)
    density = model.noisy(0.4)
    assert torch.equal(density.energy(y), -model.log_density(y, 0.4))
    assert torch.equal(density.score(y), model.score(y, 0.4))
    with pytest.raises(InputError, match="sigma must be finite and positive"):
        model.noisy(0.0).energy(y)


@pytest.mark.parametrize("name", ["function", "mixture"])
def test_hessians_at_expanded_fields(name):
    energy, x, v = ENERGIES[name], white(1, 1, 8, 8), white(3, 1, 8, 8, seed=1)
    alike = x.expand(3, 1, 8, 8)
    expected = energy.hessian_vec(alike.clone(), v)
    torch.testing.assert_close(energy.hessian_vec(alike, v), expected, rtol=1e-12, atol=1e-12)
    torch.testing.assert_close(
        energy.hessian_vec(v, alike), energy.hessian_vec(v, alike.clone()), rtol=1e-12, atol=1e-12
    )
