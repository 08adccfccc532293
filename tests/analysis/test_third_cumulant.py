"""The third cumulant of noise: that of Poisson's law is the mean, that of a Gaussian 0."""

import numpy as np
import pytest

from scorelet.analysis.third_cumulant import plain_blocks, third_cumulant

SHAPE = (400, 8, 8)
SLOPE = np.add.outer(np.arange(8), 2 * np.arange(8))
"""What a contrast of neighbours does not see."""


def drawn(law, runs=40):
    """Cumulants and stated errors of so many draws of noise."""
    found = [third_cumulant(law(np.random.default_rng(k))) for k in range(runs)]
    return np.array(found).T


@pytest.mark.slow
@pytest.mark.parametrize("mean", [0.2, 3.0, 30.0])
def test_that_of_counts_is_their_mean(mean):
    cumulants, _ = drawn(lambda rng: rng.poisson(mean, SHAPE) + SLOPE)
    assert cumulants.mean() == pytest.approx(mean, abs=4 * cumulants.std() / 40**0.5)


@pytest.mark.slow
def test_that_of_a_gaussian_is_nothing_within_the_stated_error():
    """The error is known to a ninth by 40 draws: 4 of these."""
    cumulants, errors = drawn(lambda rng: 5 * rng.standard_normal(SHAPE) + SLOPE)
    assert cumulants.mean() == pytest.approx(0, abs=4 * errors.mean() / 40**0.5)
    assert cumulants.std() == pytest.approx(errors.mean(), rel=4 / 80**0.5)


def test_blocks_with_stars_are_left_out():
    y = np.random.default_rng(0).poisson(9.0, SHAPE)
    y[::50, 3, 4] += 100
    plain = plain_blocks(y)
    assert len(plain) == 392
    assert plain.max() < 100
