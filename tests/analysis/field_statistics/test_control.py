"""Mixtures of fields that were cut out: exact second moments, nearly normal, no false alarms."""

import pytest
import torch

from field_samples import gaussian, smooth_power, white
from scorelet.analysis.field_statistics import (
    mixtures,
    power_spectrum,
    structure_functions,
)
from scorelet.analysis.field_statistics.control import control_fields
from scorelet.analysis.field_statistics.sets import FieldSet, compare_sets
from scorelet.core.random import generator
from scorelet.data.fields.ensembles import ensemble


@pytest.mark.parametrize("count", [1, 2, 12, 300])
def test_mixtures_keep_the_mean_and_all_second_moments(count):
    x = white(count, 8, 9).exp().cumsum(1)
    y = mixtures(x, rng=generator(1))
    torch.testing.assert_close(y.mean(0), x.mean(0))
    before, after = (u.flatten(1).mT @ u.flatten(1) for u in (x, y))
    torch.testing.assert_close(after, before)
    assert torch.equal(y, mixtures(x[:, None], rng=generator(1)))
    if count > 2:
        assert (y - mixtures(x, rng=generator(2))).abs().max() > 1


@pytest.mark.slow
def test_mixtures_are_nearly_normal():
    """With E sum_j O_ij^3 = (3 n - 2) / n^2, and about 3 / (n + 2) of O^4, of cumulants."""
    n = 12
    x = torch.empty(n, 256, 256, dtype=torch.float64)
    x.exponential_(generator=torch.Generator().manual_seed(0))
    found = []
    for seed in range(20):
        y = mixtures(x, rng=generator(seed)) - x.mean()
        found.append(torch.stack([y.pow(3).mean() / 2, (y.pow(4).mean() - 3) / 6]))
    mean, spread = torch.stack(found).mean(0), torch.stack(found).std(0) / 20**0.5
    expected = torch.tensor([(3 * n - 2) / n**2, 3 / (n + 2)], dtype=torch.float64)
    assert ((mean - expected).abs() < 4 * spread + 0.01).all()


@pytest.mark.parametrize("unit", [1e-30, 1.0, 1e30])
def test_controls_of_cut_fields_have_their_power_in_any_unit(unit):
    x = unit * gaussian(smooth_power(64, 2.0), 12)[:, :32, :32].float()
    y = control_fields(x, window="hann", rng=generator(0))
    assert y.dtype == x.dtype
    for measure in (power_spectrum, structure_functions):
        before = measure(x, window="hann")
        after = measure(y, window="hann", like=before)
        chosen = slice(1, 2) if measure is structure_functions else slice(None)
        torch.testing.assert_close(after.values[chosen], before.values[chosen], atol=0, rtol=1e-4)


@pytest.mark.slow
@pytest.mark.parametrize("slope", [2.0, 4.0])
def test_nothing_sees_phases_of_gaussian_fields_that_were_cut_out(slope):
    """Whose power is mostly in waves that are longer than a field."""
    law = ensemble("power_law", eta=slope, length=128)
    for seed in range(3):
        x = law.sample(40, 128, seed=seed)[:, 0, :32, :32]
        found = compare_sets(FieldSet(x[:20]), FieldSet(x[20:]), window="hann")
        assert len(found.lines) == 12
        assert not found.messages
        for name, line in found.lines.items():
            assert not line.control_comparison.differs, name


@pytest.mark.slow
def test_phases_of_cut_log_normal_fields_are_seen():
    x = ensemble("log_normal").sample(60, 128, seed=1)[:, 0, :64, :64]
    lines = compare_sets(FieldSet(x[:30]), FieldSet(x[30:]), window="hann").lines
    seen = {name for name, line in lines.items() if line.control_comparison.differs}
    assert seen >= {"marginal", "quantiles", "moments", "structure", "flatness", "minkowski"}
    for name in ("power", "two_point"):
        assert lines[name].control_comparison.distance < 1e-3
