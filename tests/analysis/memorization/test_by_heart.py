"""Single pictures that are known by heart: copies among samples, training pictures."""

import pytest
import torch

from scorelet.analysis.memorization import copy_threshold, known_by_heart, psnr_by_level
from scorelet.core.random import generator
from scorelet.models import FiniteSetDenoiser, GaussianDenoiser


@pytest.mark.parametrize(
    ("of_held_out", "expected"),
    [([0.3, 0.6], 0.95), ([0.2, 0.8], 0.95), ([0.9, 0.1], 0.975), ([0.98], 0.995)],
)
def test_copies_are_half_as_far_as_any_held_out_picture(of_held_out, expected):
    found = copy_threshold(torch.tensor(of_held_out))
    assert found == pytest.approx(expected)
    if found > 0.951:  # the distance of directions is the root of 2 (1 - c)
        far, near = (2 * (1 - c) for c in (max(of_held_out), found))
        assert near**0.5 == pytest.approx(far**0.5 / 2)


def levels(*decibels):
    return torch.tensor([decibels, decibels]).double()


def test_a_picture_is_known_beyond_what_happens_at_held_out_ones():
    """The model is better by 2 dB at most on pictures that it has not seen."""
    held_out = levels(20, 21, 22), levels(20, 20, 20)
    own = levels(24.9, 25.1, 40, 30), levels(20, 20, 20, 30)
    assert known_by_heart(own, held_out) == 2


def test_an_easy_picture_is_not_known():
    """A flat picture comes back better by far, and does so from both."""
    gray, C = torch.full((1, 6, 6), 0.5).double(), torch.eye(36).double() * 0.01
    a, b = (GaussianDenoiser(gray, C) for _ in range(2))
    x, others = (
        torch.rand(8, 1, 6, 6, generator=generator(k), dtype=torch.float64) for k in (0, 1)
    )
    x[0] = 0.5
    seen = psnr_by_level(a, x, [0.3]), psnr_by_level(b, x, [0.3])
    assert float(seen[0][0, 0] - seen[0][0, 1:].max()) > 3
    assert known_by_heart(seen, seen) == 0
    knowing = FiniteSetDenoiser(others[:3])
    own, held_out = (
        (psnr_by_level(knowing, each, [0.1]), psnr_by_level(a, each, [0.1])) for each in (others, x)
    )
    assert known_by_heart(own, held_out) == 3
