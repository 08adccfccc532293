"""Ratios of known laws: of amplitudes, of filtered fields, of two-valued means."""

import math

import pytest
import torch

from scorelet.analysis.field_statistics.agreement import (
    Ratios,
    binder_difference,
    even_total_variation,
    scale_ratios,
    spectrum_ratios,
)


def fields(seed):
    rng = torch.Generator().manual_seed(seed)
    z = torch.randn(400, 16, 16, generator=rng, dtype=torch.float64)
    return z + z.roll(1, 1) / 2 + z.roll(1, 2) / 2


X, Y = fields(0), fields(1)


@pytest.mark.slow
def test_a_gain_is_a_gain_at_every_frequency_and_scale():
    spectrum, scales = spectrum_ratios(X, 1.1 * X), scale_ratios(X, 1.1 * X)
    assert spectrum.values == pytest.approx([1.21] * len(spectrum.values), rel=1e-4)
    assert scales.values == pytest.approx([1.1] * 4)
    assert scales.places == [16, 8, 4, 2]


@pytest.mark.slow
def test_two_sets_of_a_law_agree_within_errors():
    for found in (spectrum_ratios(X, Y), scale_ratios(X, Y)):
        gaps = torch.tensor([(v - 1) / e for v, e in zip(found.values, found.errors, strict=True)])
        assert float(gaps.square().mean()) < 3
        assert found.excess() < 0.03
        assert found.excess(errors=0.0) > 0


def test_the_excess_is_taken_where_it_is_asked_for():
    found = Ratios([1.0, 2.0, 3.0], [2.0, 1.1, 0.8], [0.1, 0.01, 0.05])
    assert found.excess() == pytest.approx(0.8)
    assert found.excess(least=2.0) == pytest.approx(0.1)
    assert found.excess(least=2.0, errors=0.0) == pytest.approx(0.2)
    assert found.since(2.0).worst() == (3.0, 0.8, 0.05)
    assert found.since(2.0).worst(errors=3.0) == (2.0, 1.1, 0.01)


def test_the_marginal_does_not_see_the_sign_but_the_width():
    assert even_total_variation(X, -X) == 0
    assert even_total_variation(X, Y) < 0.02
    rng = torch.Generator().manual_seed(0)
    x = torch.randn(50, 64, 64, dtype=torch.float64, generator=rng)
    # total variation of N(0, 1) and N(0, 4), which cross at |t| = sqrt(8 log 2 / 3)
    t = torch.tensor((8 * math.log(2) / 3) ** 0.5)
    exact = 2 * (torch.special.ndtr(t) - torch.special.ndtr(t / 2))
    assert even_total_variation(x, 2 * x) == pytest.approx(float(exact), abs=0.01)


def test_binder_of_two_phases_is_1_and_of_a_gaussian_3():
    rng = torch.Generator().manual_seed(3)
    m = torch.randn(3000, 1, 1, generator=rng, dtype=torch.float64)
    normal, phases = m.expand(-1, 8, 8), m.sign().expand(-1, 8, 8)
    difference, error = binder_difference(normal, phases)
    assert abs(difference + 2) < 3 * error
    assert binder_difference(phases, phases)[0] == 0
