"""Copies are found, new draws are not taken for copies."""

import pytest
import torch

from field_samples import gaussian, smooth_power, white
from scorelet.analysis.field_statistics import compare_neighbours, nearest_neighbours
from scorelet.core.errors import InputError

POWER = smooth_power(32, 1.0)


def test_distances_are_root_mean_squares():
    data, made = white(4, 8, 8) + 50, white(3, 8, 8, seed=1) + 50
    found = nearest_neighbours(made, data)
    pairs = (made[:, None] - data[None]).square().mean((2, 3)).sqrt()
    torch.testing.assert_close(found.to_data, pairs.min(1).values)
    among = (data[:, None] - data[None]).square().mean((2, 3)).sqrt().fill_diagonal_(torch.inf)
    torch.testing.assert_close(found.among_data, among.min(1).values)


@pytest.mark.parametrize("unit", [1e-30, 1e30])
def test_distances_in_any_unit(unit):
    data, made = gaussian(POWER, 5).float(), gaussian(POWER, 4, 1).float()
    found, expected = nearest_neighbours(unit * made, unit * data), nearest_neighbours(made, data)
    torch.testing.assert_close(found.pairs / unit, expected.pairs, rtol=1e-5, atol=0)


@pytest.mark.parametrize("noise", [0.0, 1e-6, 0.01])
def test_copies_are_found_in_float32(noise):
    data = gaussian(POWER, 30).float()
    made = torch.cat([gaussian(POWER, 15, 1).float(), data[:15]])
    made[15:] += noise * white(15, 32, 32, seed=3).float()
    found = nearest_neighbours(made, data)
    assert found.copies == 15
    expected = torch.full((15,), noise)
    torch.testing.assert_close(found.to_data[15:].float(), expected, atol=1e-7, rtol=0.1)
    assert compare_neighbours(found).differs


@pytest.mark.slow
def test_new_draws_are_no_copies():
    for seed in range(5):
        found = nearest_neighbours(gaussian(POWER, 30, 2 * seed), gaussian(POWER, 40, 2 * seed + 1))
        assert found.copies == 0
        assert found.ratio == pytest.approx(1, abs=0.1)
        assert not compare_neighbours(found).differs


def test_what_cannot_be_searched():
    with pytest.raises(InputError, match="expected one size"):
        nearest_neighbours(white(2, 8, 8), white(2, 9, 9))
    with pytest.raises(InputError, match="at least two"):
        nearest_neighbours(white(2, 8, 8), white(1, 8, 8))
