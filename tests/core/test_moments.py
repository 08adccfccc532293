"""Running mean and deviation equal those of all arrays at once."""

import numpy as np
import pytest

from scorelet.core.moments import Moments


@pytest.mark.parametrize("count", [1, 2, 7])
def test_as_of_all_at_once(count):
    x = np.random.default_rng(count).standard_normal((count, 3, 4)) + 1e3
    moments = Moments()
    for one in x:
        moments.add(one)
    np.testing.assert_allclose(moments.mean, x.mean(0), rtol=1e-14)
    expected = x.std(0, ddof=1) if count > 1 else np.zeros((3, 4))
    np.testing.assert_allclose(moments.deviation, expected, rtol=1e-12)


def test_what_was_given_is_not_changed():
    x = np.ones(3, np.float32)
    moments = Moments()
    moments.add(x)
    moments.add(3 * x)
    assert np.array_equal(x, np.ones(3))
    assert moments.mean.dtype == np.float32
    assert np.array_equal(moments.mean, 2 * x)
