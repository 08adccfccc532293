"""Filters of a radius: waves, inverses, the mean, sizes."""

import math

import pytest
import torch

from scorelet.data.fields.radial_filter import RadialFilter

FILTER = RadialFilter((0.1, 0.2, 0.4), (0.5, -0.5, 1.0))


@pytest.mark.parametrize("size", [(40, 40), (40, 60), (50, 45)])
@pytest.mark.parametrize(
    ("along", "gain"),
    [((0.1, 0.0), 0.5), ((0.0, 0.2), -0.5), ((0.3, 0.4), 1.0), ((0.0, 0.0), 0.0)],
)
def test_a_wave_is_amplified_by_the_gain_at_its_frequency(size, along, gain):
    """(0.3, 0.4) has |q| = 0.5, beyond the last frequency."""
    rows, columns = (torch.arange(n, dtype=torch.float64) for n in size)
    wave = torch.cos(2 * math.pi * (along[0] * rows[:, None] + along[1] * columns) + 0.3)
    assert torch.allclose(FILTER.apply(wave), math.exp(gain) * wave, atol=1e-12)


@pytest.mark.parametrize(
    ("along", "gain"), [((0.0, 0.3), 0.25), ((0.15, 0.0), 0.0), ((0.05, 0.0), 0.5)]
)
def test_between_frequencies_gains_are_on_a_line_and_outside_constant(along, gain):
    test_a_wave_is_amplified_by_the_gain_at_its_frequency((40, 60), along, gain)


def test_undo_is_the_inverse_and_no_filter_does_nothing():
    x = torch.randn(3, 9, 14, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
    assert torch.allclose(FILTER.undo(FILTER.apply(x)), x, atol=1e-12)
    assert torch.allclose(FILTER.apply(x).mean((1, 2)), x.mean((1, 2)), atol=1e-12)
    assert RadialFilter().apply(x) is x
    assert RadialFilter().undo(x) is x
