"""Contact sheets: places, scale, and shapes that are not square."""

import imagecodecs
import numpy as np
import pytest

from scorelet.plots.contact_sheet import contact_sheet, sheet_bytes


def test_places_and_scale():
    ramp = np.arange(3 * 2 * 4, dtype=float).reshape(3, 2, 4)
    sheet = contact_sheet(ramp)  # two columns of fields that are wider than high
    assert (sheet.shape, sheet.dtype) == ((2 * 2 + 2, 2 * 4 + 2), np.uint8)
    assert (sheet[0, 0], sheet[4, 0]) == (0, round(255 * (16 - 0.023) / (23 - 2 * 0.023)))
    assert (sheet[2:4] == 255).all()  # between the rows
    assert (sheet[:, 4:6] == 255).all()
    assert (sheet[4:, 6:] == 255).all()  # where there is no fourth field
    assert contact_sheet(np.full((1, 3, 3), 7.0)).tolist() == [[128] * 3] * 3


def test_pictures_have_a_scale_of_their_own_and_may_have_colours():
    pictures = np.array([0.0, 0.2, 1.0, -3.0, 2.0, 0.5]).reshape(1, 1, 2, 3)
    assert contact_sheet(pictures, bounds=(0.0, 1.0)).tolist() == [[[0, 51, 255], [0, 255, 128]]]
    gray = contact_sheet(pictures[..., 0], bounds=(0.0, 1.0))
    assert gray.tolist() == [[0, 0]]


@pytest.mark.parametrize("count", [1, 2])
def test_tall_fields_stand_side_by_side_and_nothing_else(count):
    assert contact_sheet(np.zeros((count, 64, 16))).shape == (64, 16 * count + 2 * (count - 1))


def test_outliers_do_not_set_the_scale():
    fields = np.linspace(0, 1, 10_000).reshape(1, 100, 100)
    fields[0, 0, 0] = 1e6
    assert contact_sheet(fields)[50, 50] in range(120, 136)


@pytest.mark.parametrize("shape", [(1, 1, 1), (7, 1, 1), (5, 16, 16), (3, 9, 40), (2, 300, 500, 3)])
def test_the_size_that_is_claimed_is_enough_where_nothing_compresses(shape):
    fields = np.random.default_rng(0).uniform(0, 1, shape)
    sheet = contact_sheet(fields, bounds=(0.0, 1.0))
    size = len(imagecodecs.png_encode(sheet))
    claimed = sheet_bytes(*shape[:3], colours=shape[3] if len(shape) > 3 else 1)
    assert size <= claimed < 1.1 * sheet.size + 1100
