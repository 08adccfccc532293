"""A part with noise beside quieter ones is found, and neither texture nor like noise is."""

import numpy as np
import pytest

from noise_samples import NAMES, clean, white
from scorelet.analysis.local_noise import local_noise
from scorelet.analysis.noisy_part import levels_of_cells, noisy_part


def halves(left, right, size=256):
    """Levels of the two halves."""
    return np.where(np.arange(size) < size // 2, left, right)[:, None] * np.ones((size, 1, 3))


def found(x, levels, step=1 / 255):
    y = white(x, levels)
    return noisy_part(local_noise(y if step else 3 * y.astype(np.float32) - 100), step)


@pytest.mark.parametrize("step", [0.0, 1 / 255])
def test_it_is_found_with_its_level(step):
    unit = 1 / 255 if step else 3
    part = found(np.full((256, 256, 3), 128), halves(3, 20), step)
    np.testing.assert_array_equal(part.squares, np.arange(8) >= 4 * np.ones((8, 1)))
    assert part.level == pytest.approx(20 * unit, rel=0.1)
    assert part.others == pytest.approx(3 * unit, rel=0.2)


def test_it_is_found_in_a_photograph():
    assert found(clean("chelsea")[:256, :256], halves(0, 20)).squares[:, 4:].all()


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("level", [0, 3, 10, 25])
def test_photographs_with_like_noise_have_none(name, level):
    assert found(clean(name), level) is None


def test_texture_beside_paper_is_no_noise():
    x = np.where(np.arange(256)[:, None] < 128, 200, clean("chelsea")[:256, :256])
    assert found(x, 0) is None


def test_a_part_between_squares_is_found_beside_texture():
    levels = np.full((256, 384, 3), 2.0)
    levels[40:200, 70:240] = 22
    part = found(clean("chelsea")[:256, :384], levels)
    assert part.squares[2:6, 3:7].all()  # those that lie wholly in it
    assert part.squares.sum() <= 42  # all that it touches
    assert part.level == pytest.approx(22 / 255, rel=0.15)


def test_two_parts_are_found_together():
    levels = np.full((256, 448, 3), 1.0)
    levels[32:224, 32:192] = levels[32:224, 256:416] = 20
    part = found(np.full((256, 448, 3), 128), levels)
    np.testing.assert_array_equal(part.squares, levels[::32, ::32, 0] == 20)


def test_noise_that_grows_slowly_has_no_parts():
    assert found(np.full((256, 256, 3), 128), np.linspace(3, 25, 256)[:, None]) is None


@pytest.mark.parametrize("size", [8, 64, 96])
def test_of_few_squares_nothing_is_said(size):
    assert found(np.full((size, size, 3), 128), halves(0, 20, size)) is None


def test_levels_of_cells():
    levels = levels_of_cells(white(np.full((260, 256, 3), 128), halves(4, 20)[:1]))
    assert levels.shape == (32, 32)
    np.testing.assert_allclose(np.median(levels[:, :16]) * 255, 4, rtol=0.15)
    np.testing.assert_allclose(np.median(levels[:, 16:]) * 255, 20, rtol=0.1)
