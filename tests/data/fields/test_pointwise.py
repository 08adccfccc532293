"""Pointwise transforms: inverses, slopes; the asinh of maximum likelihood, and when it is taken."""

import math

import pytest
import torch

from scorelet.core.errors import InputError
from scorelet.core.random import generator, randn
from scorelet.data.fields.asinh import (
    LEFT,
    distance_from_normal,
    fit_asinh,
    mildest_asinh,
    worth_asinh,
)
from scorelet.data.fields.pointwise import Asinh, Logarithm, QuantileMatched, Unchanged


def normal(count=16000, seed=0):
    return randn((count,), rng=generator(seed), like=torch.zeros((), dtype=torch.float64))


TRANSFORMS = [
    Unchanged(),
    Logarithm(),
    Asinh(0.3, 0.2),
    QuantileMatched(Logarithm(), (-1.0, -0.2, 0.4, 1.5), (-0.8, -0.4, 0.5, 1.1)),
]


@pytest.mark.parametrize("transform", TRANSFORMS, ids=repr)
def test_transforms_are_undone_and_know_their_slope(transform):
    x = normal(50).exp().requires_grad_()
    z = transform.forward(x)
    assert torch.allclose(transform.inverse(z), x, rtol=1e-12)
    (slope,) = torch.autograd.grad(z.sum(), x)
    assert torch.allclose(transform.log_slope(x), slope.log(), rtol=1e-10, atol=1e-12)


def test_pixels_without_a_logarithm_are_refused():
    with pytest.raises(InputError, match="1 of 3 pixels are 0 or negative"):
        Logarithm().forward(torch.tensor([1.0, 0.0, 2.0]))


def test_johnsons_system_is_recovered():
    """x = a + b sinh(m + s z), z normal: a and b come back, whatever the units are."""
    x = 2 + 0.5 * (0.8 + 0.7 * normal()).sinh()
    found = fit_asinh(x)
    assert found.centre == pytest.approx(2, abs=0.1)
    assert found.scale == pytest.approx(0.5, rel=0.15)
    assert distance_from_normal(found.forward(x)) < 0.01
    other = fit_asinh(1e-6 * x - 3)
    assert other.centre == pytest.approx(1e-6 * found.centre - 3, rel=1e-6)
    assert other.scale == pytest.approx(1e-6 * found.scale, rel=1e-6)


def test_an_even_law_has_an_odd_transform():
    x = 3 * (1.5 * normal()).sinh()
    found = fit_asinh(x, odd=True)
    assert found.centre == 0
    assert found.scale == pytest.approx(3, rel=0.1)
    assert torch.equal(found.forward(-x), -found.forward(x))


def test_the_distance_is_kolmogorovs():
    """Two equal atoms: Φ(1) - 1/2, for any transform; and none for quantiles of the normal law."""
    atoms = torch.tensor([0.0, 1.0]).repeat(500)
    assert distance_from_normal(atoms) == pytest.approx(math.erf(2**-0.5) / 2, abs=1e-6)
    levels = (torch.arange(1000, dtype=torch.float64) + 0.5) / 1000
    assert distance_from_normal(torch.special.ndtri(levels)) < 2e-3


LAWS = {
    "log-normal": (lambda z: z.exp(), True),
    "heavy tails": (lambda z: z / normal(len(z), 1).abs().clamp_min(0.2), True),
    "skewed to the left": (lambda z: -(0.6 * z).exp(), True),
    "normal": (lambda z: z, False),
    "nearly normal": (lambda z: z + 0.03 * z.square(), False),
    "uniform": (torch.special.ndtr, False),
    "two phases": (lambda z: 0.3 * z + z.sign(), False),
    "atoms": (lambda z: (z > 0.5).double(), False),
    "constant": (lambda z: 0 * z, False),
}


@pytest.mark.parametrize("law", LAWS)
def test_asinh_is_taken_where_it_makes_pixels_normal(law):
    make, taken = LAWS[law]
    found = worth_asinh(make(normal()))
    assert (found is not None) == taken
    if found:
        _, before, after = found
        assert after < 0.5 * before


def test_pixels_that_are_looked_at_are_not_of_some_columns_only():
    """Of 1024 fields of 64x64, one pixel in 256 by equal steps would be of the first column."""
    x = torch.ones(1024, 64, 64, dtype=torch.float64)
    x[:, :, 1:] = normal(1024 * 64 * 63).reshape(1024, 64, 63).exp()
    found = worth_asinh(x)
    assert found is not None
    assert found[0].scale < 1


def test_few_normal_numbers_are_left_as_they_are():
    """Fields have few independent pixels: chance alone must not call for a transform."""
    taken = sum(worth_asinh(normal(100, seed)) is not None for seed in range(40))
    assert taken <= 6


def test_a_broken_line_goes_through_its_points_and_on_with_slope_1():
    transform = QuantileMatched(Unchanged(), (0.0, 1.0, 3.0), (10.0, 12.0, 13.0))
    x = torch.tensor([-2.0, 0.0, 0.5, 1.0, 2.0, 3.0, 4.0])
    assert transform.forward(x).tolist() == [8, 10, 11, 12, 12.5, 13, 14]


def test_the_mildest_asinh_leaves_a_quarter_of_the_distance():
    x = normal().sinh()
    likeliest = fit_asinh(x)
    found = mildest_asinh(x, likeliest)
    assert found.scale > 1.3 * likeliest.scale
    assert found.centre == likeliest.centre
    left = distance_from_normal(found.forward(x)) / distance_from_normal(x)
    assert 0.5 * LEFT < left < 1.1 * LEFT  # of other pixels than were looked at


def test_a_milder_asinh_counts_where_the_likeliest_leaves_more_than_a_quarter():
    """The likeliest one bends too much for an atom, which the distance sees."""
    x = torch.where(torch.arange(16000) % 10 == 0, 0.0, normal().exp())
    likeliest = fit_asinh(x)
    before, found = distance_from_normal(x), mildest_asinh(x, likeliest)
    assert distance_from_normal(likeliest.forward(x)) > 1.05 * LEFT * before
    assert distance_from_normal(found.forward(x)) <= LEFT * before
    assert found.scale > likeliest.scale


def test_an_asinh_that_leaves_more_than_a_quarter_stays():
    x = torch.cat([normal().sinh(), torch.zeros(4000, dtype=torch.float64)])  # an atom
    likeliest = fit_asinh(x)
    assert mildest_asinh(x, likeliest) == likeliest
