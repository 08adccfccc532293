"""Tails of potentials: how convex they are held, and which fields are left alone."""

import pytest
import torch

from scorelet.data.fields.ensembles import ensemble
from scorelet.models.certificates import coupling_symbol
from scorelet.models.field_energy import Band
from scorelet.training.score_matching import Family, fit_band
from scorelet.training.score_matching.fit import moments_of
from scorelet.training.score_matching.tails import (
    PRIOR,
    SHARE,
    gaussian_curvature,
    least_margin,
    softest_curvature,
)

RIDGE = 1e-6


def equations(x, family=None, *, even=False):
    moments, groups = moments_of(Band("db4"), family or Family(knots=6), x, even=even), []
    for part in x.split(len(x) // 10):
        moments.add(part)
        groups.append(moments.take())
    return moments, groups


def steep(count, eta=3.0):
    return ensemble("power_law", eta=eta).sample(count, 16, 0).double()


@pytest.mark.slow
@pytest.mark.parametrize("even", [False, True])
def test_the_softest_curvature_is_that_of_the_gaussian_of_the_family(even):
    x = ensemble("lattice_ou", mass=1.0, coupling=0.2).sample(4000, 8, 0).double()
    moments, groups = equations(x, Family(knots=5, reach=3), even=even)
    factor = fit_band(moments, groups, Family()).factor
    least = torch.linalg.eigvalsh(coupling_symbol(factor, moments.size)).min()
    expected = float(least + factor.field.potential.weights.mean())
    assert softest_curvature(moments, groups, ridge=RIDGE) == pytest.approx(expected, rel=0.1)


@pytest.mark.parametrize("eta", [3.0, 5.0])
def test_few_gaussian_fields_with_a_steep_spectrum_keep_their_tails(eta):
    """Their softest details have a quarter of the mean curvature; half of that is held at most."""
    moments, groups = equations(steep(40, eta))
    fit, softest = (
        fit_band(moments, groups, Family()),
        softest_curvature(moments, groups, ridge=RIDGE),
    )
    assert softest < 0.3 * gaussian_curvature(moments, groups)
    assert fit.margin < softest
    assert not fit.held


def test_fewer_fields_get_stiffer_tails_and_many_those_that_confine_at_all():
    moments, groups = equations(steep(40))
    few = least_margin(moments, groups, ridge=RIDGE)
    softest = softest_curvature(moments, groups, ridge=RIDGE)
    assert few == pytest.approx(PRIOR / (PRIOR + 40) * softest)
    moments, groups = equations(steep(1000))
    many = least_margin(moments, groups, ridge=RIDGE)
    assert many == pytest.approx(SHARE * gaussian_curvature(moments, groups))
