"""Means of blocks against the definition."""

import numpy as np
import pytest

from scorelet.core.blocks import block_means


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
