"""Orders that mix classes: every first and every last part has the shares of the whole."""

import numpy as np
import pytest

from scorelet.data.labelled.mixing import is_grouped, mixed_order


@pytest.mark.parametrize("counts", [(5,), (4, 4, 4), (1, 30, 7), (100, 3, 3, 3, 50), (2, 0, 9)])
def test_every_first_and_every_last_part_is_stratified(counts):
    """A class's count is within (1 + C q)/2 of its share of the part, at each length."""
    labels = np.repeat(np.arange(len(counts)), counts)
    n, present = len(labels), np.count_nonzero(counts)
    order = mixed_order(labels)
    assert np.array_equal(np.sort(order), np.arange(n))
    share = np.array(counts) / n
    bound = (1 + present * share) / 2
    for m in range(1, n + 1):
        for part in (order[:m], order[n - m :]):
            found = np.bincount(labels[part], minlength=len(counts))
            assert (np.abs(found - m * share) <= bound + 1e-9).all()


def test_the_order_is_a_function_of_seed_and_labels():
    labels = np.repeat(np.arange(3), 40)
    assert np.array_equal(mixed_order(labels, 1), mixed_order(labels, 1))
    assert not np.array_equal(mixed_order(labels, 1), mixed_order(labels, 2))


def test_within_a_class_the_order_is_not_that_of_the_files():
    """Else the last pictures of a burst would be the ones held out."""
    own = mixed_order(np.repeat([0, 1], 50))
    assert np.abs(np.diff(own[own < 50])).mean() > 10


def test_sorted_labels_are_seen():
    sorted_ = np.repeat([0, 1, 2], 30)
    almost = np.concatenate([sorted_[:-1], [0]])
    for grouped in (sorted_, sorted_[::-1], np.tile(sorted_, 2), almost):
        assert is_grouped(grouped)
    assert not is_grouped(np.random.default_rng(0).permutation(sorted_))
    assert not is_grouped(np.arange(90) % 3)
    assert not is_grouped(np.zeros(5, int))  # one class has no other order
