"""Log-concavity by projection: the bound holds, and no energy that obeys it has a lower loss."""

import numpy as np
import pytest
import torch

import scorelet as sl
from scorelet.core.errors import InputError
from scorelet.core.random import generator
from scorelet.models.certificates import uniform_bounds
from scorelet.models.field_energy import Band, ConditionalEnergy
from scorelet.sampling import Phi4
from scorelet.training.score_matching import Family, fit_band
from scorelet.training.score_matching.concavity import project_log_concave
from scorelet.training.score_matching.fit import moments_of
from scorelet.training.score_matching.tails import unit_curvature

ALPHA = 0.1


def fitted(x, even, **options):
    moments = moments_of(Band("haar"), Family(knots=6, reach=1, **options), x, even=even)
    moments.add(x)
    equations = moments.take()
    return moments, equations, fit_band(moments, [equations], Family()).solution.theta


def bound(moments, theta):
    return uniform_bounds(ConditionalEnergy(moments.energy(theta), moments.band), moments.size)[0]


@pytest.fixture(scope="module", params=[False, True], ids=["any", "even"])
def band(request):
    x = Phi4().sample(200, 8, 0).double()
    moments, equations, theta = fitted(x, request.param)
    assert bound(moments, theta) < -0.3  # critical fields: one octave is far from log-concave
    return moments, equations, theta, project_log_concave(moments, equations, theta, ALPHA)


@pytest.mark.slow
def test_the_uniform_bound_holds_and_something_is_paid(band):
    moments, equations, theta, found = band
    assert bound(moments, found) == pytest.approx(ALPHA, abs=1e-4)
    assert bound(moments, found) >= ALPHA - 1e-10
    assert equations.loss(found) > equations.loss(theta)


@pytest.mark.slow
def test_no_energy_that_obeys_has_a_lower_loss(band):
    """At the least of a convex function on a convex set no way into the set goes down."""
    moments, equations, theta, found = band
    slope = equations.matrix @ found - equations.right
    rng, unit = generator(0), unit_curvature(moments)
    size = (found - theta).norm()
    for k in range(200):
        away = torch.randn(len(found), generator=rng, dtype=torch.float64)
        other = found + 0.3 ** (k % 6) * size * away / away.norm()
        other = other + max(0.0, ALPHA - bound(moments, other)) * unit
        gain = float(slope @ (other - found))
        assert gain > -1e-5 * float(slope.norm() * (other - found).norm())
    # the dull way, a parabola on top until the bound holds, costs far more
    dull = theta + (ALPHA - bound(moments, theta)) * unit
    paid = equations.loss(found) - equations.loss(theta)
    assert paid < 0.5 * (equations.loss(dull) - equations.loss(theta))


def test_what_is_log_concave_stays_as_it_is():
    white = torch.randn(400, 1, 8, 8, generator=generator(1), dtype=torch.float64)
    moments, equations, theta = fitted(white, True)
    least = bound(moments, theta)
    assert least > 0
    assert torch.equal(project_log_concave(moments, equations, theta, 0.9 * least), theta)


def test_sigmoids_are_refused():
    with pytest.raises(InputError, match="splines only"):
        sl.FieldModel("haar", basis="sigmoid", enforce=True)


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore:.*moments")  # that is part of the cost
def test_an_enforced_model_is_certified_and_says_what_it_costs():
    x = Phi4().sample(300, 8, 0)[:, 0]
    model = sl.FieldModel("haar", knots=6, reach=1, steps=20, enforce=True).fit(x)
    certificate = model.certificate()
    assert certificate.verdict.startswith("Certified")
    assert all(band["alpha_uniform"] > 0 for band in certificate.bands)
    assert sum(band["loss_paid"] for band in model.record["bands"]) > 0
    assert np.isfinite(model.sample(4).numpy()).all()
    plain = sl.FieldModel("haar", knots=6, reach=1, steps=20).fit(x)
    assert not plain.certificate().verdict.startswith("Certified")
    assert "loss_paid" not in plain.record["bands"][0]
