"""Halves: disjoint, nested, and functions of (seed, index)."""

import numpy as np
import pytest
import torch

from scorelet.analysis.memorization import disjoint_halves, picture_key, picture_names
from scorelet.core.errors import InputError


def test_halves_have_no_picture_in_common():
    found = disjoint_halves(np.arange(3, 40), 15, held_out=7, seed=2)
    dealt = np.concatenate([found.first, found.second, found.held_out])
    assert sorted(dealt) == list(range(3, 40))
    assert len(found.first) == len(found.second) == 15
    assert found.first.dtype == np.int64


def test_smaller_halves_are_the_first_of_larger_ones():
    large = disjoint_halves(np.arange(100), 40, held_out=10, seed=0)
    small = disjoint_halves(np.arange(100), 9, held_out=10, seed=0)
    assert np.array_equal(small.first, large.first[:9])
    assert np.array_equal(small.second, large.second[:9])
    assert np.array_equal(small.held_out, large.held_out)


def test_the_order_of_two_pictures_does_not_depend_on_the_others():
    whole = disjoint_halves(np.arange(60), 5, held_out=50, seed=4)
    few = disjoint_halves(np.arange(0, 60, 2), 5, held_out=20, seed=4)
    order = [i for i in [*whole.held_out, *whole.first, *whole.second[::-1]] if i % 2 == 0]
    assert [*few.held_out, *few.first, *few.second[::-1]] == order
    keys = [picture_key(4, int(i)) for i in order]
    assert keys == sorted(keys)


def test_another_seed_deals_anew():
    one, two = (disjoint_halves(np.arange(1000), 400, held_out=9, seed=s) for s in (0, 1))
    common = len(set(one.first) & set(two.first))
    assert 100 < common < 220  # 160 ± 10 by chance


def test_too_few_pictures():
    words = r"19 different pictures \(copies.*\): two halves of 8 and 4 held out are 20"
    with pytest.raises(InputError, match=words):
        disjoint_halves(np.arange(19), 8, held_out=4, seed=0)
    for size, held_out in ((0, 4), (4, 0)):
        with pytest.raises(InputError, match="at least one each"):
            disjoint_halves(np.arange(19), size, held_out=held_out, seed=0)


def test_names_are_those_of_pictures_wherever_they_stand():
    x = torch.rand(50, 1, 4, 4, generator=torch.Generator().manual_seed(0))
    names, order = picture_names(3, x), torch.arange(49, -1, -1)
    assert picture_names(3, x[order]) == names[::-1]
    assert picture_names(3, x.transpose(2, 3).contiguous().transpose(2, 3)) == names
    assert len(set(names)) == 50
    drawn = [set(np.argsort(picture_names(seed, x))[:25].tolist()) for seed in (3, 4)]
    assert 5 < len(drawn[0] & drawn[1]) < 20  # 12.5 ± 1.8 by chance
