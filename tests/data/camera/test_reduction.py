"""Noise reduction of the simulated camera: what is left of white noise has a known law."""

import math

import pytest
import torch

from scorelet.core.random import generator, randn
from scorelet.data.camera import CameraSettings
from scorelet.data.camera.reduction import blurred, gaussian_line, reduced

TO_BRIGHTNESS = torch.tensor([0.299, 0.587, 0.114], dtype=torch.float64)


def white(side=600):
    return randn((1, 3, side, side), rng=generator(3), like=torch.zeros((), dtype=torch.float64))


def brightness(x):
    return (x[0] * TO_BRIGHTNESS[:, None, None]).sum(0)


def correlation(x, lag):
    x = x[20:-20, 20:-20]
    return float((x[:, lag:] * x[:, :-lag]).mean() / x.square().mean())


def test_no_reduction_leaves_all_noise():
    noise = white(32)
    torch.testing.assert_close(reduced(noise, CameraSettings()), noise, atol=1e-6, rtol=0)


def test_brightness_keeps_its_share_of_white_noise():
    settings = CameraSettings(brightness_blur=1.1, brightness_left=0.4)
    noise = white()
    exact = 0.4**2 * float(TO_BRIGHTNESS.square().sum())
    assert float(brightness(reduced(noise, settings)).var()) == pytest.approx(exact, rel=0.03)


@pytest.mark.parametrize("deviation", [1.0, 3.0])
def test_grain_has_the_correlation_of_its_gaussian(deviation):
    """A Gaussian of deviation s leaves the correlation exp(-d²/(4 s²)) at distance d."""
    left = reduced(white(), CameraSettings(brightness_blur=deviation))
    for lag in (1, 2, 4):
        exact = math.exp(-(lag**2) / (4 * deviation**2))
        assert correlation(brightness(left), lag) == pytest.approx(exact, abs=0.05)


@pytest.mark.parametrize("tail", [0.3, 1.0])
def test_grain_of_two_sizes_has_the_correlation_of_their_sum(tail):
    """Unit Gaussians of deviations s, t have the product 2 s t/(s²+t²) exp(-d²/(2 (s²+t²)))."""
    noise = white()
    left = reduced(noise, CameraSettings(brightness_blur=1.2, brightness_tail=tail))

    def product(s, t, lag):
        return 2 * s * t / (s**2 + t**2) * math.exp(-(lag**2) / (2 * (s**2 + t**2)))

    def exact(lag):
        parts = ((1.2, 1.2, 1.0), (1.2, 3.6, 2 * tail), (3.6, 3.6, tail**2))
        return sum(weight * product(s, t, lag) for s, t, weight in parts)

    for lag in (1, 3, 6):
        assert correlation(brightness(left), lag) == pytest.approx(exact(lag) / exact(0), abs=0.05)
    assert float(brightness(left).var() / brightness(noise).var()) == pytest.approx(1, rel=0.1)


def test_colours_and_brightness_are_reduced_apart():
    noise = white(64)
    only_colours = reduced(noise, CameraSettings(colour_left=0.0, colour_blur=2.0))
    torch.testing.assert_close(brightness(only_colours), brightness(noise), atol=1e-5, rtol=0)
    torch.testing.assert_close(  # gray is left
        only_colours - only_colours[:, :1], torch.zeros_like(noise), atol=1e-5, rtol=0
    )


def test_a_blur_keeps_constants():
    flat = torch.full((1, 2, 9, 7), 0.3, dtype=torch.float64)
    line = gaussian_line(1.5, longest=6)
    torch.testing.assert_close(blurred(flat, line), flat, atol=1e-12, rtol=0)
