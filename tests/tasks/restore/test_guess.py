"""What a surface through known pixels is worth: laws of slopes, of noise, and of holes."""

import numpy as np
import pytest

from scorelet.data.pictures.surface import membrane, plate
from scorelet.tasks.restore.ways.guess import smooth_guess


def scattered(share, side=96, seed=0):
    return np.random.default_rng(seed).random((side, side)) < share


def noise(level, side=96):
    return 0.5 + level * np.random.default_rng(1).standard_normal((side, side, 1))


def slope(side=96):
    rows, columns = np.mgrid[:side, :side]
    return ((columns + 2 * rows) / (4 * side))[..., None]


def test_a_picture_of_one_colour_is_its_surface():
    found = smooth_guess(np.full((64, 64, 3), 0.3), scattered(0.2, 64))
    assert found.error < 1e-12
    assert found.share.shape == (64, 64, 1)
    assert np.median(found.share) == 1
    assert found.share.min() > 0.3  # where by chance few pixels around are known


@pytest.mark.parametrize("share", [0.1, 0.5])
@pytest.mark.parametrize("level", [0.02, 0.1])
def test_of_white_noise_the_error_is_its_level_and_what_neighbours_add(share, level):
    """Var(x - mean of others) = σ² (1 + Σ w²), and weights of several pixels have Σ w² < 1."""
    found = smooth_guess(noise(level), scattered(share))
    assert level < found.error < 2**0.5 * level
    expected = 0.014**2 / (0.014**2 + found.error**2)
    assert np.median(found.share) == pytest.approx(expected, rel=0.35)


def test_the_error_is_that_at_pixels_that_are_missing():
    """Predicted from the known ones alone, which are a little rarer when a part is hidden."""
    rows, columns = np.mgrid[:96, :96] / 96
    x = (0.5 + 0.2 * np.sin(9 * columns + 4 * rows) * np.cos(11 * rows))[..., None]
    known = scattered(0.2)
    found = smooth_guess(np.where(known[..., None], x, np.nan), known)
    assert found.error == pytest.approx((found.pixels - x)[~known].std(), rel=0.35)


@pytest.mark.parametrize("rough", [0.0, 0.1])
def test_the_surface_is_the_mean_of_two_that_is_nearest(rough):
    """Of a wave it is the plate, of noise nearly the membrane; never worse than the better one."""
    rows, columns = np.mgrid[:96, :96] / 96
    wave = 0.5 + 0.2 * np.sin(20 * columns + 8 * rows)
    x, known = (wave + rough * (noise(1)[..., 0] - 0.5))[..., None], scattered(0.3)

    def error(found):
        return float(np.sqrt(np.square(found - x)[~known].mean()))

    found = smooth_guess(x, known).pixels
    of_membrane, of_plate = error(membrane(x, known)), error(plate(x, known))
    assert (of_membrane < of_plate) == (rough > 0)
    assert error(found) < 1.02 * min(of_membrane, of_plate)


def test_each_place_is_judged_by_its_own_surroundings():
    """The left half is a slope, the right half noise."""
    x, half = slope(), 48
    x[:, half:] = noise(0.1)[:, half:]
    share = smooth_guess(x, scattered(0.3)).share
    assert np.median(share[:, : half - 12]) > 0.95
    assert share[:, half + 12 :].max() < 0.05


def test_nothing_is_said_of_the_middle_of_a_hole():
    known = np.ones((96, 96), bool)
    known[30:70, 30:70] = False
    found = smooth_guess(slope(), known)
    assert found.error == np.inf
    assert found.share[45:55, 45:55].max() < 1e-3
    assert found.share[:20].min() > 0.9


def test_one_known_pixel_is_enough():
    known = np.zeros((9, 9), bool)
    known[4, 4] = True
    found = smooth_guess(noise(0.1, 9), known)
    assert found.error == np.inf
    assert not found.share.any()
    assert np.array_equal(found.pixels, np.broadcast_to(found.pixels[4, 4], (9, 9, 1)))


@pytest.mark.parametrize("width", [1, 2, 6, 20])
def test_scratches_and_holes_are_not_judged_by_single_pixels(width):
    rows, columns = np.mgrid[:96, :96] / 96
    x = (0.5 + 0.2 * np.sin(20 * columns + 8 * rows))[..., None]
    known = np.ones((96, 96), bool)
    known[:, 30 : 30 + width] = False
    found = smooth_guess(x, known)
    thin = width < 3
    assert np.isfinite(found.error) == thin
    surface = plate if thin else membrane
    assert np.array_equal(found.pixels, surface(x, known)) or (thin and found.error < 1e-3)


def test_missing_pixels_say_nothing():
    known, x = scattered(0.4), noise(0.05)
    hollow = np.where(known[..., None], x, np.nan)
    assert np.array_equal(smooth_guess(hollow, known).share, smooth_guess(x, known).share)
