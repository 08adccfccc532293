"""Contrasts: signs, seeds, and which of them are trained again."""

import math
from functools import partial

import pytest
import torch

from scorelet.recipes.claims import Measured
from scorelet.recipes.contrasts import CLOSE, Contrast, least, most, train_all
from scorelet.recipes.hits import gain


def hits(share, seeds=1):
    return (torch.arange(1000) < 1000 * share).double().expand(seeds, -1)


def test_a_contrast_is_a_sum_and_difference():
    found = {"a": hits(0.9), "b": hits(0.5), "c": hits(0.3), "d": hits(0.2)}
    both = Contrast(("a", "d"), ("b", "c"), ())
    assert both.measure(found).value == pytest.approx(90 + 20 - 50 - 30)
    assert Contrast(("a",), ("b",), ()).measure(found) == gain(found["a"], found["b"])
    assert Contrast(("a",), (), ()).measure(found).value == pytest.approx(90)


def test_seeds_that_all_have_are_compared():
    found = Contrast(("a",), ("b",), ()).measure({"a": hits(0.9, 3), "b": hits(0.5)})
    assert found.note == "one seed"
    assert Contrast(("a",), (), ()).measure({"a": hits(0.9, 3)}).note == "3 seeds"


@pytest.mark.parametrize(("share", "close"), [(0.47, False), (0.49, True), (0.6, True)])
def test_close_is_within_two_points_of_a_bound(share, close):
    contrast = Contrast(("a",), ("b",), (0, 11))
    assert CLOSE == 2
    assert contrast.is_close({"a": hits(share), "b": hits(0.5)}) is close


def test_only_what_is_close_is_trained_with_all_seeds():
    shares, trained = {"a": 0.9, "b": 0.5, "c": 0.51}, []

    def trainer(name):
        def train(seeds):
            trained.append((name, seeds))
            return hits(shares[name], seeds)

        return train

    contrasts = {
        "large": Contrast(("a",), ("b",), (0,)),
        "small": Contrast(("b",), ("c",), (0,)),
        "described": Contrast(("a",), ("c",), ()),
    }
    found = train_all({name: trainer(name) for name in shares}, contrasts, 3)
    assert {name: len(h) for name, h in found.items()} == {"a": 1, "b": 3, "c": 3}
    assert trained == [("a", 1), ("b", 1), ("c", 1), ("b", 3), ("c", 3)]


def test_the_smallest_counts_its_error():
    a, b = Measured(5.0, 0.1), Measured(6.0, 2.0)
    assert least([a, b]) is b


def test_the_extremes_count_errors_against_them_and_hide_no_number_that_is_not_known():
    sure, unsure = Measured(1.0, 0.1), Measured(0.9, 0.5)
    assert most([sure, unsure]) is unsure
    assert most([sure, Measured(0.9)]) is sure
    assert least([sure, unsure]) is unsure
    excused = partial(least, errors=-2)
    assert excused([sure, unsure]) is sure
    for of in (least, most, excused):
        for place in range(3):
            values = [sure, unsure]
            values.insert(place, Measured(math.nan))
            assert math.isnan(of(values).value)
