"""Transforms in lanes against numpy's, and nothing written outside of the two buffers."""

import math

import numpy as np
import pytest

from scorelet.core.compiled import compiled
from scorelet.wavelets.kernels.lane_fft import MAX_FACTOR, factorise, transform, twiddles
from scorelet.wavelets.kernels.vectors import LANE_COUNT

GUARD = 64
LENGTHS = [n for n in range(1, 130) if max(factorise(n), default=1) <= MAX_FACTOR]


@compiled
def run(source, spare, factors, table):
    return transform(source, spare, factors, table)


def transformed(x):
    """The transform of x (length, LANE_COUNT), by the kernel, with guards around both buffers."""
    size = 2 * x.size
    memory = np.full((2, size + 2 * GUARD), np.nan, np.float32)
    memory[0, GUARD:-GUARD] = np.stack([x.real, x.imag], 1).ravel()
    places = [row.ctypes.data + GUARD * 4 for row in memory]
    factors, table = factorise(len(x)), twiddles(len(x))
    padded = np.array([*factors, *[0] * (32 - len(factors))])
    found = places.index(run(*places, padded, table.ctypes.data))
    assert np.isnan(memory[:, :GUARD]).all()
    assert np.isnan(memory[:, -GUARD:]).all()
    re, im = memory[found, GUARD:-GUARD].reshape(len(x), 2, LANE_COUNT).transpose(1, 0, 2)
    return re + 1j * im


@pytest.mark.parametrize("length", LENGTHS)
def test_transforms_are_numpys(length):
    """Error against float64 as of an FFT in float32: eps log2 n, or of sums of up to 31 terms."""
    rng = np.random.default_rng(length)
    x = (rng.standard_normal((2, length, LANE_COUNT)) * [[[1]], [[1j]]]).sum(0)
    expected = np.fft.fft(x, axis=0)
    error = np.linalg.norm(transformed(x) - expected) / np.linalg.norm(expected)
    assert error < 3e-7 * math.log2(2 * length)


@pytest.mark.parametrize("length", [1, 2, 30, 64, 97, 1023])
def test_factors_multiply_to_the_length(length):
    assert math.prod(factorise(length)) == length
    assert len(twiddles(length)) == sum(
        2 * (length // math.prod(factorise(length)[: k + 1])) * (f - 1) + 2 * f * f * (f > 5)
        for k, f in enumerate(factorise(length))
    )
