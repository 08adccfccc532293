"""Numbers for the scales that are drawn: steps and churn, one for all or one for each."""

import numpy as np
import pytest

import scorelet as sl
from scorelet.core.errors import InputError
from scorelet.models import StationaryGaussianDenoiser
from scorelet.tasks.sample.cascades import plans_of
from small_cascades import blind, spectrum


@pytest.mark.slow
def test_churn_that_is_given_goes_before_that_of_the_model():
    """Up to the level that the model names; 0 is none."""
    model = blind()
    model.record["churn"] = [[1.0, 2.0], [0.5, 0.4], [0.0, 0.3]]
    options = {"n": 1, "steps": 3}
    without = sl.sample(model, churn=0.0, **options)
    assert "churn" not in without.document
    assert np.array_equal(without.images, sl.sample(blind(), **options).images)
    found = sl.sample(model, churn=0.25, **options).document["churn"]
    assert found == [[0.25, 2.0], [0.25, 0.4], [0.25, 0.3]]
    found = sl.sample(model, churn=(0.25, 0.0, 1.0), **options).document["churn"]
    assert found == [[0.25, 2.0], [0, 0.4], [1, 0.3]]
    whole = StationaryGaussianDenoiser(spectrum())
    assert "churn" not in sl.sample(whole, churn=0.0, **options).document


def test_steps_are_those_of_each_scale():
    """Of the law of the low band, and of what is drawn from a coarse picture."""
    model = blind()
    found = sl.sample(model, n=1, steps=(5, 3, 2), sampler="ddim")
    assert (found.document["steps"], found.document["calls"]) == ([5, 3, 2], 10)
    assert sl.sample(model, n=1, steps=2).document["steps"] == [2, 2, 2]
    coarse = np.full((8, 12), 0.5, np.float32)
    fine = sl.sample(model, n=1, steps=[3], coarse=coarse, size=(16, 24))
    assert fine.document["steps"] == [3]
    plans = plans_of(model, steps=[None, 3, 2], sampler="ddim")
    assert [plan.steps for plan in plans] == [32, 3, 2]


def test_numbers_of_other_scales_are_refused_and_scales_named():
    three = "the low band of 4x6, details of 8x12, details of 16x24, in this order"
    for options in ({"steps": (5, 3)}, {"churn": (0.5, 0.5)}):
        name = next(iter(options))
        with pytest.raises(InputError, match=f"{name} has 2 numbers for 3 scales: give .* {three}"):
            sl.sample(blind(), n=1, **options)
    coarse = np.full((8, 12), 0.5, np.float32)
    with pytest.raises(InputError, match="3 numbers for 1 scale: give one for each of details of"):
        sl.sample(blind(), n=1, steps=(5, 3, 2), coarse=coarse, size=(16, 24))
    with pytest.raises(InputError, match=r"2 numbers for 1 scale: .* whole pictures"):
        sl.sample(StationaryGaussianDenoiser(spectrum()), n=1, steps=(5, 3))
