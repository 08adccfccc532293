"""Chain diagnostics: AR(1) chains of known autocorrelation, and arviz as the reference."""

import warnings
from inspect import unwrap

import numpy as np
import pytest
import torch

from scorelet.core.chain_diagnostics import (
    _checked,
    autocorrelation,
    autocorrelation_time,
    diagnose_chains,
    effective_sample_size,
    r_hat,
)
from scorelet.core.errors import InputError


def autoregressive(coefficient, chains=8, draws=4000, seed=0):
    """Stationary x_t = r x_{t-1} + sqrt(1 - r^2) z_t: its autocorrelation is r^t."""
    rng = np.random.default_rng(seed)
    x = np.empty((chains, draws))
    x[:, 0] = rng.standard_normal(chains)
    for t in range(1, draws):
        noise = rng.standard_normal(chains)
        x[:, t] = coefficient * x[:, t - 1] + (1 - coefficient**2) ** 0.5 * noise
    return x


@pytest.mark.parametrize("coefficient", [-0.5, 0.0, 0.5, 0.9])
def test_the_time_of_an_autoregressive_chain_is_known(coefficient):
    expected = (1 + coefficient) / (1 - coefficient)
    x = autoregressive(coefficient)
    # summing about 3 τ lags of n draws leaves a relative error of sqrt(12 τ / n): four of these,
    # and the bias of Geyer's rule, which keeps what is positive, of a few per cent
    tolerance = 4 * (12 * max(expected, 1) / x.size) ** 0.5 + 0.05
    assert autocorrelation_time(x) == pytest.approx(expected, rel=tolerance)
    assert effective_sample_size(x) == pytest.approx(x.size / expected, rel=tolerance)


def test_the_autocorrelation_is_its_sum():
    x = np.random.default_rng(1).standard_normal((3, 50)).cumsum(1)
    centred = x - x.mean(1, keepdims=True)
    sums = [(centred[:, : 50 - lag] * centred[:, lag:]).sum() for lag in range(50)]
    assert np.allclose(autocorrelation(x), np.array(sums) / sums[0], atol=1e-12)


def test_mixed_chains_have_r_hat_one_and_others_have_not():
    x = autoregressive(0.3)
    assert r_hat(x) == pytest.approx(1, abs=0.005)
    shifted = x + np.arange(8)[:, None]  # another mean in each chain
    wider = x * np.where(np.arange(8) < 4, 1, 4)[:, None]  # the same mean, another scale
    drifting = x + np.linspace(0, 4, x.shape[1])  # the same drift: found by the split
    assert min(r_hat(shifted), r_hat(wider), r_hat(drifting)) > 1.2


def test_only_the_order_of_draws_counts_for_r_hat_of_location():
    """Shifted chains after a monotone map: the ranks, and so the larger R-hat, are the same."""
    x = autoregressive(0.3, draws=200) + np.arange(8)[:, None]
    assert r_hat(np.exp(x)) == pytest.approx(r_hat(x), rel=1e-10)
    assert effective_sample_size(5 * x + 3) == pytest.approx(effective_sample_size(x), rel=1e-10)


CASES = {
    "autoregressive": autoregressive(0.9, draws=500),
    "odd": autoregressive(0.5, chains=3, draws=101),
    "alternating": autoregressive(-0.9, chains=4, draws=100),
    "short": autoregressive(0.5, chains=2, draws=4),
    "ties": np.round(autoregressive(0.7, draws=200)),
    "not mixed": autoregressive(0.99, chains=4, draws=60),
    "heavy": np.random.default_rng(2).standard_cauchy((4, 300)),
}


@pytest.mark.slow
@pytest.mark.parametrize("name", CASES)
def test_arviz_says_the_same(name):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # it announces its own next version
        arviz = pytest.importorskip("arviz")
        x = CASES[name]
        assert r_hat(x) == pytest.approx(float(arviz.rhat(x, method="rank")), rel=1e-10)
        expected = float(arviz.ess(x, method="mean"))
        assert effective_sample_size(x) == pytest.approx(expected, rel=1e-10)


def test_all_in_one():
    x = autoregressive(0.5, draws=500)
    report = diagnose_chains(x, acceptance=0.7, seconds=2.0)
    assert report.effective_samples == effective_sample_size(x)
    assert report.samples_per_second == pytest.approx(report.effective_samples / 2)
    assert report.autocorrelation_time * report.effective_samples == pytest.approx(x.size)
    assert (report.r_hat, report.acceptance) == (r_hat(x), 0.7)
    assert diagnose_chains(x).samples_per_second is None


def test_tensors_and_lists_are_arrays():
    x = autoregressive(0.5, draws=50)
    for draws in (torch.from_numpy(x), x.tolist()):
        assert np.array_equal(unwrap(_checked)(draws), x)


def test_what_cannot_work_is_refused():
    with pytest.raises(InputError, match="seconds: expected a positive time"):
        diagnose_chains(autoregressive(0.5, draws=50), seconds=0.0)
    for draws in ("abc", [[1, 2], [1]], np.ones((2, 8)) * 1j, None):
        with pytest.raises(InputError, match=r"\(chains, draws\)"):
            unwrap(_checked)(draws)
    for draws, message in [
        (np.zeros(10), r"\(chains, draws\)"),
        (np.zeros((2, 3)), "at least 4"),
        (np.zeros((2, 8)), "does not move"),
        (np.full((2, 8), np.nan), "not finite"),
    ]:
        for function in (autocorrelation_time, r_hat, autocorrelation):
            with pytest.raises(InputError, match=message):
                function(draws)
