"""Smooth surfaces through known pixels: slopes, holes, and another solver of Δ²u = 0."""

import numpy as np
import pytest
from skimage.restoration import inpaint_biharmonic

from scorelet.data.pictures.surface import membrane, plate


def test_a_membrane_is_the_mean_of_its_neighbours():
    """Of scattered pixels, and the edges count as mirrored."""
    rng = np.random.default_rng(0)
    x, known = rng.random((30, 41, 1)), rng.random((30, 41)) < 0.5
    found = membrane(x, known)
    around = np.pad(found[..., 0], 1, mode="edge")
    means = (around[2:, 1:-1] + around[:-2, 1:-1] + around[1:-1, 2:] + around[1:-1, :-2]) / 4
    assert np.array_equal(found[known], x[known])
    assert np.abs(found[..., 0] - means)[~known].max() < 0.03


@pytest.mark.parametrize("channels", [1, 3])
def test_a_plate_continues_a_slope_and_keeps_the_data(channels):
    rows, columns = np.mgrid[:60, :81]
    slope = np.repeat(((columns + 2 * rows) / 300)[..., None], channels, 2).astype(np.float32)
    known = np.ones(slope.shape[:2], bool)
    known[20:40, 20:50] = False
    found = plate(np.where(known[..., None], slope, np.nan), known)
    assert found.dtype == np.float32
    assert np.array_equal(found[known], slope[known])
    assert np.abs(found - slope).max() < 2e-3


def test_a_plate_bends_as_little_as_it_can():
    """Of scattered pixels it is the biharmonic surface, by another solver."""
    rows, columns = np.mgrid[:40, :50] / 50
    x = (0.5 + 0.2 * np.sin(9 * columns + 4 * rows) * np.cos(11 * rows))[..., None]
    known = np.random.default_rng(0).random(x.shape[:2]) < 0.4
    found = plate(np.where(known[..., None], x, np.nan), known)
    expected = inpaint_biharmonic(np.where(known[..., None], x, 0), ~known, channel_axis=2)
    inside = np.s_[3:-3, 3:-3]  # at the edges the other one takes another condition
    assert np.abs(found - expected)[inside].max() < 0.02 * np.ptp(x)
    assert np.abs(found - x).std() < 0.002


def test_a_plate_stays_within_the_data():
    rng = np.random.default_rng(0)
    x, known = rng.random((50, 60, 3)), rng.random((50, 60)) < 0.2
    found = plate(x, known)
    assert (found >= x[known].min(0)).all()
    assert (found <= x[known].max(0)).all()
