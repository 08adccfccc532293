"""Curves from light to brightness and back: sRGB, and a camera's contrast.

Symbols: l light, v = value in the file, both in [0, 1].
"""

from torch import Tensor


def srgb_from_linear(light: Tensor) -> Tensor:
    """Return 12.92 l for l <= 0.0031308, else 1.055 l^(1/2.4) - 0.055; clipped to [0, 1].

    Reference: IEC 61966-2-1.
    """
    light = light.clamp(0, 1)
    return (12.92 * light).where(light <= 0.0031308, 1.055 * light.pow(1 / 2.4) - 0.055)


def linear_from_srgb(value: Tensor) -> Tensor:
    """Return the inverse of `srgb_from_linear` on [0, 1]."""
    value = value.clamp(0, 1)
    return (value / 12.92).where(value <= 0.04045, ((value + 0.055) / 1.055).pow(2.4))


def compress(value: Tensor, contrast: float) -> Tensor:
    """Return v + c v (1 - v) (2 v - 1), an S-curve of contrast c in [0, 1) that keeps 0, 1/2 and 1.

    Its slope is 1 - c at the ends and 1 + c/2 in the middle, so it increases.
    """
    return value + contrast * value * (1 - value) * (2 * value - 1)


def expand(value: Tensor, contrast: float) -> Tensor:
    """Return the inverse of `compress` on [0, 1], by Newton's method kept inside by bisection."""
    low, high = value * 0, value * 0 + 1
    found = value.clamp(0, 1)
    for _ in range(30):
        excess = compress(found, contrast) - value
        low, high = found.where(excess < 0, low), found.where(excess > 0, high)
        slope = 1 + contrast * (6 * found * (1 - found) - 1)
        newton = found - excess / slope
        found = newton.where((newton >= low) & (newton <= high), (low + high) / 2)
        if bool(excess.abs().max() < 1e-7):
            break
    return found
