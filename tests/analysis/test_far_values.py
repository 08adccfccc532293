"""Which values stand for something else."""

import numpy as np
import pytest

from scorelet.analysis.far_values import far_off, stands_apart


@pytest.mark.parametrize(
    ("value", "count", "others", "width", "apart"),
    [
        (-999.0, 4, (-3.0, 3.0), None, True),
        (1e20, 4, (-3.0, 3.0), None, True),
        (-999.0, 3, (-3.0, 3.0), None, False),  # points
        (-8.9, 9, (-3.0, 3.0), None, False),  # the next value is nearer than the others are wide
        (-9.1, 9, (-3.0, 3.0), None, True),
        (-8.9, 9, (-3.0, 3.0), 5.0, True),
        (-999.0, 9, (1.0, 1.0), None, False),  # fields of two values
    ],
)
def test_a_value_stands_apart_by_number_and_distance(value, count, others, width, apart):
    assert stands_apart(value, count, others, width=width) == apart


def test_defects_are_what_lies_ten_widths_outside_the_bulk():
    bulk = np.linspace(-1, 1, 10001)  # quantiles 0.001 and 0.999: about ±0.998
    values = np.r_[bulk, 20.9, 21.1, -20.9, -21.1, 1e300]
    assert np.flatnonzero(far_off(values)).tolist() == [10002, 10004, 10005]
    assert not far_off(np.r_[np.zeros(10001), 5.0]).any()  # a bulk without width
    assert not far_off(np.tile([-1.7e308, 1.7e308], 50)).any()  # its width overflows
