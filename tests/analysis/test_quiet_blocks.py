"""The line of noise in blocks that show little, and floors of bands in the quietest."""

import numpy as np
import pytest
from scipy.fft import idctn
from scipy.ndimage import gaussian_filter

from scorelet.analysis.block_dct import SIDE, SUM
from scorelet.analysis.noise_floor import VarianceLine
from scorelet.analysis.noise_kind import BANDS, noise_kind
from scorelet.analysis.quiet_blocks import CORNER, quiet_floors, quiet_line

A, B = 1e-4, 1e-5
WRONG = VarianceLine(0.8 * A, 2 * B, 0.0, 0.0, 0.1, 0.9, np.empty(0))
"""A line as a law for texture may find it: too high where it is dark."""


def blocks_of(seed, count=4000, flat=0.4, brightness=(0.1, 0.9)):
    """Blocks with noise of the line, and texture that falls with frequency in most of them."""
    rng = np.random.default_rng(seed)
    x = rng.uniform(*brightness, count)
    texture = np.where(rng.random(count) < flat, 0.0, np.exp(rng.normal(-7, 1.5, count)))
    power = (A * x + B)[:, None, None] + texture[:, None, None] * np.exp(-0.7 * SUM)
    coefficients = np.sqrt(power) * rng.standard_normal((count, SIDE, SIDE))
    coefficients[:, 0, 0] = SIDE * x
    return idctn(coefficients, axes=(1, 2), norm="ortho")


def through_a_lens(seed, size=320):
    """Smooth texture nearly everywhere, under weak noise of a sensor."""
    rng = np.random.default_rng(seed)
    x = 0.1 + 0.7 * np.mgrid[:size, :size][1] / size
    texture = gaussian_filter(rng.standard_normal((size, size)), 1.3)
    strength = np.exp(42 * gaussian_filter(rng.standard_normal((size, size)), 24) - 1.5)
    x = np.clip(x + strength * texture, 0.02, 0.98)[..., None]
    return x + np.sqrt(A * x + B) * rng.standard_normal(x.shape)


def test_a_wrong_line_is_mended_within_its_errors():
    lines = [quiet_line(blocks_of(seed), WRONG) for seed in range(6)]
    far = [((line.a - A) / line.a_error, (line.b - B) / line.b_error) for line in lines]
    assert np.sqrt(np.mean(np.square(far))) < 2
    assert np.mean([line.a for line in lines]) == pytest.approx(A, rel=0.04)
    assert np.mean([line.b for line in lines]) == pytest.approx(B, rel=0.15)


def test_flat_blocks_are_all_used():
    lines = [quiet_line(blocks_of(seed, flat=1.0), WRONG) for seed in range(5)]
    x = np.linspace(0.1, 0.9, 4000)
    basis = np.stack([x, np.ones_like(x)], 1) / (A * x + B)[:, None]
    least = np.sqrt(np.diag(np.linalg.inv(21 / 2 * basis.T @ basis)))  # Cramer-Rao
    assert np.median([line.a_error for line in lines]) == pytest.approx(least[0], rel=0.1)
    assert np.median([line.b_error for line in lines]) == pytest.approx(least[1], rel=0.1)


def test_few_blocks_leave_the_line_as_it_is():
    assert quiet_line(blocks_of(0, count=199), WRONG) is WRONG


def test_one_brightness_tells_the_level_there_and_no_slope():
    blocks = blocks_of(8, brightness=(0.499, 0.501))
    first = VarianceLine(0.8 * A, 0.8 * B, 0.0, 0.0, 0.1, 0.9, np.empty(0))
    line = quiet_line(blocks, first)
    assert 0.5 * line.a + line.b == pytest.approx(0.5 * A + B, rel=0.03)
    assert line.a_error > 0.05 * A
    assert abs(line.a - A) < 3 * line.a_error


def test_floors_of_white_noise_are_one_under_texture():
    line = VarianceLine(A, B, 0.0, 0.0, 0.1, 0.9, np.empty(0))
    found = quiet_floors(blocks_of(9), line, BANDS | {"corner": CORNER})
    assert list(found) == [*BANDS, "corner"]
    assert all(abs(floor - 1) < 0.15 for floor in found.values())


def test_floors_are_infinite_in_blocks_without_fast_coefficients():
    """As those with upright edges alone, which drawings may have most of."""
    blocks = np.tile(np.random.default_rng(0).random((200, 1, 8)), (1, 8, 1))
    line = VarianceLine(A, B, 0.0, 0.0, 0.1, 0.9, np.empty(0))
    assert set(quiet_floors(blocks, line, BANDS).values()) == {np.inf}


@pytest.mark.slow
@pytest.mark.parametrize("seed", [0, 1, 3, 4])
def test_texture_does_not_raise_weak_noise(seed):
    found = noise_kind(through_a_lens(seed))
    assert found is not None
    assert found.a == pytest.approx(A, rel=0.1)
    assert abs(found.b - B) < 3 * found.b_error


@pytest.mark.slow
def test_smoothed_noise_is_not_that_of_its_fastest_coefficients():
    rng = np.random.default_rng(0)
    noise = gaussian_filter(rng.standard_normal((320, 320)), 0.6)
    x = np.tile(np.linspace(0.2, 0.8, 320), (320, 1))
    found = noise_kind((x + 0.03 * noise / noise.std())[..., None])
    assert found is not None
    assert not found.white
    assert found.sigma == pytest.approx(0.03, rel=0.2)
