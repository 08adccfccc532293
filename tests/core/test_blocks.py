"""Means of blocks against the definition."""

import numpy as np
import pytest

from scorelet.core.blocks import block_means, square_blocks


@pytest.mark.parametrize("dtype", [np.uint8, np.float32, np.float64, bool])
@pytest.mark.parametrize("shape", [(16, 24, 3), (17, 30, 1), (5, 19, 3), (3, 2, 1)])
def test_means_are_those_of_the_definition(dtype, shape):
    values = (np.random.default_rng(0).random(shape) * 200).astype(dtype)
    high, wide = min(8, shape[0]), min(8, shape[1])
    got = block_means(values, 8)
    assert got.shape == (shape[0] // high, shape[1] // wide, shape[2])
    for row, column in np.ndindex(got.shape[:2]):
        block = values[row * high : (row + 1) * high, column * wide : (column + 1) * wide]
        assert got[row, column] == pytest.approx(block.mean((0, 1), dtype=np.float64), rel=1e-13)


def test_strided_parts_are_taken_as_they_lie():
    values = np.random.default_rng(1).random((40, 40, 3))
    assert np.array_equal(
        block_means(values[3:27, ::2], 8), block_means(values[3:27, ::2].copy(), 8)
    )


def test_blocks_hold_the_pixels_of_their_place():
    values = np.random.default_rng(0).standard_normal((11, 9, 3))
    blocks = square_blocks(values, 4)
    assert blocks.shape == (4, 4, 4, 3)
    for number, (row, column) in enumerate([(0, 0), (0, 4), (4, 0), (4, 4)]):
        np.testing.assert_array_equal(blocks[number], values[row : row + 4, column : column + 4])
