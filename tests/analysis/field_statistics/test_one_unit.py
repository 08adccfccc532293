"""Sets of fields in different units: pictures of 8 bits beside floats, and what is asked."""

import pytest
import torch

from scorelet.analysis.field_statistics.one_unit import are_eight_bits, deviation
from scorelet.analysis.field_statistics.one_unit import far_apart as apart
from scorelet.analysis.field_statistics.sets import FieldSet, compare_sets


def drawn(*shape):
    return torch.rand(*shape, generator=torch.Generator().manual_seed(0), dtype=torch.float64)


def far_apart(*sets):
    return apart(*(deviation(x) for x in sets))


def test_deviations_do_not_see_levels():
    x = drawn(3, 8, 8)
    assert not far_apart(x, 19 * x + 300)
    assert far_apart(x, 21 * x)
    assert far_apart(21 * x - 5, x)
    assert far_apart(x, torch.full_like(x, 0.5))
    assert not far_apart(torch.zeros(2, 8, 8), torch.ones(2, 8, 8))


def test_pictures_of_8_bits_are_whole_numbers_beside_others_in_the_unit_interval():
    unit = drawn(3, 8, 8)
    bits = (255 * drawn(5, 8, 8)).round()
    assert are_eight_bits(bits, unit)
    assert are_eight_bits(bits, 1.05 * unit - 0.02)  # samples that are not clipped
    assert not are_eight_bits(unit, bits)
    assert not are_eight_bits(bits, bits)
    assert not are_eight_bits(bits + 0.5, unit)
    assert not are_eight_bits(bits + 200, unit)
    assert not are_eight_bits(-bits, unit)
    assert not are_eight_bits(bits, unit + 1)
    assert not are_eight_bits((unit > 0.5).double(), unit)  # a mask
    assert not are_eight_bits((8 * unit).floor(), unit)  # counts


@pytest.mark.slow
@pytest.mark.parametrize("unit", [0.01, 100.0])
def test_copies_in_another_unit_are_asked_about_and_never_called_none(unit):
    x = torch.randn(20, 16, 16, generator=torch.Generator().manual_seed(0))
    found = compare_sets(FieldSet(x), FieldSet(unit * x))
    assert found.neighbours is None
    assert "are they in one unit" in found.messages[0]
    alike = compare_sets(FieldSet(x), FieldSet(2 * x))
    assert alike.neighbours is not None
    assert not alike.messages
