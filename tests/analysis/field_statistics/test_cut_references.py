"""Gaussian curves of fields that were cut out: smooth ones, and quantities of whole fields."""

import pytest
import torch

from scorelet.analysis import field_statistics as fs
from scorelet.analysis.field_statistics.sets import FieldSet, compare_sets
from scorelet.core.random import generator, randn
from scorelet.data.fields.ensembles import ensemble


def _cut(eta, count, side, seed, whole=4):
    law = ensemble("power_law", eta=eta, length=whole * side // 2)
    return law.sample(count, whole * side, seed=seed)[:, 0, :side, :side].double()


@pytest.mark.parametrize(("eta", "side", "seed"), [(8.0, 32, 2), (6.0, 32, 1), (8.0, 64, 1)])
def test_peaks_and_functionals_of_smooth_fields_are_finite(eta, side, seed):
    """Of ramps nearly, whose covariance spectrum no field has."""
    x = _cut(eta, 20, side, seed)
    power = fs.covariance_spectrum(x, window="hann")
    for measure in (fs.peaks, fs.minkowski):
        curve = fs.gaussian_reference(power, measure(x, window="hann"))
        assert curve is not None
        assert bool(curve.isfinite().all())


def test_sets_of_ramps_are_compared():
    rng = generator(0)
    u = torch.linspace(0, 1, 32, dtype=torch.float64)

    def ramps():
        down, across = randn((2, 12, 1, 1), rng=rng, like=u)
        return down * u[:, None] + across * u + 1e-3 * randn((12, 32, 32), rng=rng, like=u)

    sets = [FieldSet(ramps()) for _ in range(2)]
    assert "peaks" in compare_sets(*sets, window="hann").lines


@pytest.mark.slow
@pytest.mark.parametrize("eta", [2.0, 4.0])
def test_the_mean_of_a_cut_out_varies_as_its_curve_says(eta):
    """chi and |m| are of whole fields; the sum of their covariance is up to 1.4 times too large."""
    x = _cut(eta, 600, 32, 5, whole=2)
    found = fs.critical(x, window="hann")
    power = fs.STATISTICS["critical"].spectrum(x, window="hann")
    curve = fs.gaussian_reference(power, found)
    assert curve is not None
    torch.testing.assert_close(curve[0, :2], found.values[0, :2], rtol=0.15, atol=0)
