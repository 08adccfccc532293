"""Blurs with a name: their weights, sums and second moments."""

import math

import pytest
import torch

from scorelet.core.errors import InputError
from scorelet.models.measurements import gaussian_kernel, named_blur
from scorelet.models.measurements.kernels import is_symmetric


def moments(kernel):
    """Second moments along rows (from top to bottom), along columns, and the mixed one."""
    rows, columns = (torch.arange(n) - n // 2 for n in kernel.shape)
    y, x = torch.meshgrid(rows, columns, indexing="ij")
    return [float((kernel * a * b).sum()) for a, b in ((y, y), (x, x), (x, y))]


NAMES = ("gaussian:1.3", "disc:3", "disc:0.4", "motion:15:30", "motion:4:-70", "box:4", "box:5")


@pytest.mark.parametrize("name", NAMES)
def test_weights_are_positive_and_of_sum_1(name):
    kernel = named_blur(name)
    assert kernel.min() >= 0
    assert float(kernel.sum()) == pytest.approx(1, abs=1e-12)
    if name != "box:4":
        torch.testing.assert_close(kernel, kernel.flip((0, 1)), rtol=0, atol=1e-6)


def test_a_number_is_a_gaussian():
    for name in (2.0, "2", "2.0", "gaussian:2"):
        assert torch.equal(named_blur(name), gaussian_kernel(2.0))


@pytest.mark.parametrize("radius", [2.0, 3.3, 7.0, 20.0])
def test_a_disc_has_the_moments_of_its_area(radius):
    """r²/4 in each direction, and 1/12 of a pixel."""
    kernel = named_blur(f"disc:{radius}")
    assert is_symmetric(kernel)
    rows, columns, mixed = moments(kernel)
    assert rows == pytest.approx(radius**2 / 4 + 1 / 12, abs=0.04)
    assert columns == pytest.approx(rows)
    assert mixed == pytest.approx(0, abs=1e-9)


def test_a_disc_within_a_pixel_is_no_blur():
    assert torch.equal(named_blur("disc:0.5"), torch.ones(1, 1, dtype=torch.float64))


def test_a_disc_is_as_large_as_it_is():
    """Of radius 1.5 all of the middle pixel, and at the corner 0.55 of a pixel."""
    kernel = named_blur("disc:1.5") * math.pi * 1.5**2
    assert float(kernel[1, 1]) == pytest.approx(1, abs=1e-3)
    assert kernel.shape == (3, 3)
    assert float(kernel.sum()) == pytest.approx(2.25 * math.pi)


@pytest.mark.parametrize("length", [1, 3, 15])
def test_a_line_along_an_axis_is_so_many_pixels(length):
    """With the second moment (L² - 1)/12 along it."""
    weights = torch.full((length,), 1 / length, dtype=torch.float64)
    for angle, line in ((0, weights[None]), (90, weights[:, None]), (180, weights[None])):
        kernel = named_blur(f"motion:{length}:{angle}")
        torch.testing.assert_close(kernel, line, rtol=0, atol=1e-12)
        assert sum(moments(kernel)[:2]) == pytest.approx((length**2 - 1) / 12)


@pytest.mark.parametrize("angle", [20, 45, 110, -30, 200])
def test_a_line_has_the_moments_of_its_area(angle):
    """L²/12 along it, 1/12 across and 1/12 of a pixel; anticlockwise, rows go down."""
    length, turn = 21.0, math.radians(angle)
    rows, columns, mixed = moments(named_blur(f"motion:{length}:{angle}"))
    along, across = length**2 / 12, 1 / 12
    sine, cosine = math.sin(turn), math.cos(turn)
    assert rows == pytest.approx(along * sine**2 + across * cosine**2 + 1 / 12, abs=0.06)
    assert columns == pytest.approx(along * cosine**2 + across * sine**2 + 1 / 12, abs=0.06)
    assert mixed == pytest.approx(-(along - across) * sine * cosine, abs=0.06)


def test_a_box_is_a_square_of_equal_weights():
    assert torch.equal(named_blur("box:4"), torch.full((4, 4), 1 / 16, dtype=torch.float64))


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("round", "blur is 'round': .* of a Gaussian in pixels, or one of gaussian:STD, disc:"),
        ("motion:15", "motion:LENGTH:ANGLE"),
        ("motion", "motion:LENGTH:ANGLE"),
        ("disc:wide", "disc:RADIUS"),
        ("", "blur is ''"),
        (0.0, "deviation of 0.0 pixels"),
        ("nan", "deviation of nan pixels"),
        ("disc:0", "radius of 0.0 pixels"),
        ("motion:0.5:0", "expected 1 or more, below 1000"),
        ("motion:5:inf", "angle of inf degrees"),
        ("box:2.5", "whole number"),
        ("box:inf", "whole number"),
    ],
)
def test_what_is_no_blur(name, words):
    with pytest.raises(InputError, match=words):
        named_blur(name)
