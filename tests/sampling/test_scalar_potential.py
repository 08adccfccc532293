"""The scalar potential: derivatives by automatic differentiation, and its four printed forms."""

import math
from dataclasses import astuple
from inspect import unwrap

import numpy as np
import pytest
import torch
from torch.func import grad, jvp

from scorelet.core.errors import InputError
from scorelet.core.random import generator, randn
from scorelet.models.energy import check_fields
from scorelet.sampling import ScalarPotential
from scorelet.sampling.scalar_potential import _check_coefficients

DOUBLE = torch.zeros((), dtype=torch.float64)
EXACT = 1e-10  # float64 sums of 24 terms of order 10 leave 1e-13
POTENTIALS = [ScalarPotential(0.68, -1.0, 1.0), ScalarPotential(-0.3, 2.0, 0.0)]


def fields(*key, shape=(3, 1, 4, 6)):
    return randn(shape, rng=generator(11, *key), like=DOUBLE)


def bonds(x, function):
    """Sum a function of the two ends over all bonds, each once."""
    return sum(function(x, x.roll(-1, dim)) for dim in (-1, -2)).sum((1, 2, 3))


def total(x):
    return x.sum((1, 2, 3))


@pytest.mark.parametrize("potential", POTENTIALS, ids=str)
def test_force_and_hessian_are_derivatives_of_the_energy(potential):
    x, v = fields(0), fields(1)
    assert torch.allclose(
        potential.force(x), grad(lambda u: potential.energy(u).sum())(x), atol=EXACT
    )
    _, expected = jvp(potential.force, (x,), (v,))
    assert torch.allclose(potential.hessian_vec(x, v), expected, atol=EXACT)


def test_the_energy_is_its_formula():
    x = fields()
    expected = bonds(x, lambda s, t: -0.68 * s * t) + total(-1.0 * x**2 + 1.0 * x**4)
    assert torch.allclose(ScalarPotential(0.68, -1.0, 1.0).energy(x), expected, atol=EXACT)


def test_channels_are_independent_fields():
    potential, x = POTENTIALS[0], fields(shape=(2, 3, 4, 4))
    separate = sum(potential.energy(x[:, [c]]) for c in range(3))
    assert torch.allclose(potential.energy(x), separate, atol=EXACT)


# The energies as their sources print them; up to a constant they are the (b, a, q) of ours.
BETA, LAM = 0.71, 0.3
FORMS = {
    "lambda": (
        ScalarPotential.from_lambda_form(BETA, LAM),
        lambda x: -BETA * bonds(x, lambda s, t: s * t) + total(x**2 + LAM * (x**2 - 1) ** 2),
    ),
    "gradient": (
        ScalarPotential.from_gradient_form(BETA),
        lambda x: (
            BETA / 2 * bonds(x, lambda s, t: (s - t) ** 2) + total(x**4 - (1 + 2 * BETA) * x**2)
        ),
    ),
    "hopping": (
        ScalarPotential.from_hopping_form(BETA / 2, LAM),
        lambda x: -BETA * bonds(x, lambda s, t: s * t) + total((1 - 2 * LAM) * x**2 + LAM * x**4),
    ),
    "double well, bonds once": (
        ScalarPotential.from_double_well_form(BETA),
        lambda x: BETA / 2 * bonds(x, lambda s, t: (s - t) ** 2) + total((x**2 - 1) ** 2),
    ),
    "double well, bonds twice": (
        ScalarPotential.from_double_well_form(BETA, bonds="twice"),
        lambda x: BETA * bonds(x, lambda s, t: (s - t) ** 2) + total((x**2 - 1) ** 2),
    ),
}


@pytest.mark.parametrize("name", FORMS)
def test_printed_forms_differ_from_ours_by_a_constant(name):
    potential, printed = FORMS[name]
    difference = potential.energy(fields()) - printed(fields())
    assert float(difference.max() - difference.min()) < EXACT


def test_three_forms_are_one_ensemble_and_the_double_well_is_not():
    critical = ScalarPotential(0.68, -1.0, 1.0)
    assert ScalarPotential.from_lambda_form(0.68) == critical
    assert ScalarPotential.from_gradient_form(0.68) == critical
    assert ScalarPotential.from_hopping_form(0.34, 1.0) == critical
    for bonds, expected in (("once", (0.68, -0.64, 1.0)), ("twice", (1.36, 0.72, 1.0))):
        well = ScalarPotential.from_double_well_form(0.68, bonds=bonds)
        assert astuple(well) == pytest.approx(expected, abs=EXACT)


def test_rescaling_the_field_rescales_the_coefficients():
    y, scale = fields(), 1.7
    rescaled = POTENTIALS[0].rescaled(scale)
    assert torch.allclose(rescaled.energy(y), POTENTIALS[0].energy(scale * y), atol=EXACT)


def test_the_spectrum_inverts_the_quadratic_form():
    potential = POTENTIALS[1]
    units = torch.eye(36, dtype=torch.float64).reshape(36, 1, 6, 6)
    precision = potential.force(units).reshape(36, 36)  # E = x^T K x / 2
    spectrum = torch.linalg.eigvalsh(precision).reciprocal().sort().values
    assert torch.allclose(potential.power(6).flatten().sort().values, spectrum, atol=EXACT)


def test_what_cannot_work_is_refused():
    cases = [
        (lambda: ScalarPotential(0.68, -1.0, 0.0), "no finite integral"),
        (lambda: ScalarPotential(0.5, 1.0, 0.0), "no finite integral"),
        (lambda: ScalarPotential(0.68, math.nan, 1.0), "finite numbers for coefficients"),
        (lambda: _check_coefficients(True, 1.0, 1.0), "has True: give finite numbers"),
        (lambda: _check_coefficients(0.68, None), "has None: give finite numbers"),
        (lambda: unwrap(check_fields)(np.zeros((1, 1, 4, 4))), "got ndarray"),
        (lambda: ScalarPotential.from_double_well_form(0.68, bonds="thrice"), "'once' or 'twice'"),
        (lambda: POTENTIALS[0].energy(torch.zeros(4, 4)), r"\(batch, channel, height, width\)"),
        (lambda: POTENTIALS[0].force(torch.zeros(1, 1, 4, 4, dtype=int)), "floating point"),
        (lambda: POTENTIALS[0].power(8), "q = 0"),
    ]
    for call, message in cases:
        with pytest.raises(InputError, match=message):
            call()
