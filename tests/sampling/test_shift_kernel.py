"""Shifts of blocks: the rise of the energy that they use is the rise of the energy."""

import numpy as np
import pytest
import torch

from scorelet.core.philox import Word
from scorelet.core.random import generator
from scorelet.sampling import ScalarPotential
from scorelet.sampling.proposals import half_widths
from scorelet.sampling.shift_kernel import _rise, bond_weight, level_count, shift_blocks, tent

POTENTIAL = ScalarPotential(0.7, -0.9, 0.4)
TRIPLE = (0.7, -0.9, 0.4)
SIZE = 8


def field(seed=0, size=SIZE):
    return torch.randn(size, size, generator=generator(seed), dtype=torch.float64).numpy()


def energy(x):
    return float(POTENTIAL.energy(torch.from_numpy(x)[None, None]))


def placed(level, top, left):
    """The weights of one block on the lattice."""
    weights = np.zeros((SIZE, SIZE))
    line = tent(level, SIZE)
    rows, columns = ((corner + np.arange(len(line))) % SIZE for corner in (top, left))
    weights[np.ix_(rows, columns)] = np.outer(line, line)
    return weights


@pytest.mark.slow
@pytest.mark.parametrize("level", [1, 2, 3])
@pytest.mark.parametrize("corner", [(0, 0), (6, 3)])
def test_the_rise_is_the_difference_of_two_energies(level, corner):
    x, weights, t = field(), placed(level, *corner), 0.37
    found = _rise(x, *corner, tent(level, SIZE), TRIPLE, t, level != 2)
    assert found == pytest.approx(energy(x + t * weights) - energy(x), abs=1e-11)


@pytest.mark.parametrize("level", [1, 2, 3])
def test_the_weight_of_bonds_is_the_sum_over_bonds(level):
    w = placed(level, 0, 0)
    expected = (w * np.roll(w, 1, 0)).sum() + (w * np.roll(w, 1, 1)).sum()
    assert bond_weight(level, SIZE) == pytest.approx(expected, abs=1e-12)


def test_tents_fall_to_zero_outside():
    assert tent(1, 6).tolist() == [1.0] * 6
    assert tent(2, 64).tolist() == [0.5, 1.0, 1.0, 0.5]
    assert [level_count(size) for size in (2, 4, 6, 8, 100)] == [1, 2, 2, 3, 6]


def moved(level, width, stage):
    """What one step changes, for blocks that overlap nowhere."""
    x = field()
    before = x.copy()
    count = shift_blocks(x, level, TRIPLE, width, (Word(stage), Word(3)), (Word(1), Word(2)))
    return count, x - before


def test_small_shifts_are_all_accepted_and_are_tents():
    count, change = moved(2, 1e-9, stage=8)
    assert count == 4
    singular = np.linalg.svd(change, compute_uv=False)
    assert singular[2] < 1e-6 * singular[0]  # two rows of two blocks: rank 2
    assert np.count_nonzero(change) == SIZE**2
    assert moved(2, 1e-9, stage=16)[1].tolist() != change.tolist()


def test_large_shifts_are_all_rejected():
    count, change = moved(1, 1e6, stage=0)
    assert count == 0
    assert not change.any()


@pytest.mark.parametrize("mean_square", [0.5, 2.0])
def test_half_widths_raise_the_mean_energy_by_a_constant(mean_square):
    """Solved for t, put back into c2 t^2 + c4 t^4."""
    widths = half_widths(POTENTIAL, SIZE, mean_square=mean_square)
    for level, t in enumerate(widths):
        w = np.ones((1, 1)) if level == 0 else np.outer(tent(level, SIZE), tent(level, SIZE))
        bonds = 0.0 if level == 0 else bond_weight(level, SIZE)
        if t > 0:
            curvature = (-0.9 + 6 * 0.4 * mean_square) * (w**2).sum() - 0.7 * bonds
            assert curvature * t**2 + 0.4 * (w**4).sum() * t**4 == pytest.approx(7.3)
