"""Standard errors: closed forms, blocks of any size, and calibration where fields are few."""

from dataclasses import replace

import pytest
import torch

from field_samples import gaussian, log_normal, smooth_power
from scorelet.analysis.field_statistics import STATISTICS, by_chain, jackknife_errors
from scorelet.analysis.field_statistics.statistic import MOST_BLOCKS, Sample, curves
from scorelet.core.errors import InputError
from scorelet.core.random import generator

ROUNDING = 1e-10  # of the largest value: what varies less is nothing


def normal(count, columns=3, seed=0):
    return torch.randn(count, columns, generator=generator(seed), dtype=torch.float64)


def mean_of(contributions, sizes=None):
    return Sample(contributions, curves(1), torch.empty(0), sizes)


def test_the_error_of_a_mean_is_that_of_the_textbook():
    x = normal(10)
    torch.testing.assert_close(jackknife_errors(mean_of(x))[0], x.std(0) / 10**0.5)


def test_the_error_of_a_square_is_that_of_the_delta_method():
    """F = mean², with derivative 2 mean; in 200 fields the rest is of the order 1/200."""
    x = 5 + normal(200)
    sample = replace(mean_of(x), finish=lambda mean: mean.square()[..., None, :])
    expected = 2 * x.mean(0) * x.std(0) / 200**0.5
    torch.testing.assert_close(jackknife_errors(sample)[0], expected, rtol=0.02, atol=0)


def test_blocks_of_any_size_give_unbiased_squares():
    """12 fields in blocks of 1, 2, 4 and 5: the variance of a mean of unit fields is 1/12."""
    sizes = torch.tensor([1.0, 2, 4, 5], dtype=torch.float64)
    x = normal(4, 20_000) / sizes.sqrt()[:, None]
    square = jackknife_errors(mean_of(x, sizes)).square().mean()
    assert float(square) == pytest.approx(1 / 12, rel=0.03)  # 20,000 sets: 1 %


def test_many_fields_are_joined_into_blocks():
    x = normal(2 * MOST_BLOCKS + 10)
    expected = x.std(0) / len(x) ** 0.5
    # 400 blocks know an error to 3.5 %; 4 of these for the worst of three
    torch.testing.assert_close(jackknife_errors(mean_of(x))[0], expected, rtol=0.14, atol=0)


def test_chains_of_different_lengths():
    """Chains that never move: the error is that of one field for each, weighted by its length."""
    m = normal(40, 64, seed=1)
    lengths = torch.arange(40) % 3 + 1
    fields = m.repeat_interleave(lengths, 0).reshape(-1, 8, 8)
    measured = STATISTICS["moments"].measure(fields)
    found = by_chain(measured, torch.arange(40).repeat_interleave(lengths))
    torch.testing.assert_close(found.values, measured.values)
    assert found.blocks == 40
    weights = lengths / lengths.sum()
    spread = (weights.square() * (m.mean(1) - fields.mean()).square()).sum().sqrt()
    assert float(found.errors[0, 0]) == pytest.approx(float(spread), rel=0.1)


def test_one_chain_has_no_error():
    found = by_chain(STATISTICS["moments"].measure(normal(4, 64).reshape(4, 8, 8)), torch.zeros(4))
    assert found.errors.isnan().all()
    with pytest.raises(InputError, match="chains of 3 fields for a statistic of 4"):
        by_chain(STATISTICS["moments"].measure(normal(4, 64).reshape(4, 8, 8)), torch.zeros(3))


def calibration(name, draw, sets, *, fields=10):
    """Root mean square of errors over true deviation, for every point that varies."""
    measure = STATISTICS[name].measure
    x = draw(smooth_power(32, 0.5), sets * fields, 3)
    sample = measure(x, like=measure(x[:200])).sample
    parts = [replace(sample, contributions=c) for c in sample.contributions.split(fields)]
    values = torch.stack([part.finish(part.contributions.mean(0)) for part in parts])
    errors = torch.stack([jackknife_errors(part) for part in parts])
    true = values.std(0)
    varies = true > ROUNDING * values.abs().amax()
    return (errors.square().mean(0).sqrt() / true)[varies]


@pytest.mark.slow
@pytest.mark.parametrize("name", ["power", "moments", "quantiles"])
def test_errors_are_not_too_small_at_ten_fields(name):
    """A bootstrap is 5 to 15 % too small here; 100 sets know a deviation to 7 %."""
    ratio = calibration(name, gaussian, 100)
    assert 0.93 < float(ratio.median()) < 1.25


@pytest.mark.slow
@pytest.mark.parametrize("name", STATISTICS)
@pytest.mark.parametrize("draw", [gaussian, log_normal])
def test_errors_are_calibrated_at_ten_fields(name, draw):
    """Squares are right in the mean, never 10 % too small: also for ratios of heavy-tailed sums.

    400 sets know a deviation to 3.5 % where values are normal.
    """
    ratio = calibration(name, draw, 400)
    assert 0.93 < float(ratio.median()) < 1.2
    assert float(ratio.quantile(0.1)) > 0.85
