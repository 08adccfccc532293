"""Cells of one colour have two scales of differences, Gaussian noise has one."""

import numpy as np
import pytest
from scipy import ndimage

from scorelet.analysis.drawn_cells import CONTRAST, is_drawn
from scorelet.core.blocks import square_blocks


def blocks(x):
    return square_blocks(x[..., None], 32)[..., 0]


def noise(level, blur=0.0, seed=0):
    z = ndimage.gaussian_filter(np.random.default_rng(seed).standard_normal((128, 128)), blur)
    return level / 255 * z / z.std()


def cells(side, count=8):
    rng = np.random.default_rng(side)
    values = rng.uniform(size=count)[rng.integers(0, count, (128 // side + 1,) * 2)]
    return values.repeat(side, 0).repeat(side, 1)[:128, :128]


@pytest.mark.parametrize("side", [2, 3, 4, 6])
@pytest.mark.parametrize("level", [0, 2, 4])
def test_cells_are_drawn_with_noise_and_without(side, level):
    assert is_drawn(blocks(cells(side) + noise(level)))


@pytest.mark.parametrize("blur", [0.0, 0.6, 1.2, 3.0])
@pytest.mark.parametrize("level", [1, 10, 60])
def test_noise_is_not_whatever_neighbours_share_of_it(blur, level):
    assert not is_drawn(blocks(np.rint(127 + 255 * noise(level, blur)) / 255))


def test_what_is_even_or_has_little_contrast_is_not():
    assert not is_drawn(blocks(np.full((64, 64), 0.5)))
    faint = cells(2, count=2)
    faint = 0.5 + 0.9 * CONTRAST * (faint > faint.mean())
    assert not is_drawn(blocks(faint))
    assert is_drawn(blocks(0.5 + 1.2 * (faint - 0.5)))


def test_half_of_the_blocks_decide():
    drawn, noisy = blocks(cells(3))[:8], blocks(noise(10))
    assert is_drawn(np.concatenate([drawn, noisy[:8]]))
    assert not is_drawn(np.concatenate([drawn, noisy[:9]]))


def test_no_blocks_are_not():
    assert not is_drawn(np.zeros((0, 32, 32)))
