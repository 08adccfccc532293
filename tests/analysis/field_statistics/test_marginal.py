"""The law of a pixel, against numpy and scipy."""

import numpy as np
import pytest
import torch

from field_samples import gaussian, log_normal, smooth_power, white
from scorelet.analysis.field_statistics import (
    compare_statistics,
    gaussian_reference,
    marginal,
    moments,
    power_map,
    quantiles,
    total_variation,
)
from scorelet.analysis.field_statistics.marginal import LEVELS

X = log_normal(smooth_power(32, 1.0), 12)


def test_marginal_is_a_histogram_over_quantiles():
    found, edges = marginal(X), np.linspace(*np.quantile(X.numpy(), [5e-4, 1 - 5e-4]), 61)
    inside = X.numpy().clip(edges[0] + 1e-9, edges[-1] - 1e-9)
    expected = np.histogram(inside, edges)[0] / X.numel()
    np.testing.assert_allclose(found.values[0].numpy(), expected, atol=1e-12)
    assert float(found.values.sum()) == pytest.approx(1)


def test_another_set_is_counted_in_the_same_bins():
    found = marginal(X)
    shifted = marginal(X + 100, like=found)
    assert shifted.axis.x.equal(found.axis.x)
    assert float(shifted.values[0, -1]) == pytest.approx(1)  # all beyond the last bin
    assert float(total_variation(found.values, shifted.values)) == pytest.approx(
        1 - float(found.values[0, -1])
    )


def test_quantiles_are_those_of_numpy():
    """Bins of 0.004 deviations, interpolated; in the tails pixels are further apart, by 1 %."""
    found = quantiles(X)
    expected = np.quantile(X.numpy(), LEVELS)
    np.testing.assert_allclose(found.values[0].numpy(), expected, rtol=0.01)
    far = quantiles(100 * X, like=found)  # another set may be far out
    np.testing.assert_allclose(far.values[0].numpy(), 100 * expected, rtol=0.01)


@pytest.mark.parametrize("shift", [0.0, 1e3])
def test_moments_are_those_of_scipy(shift):
    stats = pytest.importorskip("scipy.stats")
    x = X + shift
    flat = x.numpy().ravel()
    expected = [flat.mean(), flat.std(), stats.skew(flat), stats.kurtosis(flat, fisher=False)]
    np.testing.assert_allclose(moments(x).values[0].numpy(), expected, rtol=1e-6)
    like = moments(white(2, 32, 32))
    np.testing.assert_allclose(moments(x, like=like).values[0].numpy(), expected, rtol=1e-6)


FAR = [lambda x: x + 1e5, lambda x: x - 1e9, lambda x: 1e-10 * x, lambda x: 1e-30 * (x + 3)]


@pytest.mark.parametrize("change", FAR)
def test_moments_of_two_sets_are_compared_far_apart(change):
    """Powers about the mean of another set would cancel: kurtosis came out as -180,270."""
    x, y = white(40, 16, 16), white(40, 16, 16, seed=1)
    first, other = moments(x), change(y)
    found = moments(other, like=first)
    expected = moments(y).values[0, 2:]
    torch.testing.assert_close(found.values[0, 2:], expected, rtol=1e-5, atol=1e-5)
    for one, two in ((first, found), (found, first)):
        compared = compare_statistics(one, two)
        assert compared.differs
        assert compared.floor["relative L2"] < 1
    same = moments(change(x[:20])), moments(change(x[20:]))
    here = moments(x[:20]), moments(x[20:])
    assert compare_statistics(*same).distance == pytest.approx(
        compare_statistics(*here).distance, rel=1e-4
    )


@pytest.mark.parametrize("measure", [marginal, quantiles, moments])
def test_gaussian_fields_have_the_gaussian_law(measure):
    power = smooth_power(64, 0.5)
    x = gaussian(power, 64, seed=4) + 2
    found = measure(x)
    reference = gaussian_reference(power, found)
    z = ((found.values - reference) / found.errors)[:, 1:-1]  # few pixels beyond the ends
    assert z.abs().max() < 4
    torch.testing.assert_close(power_map(x).mean(), x.var(correction=0))
