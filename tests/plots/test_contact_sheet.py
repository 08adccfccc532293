"""Contact sheets: places, scale, and shapes that are not square."""

import numpy as np

from scorelet.plots.contact_sheet import contact_sheet


def test_places_and_scale():
    ramp = np.arange(3 * 2 * 4, dtype=float).reshape(3, 2, 4)
    sheet = contact_sheet(ramp)  # two columns of fields that are wider than high
    assert (sheet.shape, sheet.dtype) == ((2 * 2 + 2, 2 * 4 + 2), np.uint8)
    assert (sheet[0, 0], sheet[4, 0]) == (0, round(255 * (16 - 0.023) / (23 - 2 * 0.023)))
    assert (sheet[2:4] == 255).all()  # between the rows
    assert (sheet[:, 4:6] == 255).all()
    assert (sheet[4:, 6:] == 255).all()  # where there is no fourth field
    assert contact_sheet(np.full((1, 3, 3), 7.0)).tolist() == [[128] * 3] * 3


def test_outliers_do_not_set_the_scale():
    fields = np.linspace(0, 1, 10_000).reshape(1, 100, 100)
    fields[0, 0, 0] = 1e6
    assert contact_sheet(fields)[50, 50] in range(120, 136)
