"""Dead leaves: the covariance formula against quadrature and against painted leaves."""

import math

import numpy as np
import pytest
import torch

from laws.ensemble_laws import assert_power
from scorelet.data.fields.ensembles import DeadLeaves
from scorelet.data.fields.ensembles.dead_leaves import _mean_lens


@pytest.mark.parametrize(("smallest", "largest"), [(1.0, 8.0), (2.0, 40.0)])
def test_the_mean_area_of_two_leaves_by_another_quadrature(smallest, largest):
    h = torch.tensor([0.0, 0.5, 1.0, 1.9, 2.0, 3.3, 7.0, 15.9], dtype=torch.float64)
    r = np.exp(np.linspace(math.log(smallest), math.log(largest), 400_001))
    density = 2 * r**-3 / (smallest**-2 - largest**-2)
    for value, got in zip(h, _mean_lens(h, smallest, largest), strict=True):
        ratio = np.minimum(float(value) / (2 * r), 1)
        lens = 2 * r**2 * (np.arccos(ratio) - ratio * np.sqrt(1 - ratio**2))
        assert float(got) == pytest.approx(np.trapezoid(lens * density, r), rel=1e-6)
    # at 0 it is the mean area of a leaf
    area = 2 * math.pi * math.log(largest / smallest) / (smallest**-2 - largest**-2)
    assert float(_mean_lens(h, smallest, largest)[0]) == pytest.approx(area, rel=1e-9)


@pytest.mark.slow
@pytest.mark.parametrize(
    "law", [DeadLeaves(), DeadLeaves(smallest=3.0, largest=0.5)], ids=["small", "large"]
)
def test_samples_have_the_spectrum(law):
    assert_power(law, n=400, size=24, mean=0.5)


@pytest.mark.slow
def test_greys_are_uniform_and_differences_have_heavy_tails():
    law, size = DeadLeaves(), 32
    x = law.sample(300, size, 0).double()
    covariance = torch.fft.ifft2(law.power(size)).real
    assert float(covariance[0, 0]) == pytest.approx(1 / 12, rel=1e-9)
    for k in range(1, 5):
        assert float((x**k).mean()) == pytest.approx(1 / (k + 1), rel=0.03)
    difference = x - x.roll(1, 3)
    same = float(covariance[0, 1]) * 12
    # two leaves: E d^2 = 1/6, E d^4 = 1/15; one leaf: 0
    fourth, second = float((difference**4).mean()), float(difference.square().mean())
    assert second == pytest.approx((1 - same) / 6, rel=0.02)
    assert fourth / second**2 == pytest.approx(2.4 / (1 - same), rel=0.03)
    assert float((difference == 0).double().mean()) == pytest.approx(same, abs=0.01)


def test_the_default_has_the_spectrum_of_a_scale_invariant_law():
    power = DeadLeaves().power(128)[0]
    k = torch.arange(4, 32, dtype=torch.float64)
    x, y = k.log() - k.log().mean(), power[4:32].log()
    assert float((x * y).sum() / (x * x).sum()) == pytest.approx(-2, abs=0.15)
