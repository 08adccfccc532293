"""Which values stand for something else."""

import pytest

from scorelet.analysis.far_values import stands_apart


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
