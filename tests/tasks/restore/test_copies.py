"""Copies of missing pixels on known ones."""

import numpy as np
import pytest

from scorelet.tasks.restore.ways.copies import copies, depths


def with_hole(*, side=12, at=(40, 50), of=(100, 120)):
    known = np.ones(of, bool)
    known[at[0] : at[0] + side, at[1] : at[1] + side] = False
    return known


def test_a_hole_has_a_copy_in_each_direction():
    known = with_hole()
    found = copies(known)
    assert len(found) == 4
    for at in found:
        assert (at & known).sum() == (~known).sum()
        assert np.array_equal(np.sort(depths(known & ~at)[at]), np.sort(depths(known)[~known]))
    centres = {tuple(np.argwhere(at).mean(0) - (45.5, 55.5)) for at in found}
    (far,) = {abs(down) + abs(across) for down, across in centres}
    assert centres == {(far, 0), (0, far), (-far, 0), (0, -far)}


def test_copies_that_lie_outside_are_left_out():
    assert len(copies(with_hole(at=(40, 108)))) == 3


def test_a_hole_in_a_corner_has_none():
    """Its middle is farther from known pixels than that of a hole with these on all sides."""
    assert copies(with_hole(side=8, at=(92, 112))) == []


def test_large_holes_have_none():
    assert copies(with_hole(side=24)) == []


@pytest.mark.parametrize("share", [0.1, 0.5])
def test_scattered_gaps_of_many_pixels_have_none(share):
    known = np.random.default_rng(0).random((60, 60)) < share
    assert copies(known) == []


def test_half_of_a_picture_has_none():
    known = np.zeros((40, 40), bool)
    known[:, :20] = True
    assert copies(known) == []
