"""What linear filters say of kinds of pictures."""

import pytest
import torch
import torch.nn.functional as F

from scorelet.analysis.memorization.curves import SIGMAS
from scorelet.analysis.memorization.kinds import measure_kinds
from scorelet.analysis.memorization.other_kind import is_large
from scorelet.core.random import generator


def halves_lit(side, count, seed, *, left):
    """Blobs in the left or in the right half: laws with one spectrum and two covariances."""
    blobs = torch.randn(count, 1, 4, 4, generator=generator(seed))
    blobs[..., 2:] = 0
    x = F.interpolate(blobs, size=(side, side), mode="nearest")
    return 0.5 + 0.3 * (x if left else x.flip(-1))


@pytest.mark.parametrize("side", [16, 48])  # 48: the covariance of thumbnails only
def test_two_laws_of_one_spectrum_are_two_kinds(side):
    train = tuple(halves_lit(side, 200, seed, left=seed == 1) for seed in (1, 2))
    new = halves_lit(side, 64, 3, left=True)
    left, right = measure_kinds(train, new, SIGMAS, seed=0)
    assert not is_large(left.between[0])  # the stationary filter
    assert is_large(left.between[-1])
    assert not any(map(is_large, left.own))
    assert any(gap.value > 0 for gap in right.own if is_large(gap))


@pytest.mark.parametrize("side", [16, 48])
def test_sets_of_one_law_are_of_one_kind(side):
    a, b, new = (halves_lit(side, n, n, left=True) for n in (200, 150, 64))
    for kinds in measure_kinds((a, b), new, SIGMAS, seed=0):
        assert not any(map(is_large, (*kinds.gaps, *kinds.between)))
        assert kinds.known == 0


def test_a_single_picture_has_no_filter_of_its_own():
    a, b, new = (halves_lit(16, n, n, left=True) for n in (1, 200, 64))
    alone, _ = measure_kinds((a, b), new, SIGMAS, seed=0)
    assert [gap.value for gap in alone.own] == [gap.value for gap in alone.others]
    assert alone.known == 0
