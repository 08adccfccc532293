"""Blurs that have a name: how a kernel is made of a few numbers.

- a number, or gaussian:STD: a Gaussian of so many pixels;
- disc:RADIUS: out of focus, a disc, each weight the area of it within a pixel;
- motion:LENGTH:ANGLE: a line of the width of a pixel, its area within each pixel, the angle in
  degrees from the right anticlockwise;
- box:SIDE: a square of equal weights.

All have the sum 1. Of the area within pixels the second moment is by 1/12 larger than that of the
figure, in each direction, where this is large: r²/4 + 1/12 of a disc.
"""

import math
from collections.abc import Callable

import torch
from torch import Tensor

from scorelet.core.errors import InputError

_FARTHEST = 1000.0
"""Larger numbers of pixels are none that are meant."""
_RANGE = f"a number above 0 and below {_FARTHEST:g}"
_WITHIN = 64
"""Parts of a pixel, in which areas are counted."""


def named_blur(name: float | str) -> Tensor:
    """Return the kernel of a name, or of the standard deviation of a Gaussian.

    Raises:
        InputError: a name that there is not, or numbers that are none of its.
    """
    make, numbers = blur_told(name)
    return make(*numbers)


def blur_told(name: float | str) -> tuple[Callable[..., Tensor], list[float]]:
    """Return what makes the kernel of a name, and the numbers in it.

    Raises:
        InputError: a name that there is not, or not as many numbers as it has.
    """
    word, *parts = (f"gaussian:{name}" if _is_number(name) else str(name)).split(":")
    form, make = BLURS.get(word, ("", gaussian_kernel))
    if len(parts) != form.count(":") or not parts or not all(map(_is_number, parts)):
        forms = ", ".join(form for form, _ in BLURS.values())
        raise InputError(
            f"blur is {name!r}: give the standard deviation of a Gaussian in pixels, or one of "
            f"{forms}, with numbers."
        )
    return make, [float(part) for part in parts]


def gaussian_kernel(std: float) -> Tensor:
    """Return a Gaussian of so many pixels, cut off at four standard deviations, of sum 1.

    Raises:
        InputError: a standard deviation that is not positive.
    """
    if not 0 < std < _FARTHEST:
        raise InputError(f"The blur has a standard deviation of {std} pixels: expected {_RANGE}.")
    radius = max(1, math.ceil(4 * std))
    t = torch.arange(-radius, radius + 1, dtype=torch.float64)
    profile = torch.exp(-(t**2) / (2 * std**2))
    kernel = profile.outer(profile)
    return kernel / kernel.sum()


def disc_kernel(radius: float) -> Tensor:
    """Return the area within each pixel of a disc around the middle of one, over that of all.

    Raises:
        InputError: a radius that is not positive.
    """
    if not 0 < radius < _FARTHEST:
        raise InputError(f"The disc has a radius of {radius} pixels: expected {_RANGE}.")
    reach = max(0, math.ceil(radius - 0.5))
    rows = torch.arange(-reach, reach + 1, dtype=torch.float64)
    across = (torch.arange(_WITHIN * len(rows), dtype=torch.float64) + 0.5) / _WITHIN - reach - 0.5
    high = (radius**2 - across**2).clamp_min(0).sqrt()
    within = [torch.minimum(high, row + 0.5) - torch.maximum(-high, row - 0.5) for row in rows]
    kernel = torch.stack([part.clamp_min(0).reshape(len(rows), _WITHIN).sum(1) for part in within])
    kernel = kernel + kernel.mT  # exact along rows, nearly so along columns
    return kernel / kernel.sum()


def motion_kernel(length: float, angle: float) -> Tensor:
    """Return the area within each pixel of a line of width 1 around the middle of one.

    Args:
        length: in pixels, at least 1.
        angle: in degrees, 0 to the right, 90 upwards.

    Raises:
        InputError: another length, or an angle that is not finite.
    """
    if not 1 <= length < _FARTHEST:
        raise InputError(
            f"The motion has a length of {length} pixels: expected 1 or more, below {_FARTHEST:g}."
        )
    if not math.isfinite(angle):
        raise InputError(f"The motion has an angle of {angle} degrees: give a finite one.")
    along, across = (_middles(side) for side in (length, 1.0))
    sine, cosine = math.sin(math.radians(angle)), math.cos(math.radians(angle))
    columns = along[:, None] * cosine - across * sine
    rows = -along[:, None] * sine - across * cosine
    places = torch.stack([rows, columns]).flatten(1).round().long()
    reach = places.abs().amax(1)
    kernel = torch.zeros(tuple((2 * reach + 1).tolist()), dtype=torch.float64)
    at = tuple(places + reach[:, None])
    kernel.index_put_(at, torch.ones(1, dtype=torch.float64), accumulate=True)
    return kernel / kernel.sum()


def box_kernel(side: float) -> Tensor:
    """Return a square of equal weights.

    Raises:
        InputError: a side that is no whole number from 1 on.
    """
    if not 1 <= side < _FARTHEST or side != int(side):
        raise InputError(
            f"The box has a side of {side} pixels: expected a whole number of 1 or more, below "
            f"{_FARTHEST:g}."
        )
    return torch.full((int(side), int(side)), 1 / int(side) ** 2, dtype=torch.float64)


BLURS: dict[str, tuple[str, Callable[..., Tensor]]] = {
    "gaussian": ("gaussian:STD", gaussian_kernel),
    "disc": ("disc:RADIUS", disc_kernel),
    "motion": ("motion:LENGTH:ANGLE", motion_kernel),
    "box": ("box:SIDE", box_kernel),
}
"""How each is told, and what makes it."""


def _is_number(text: float | str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True


def _middles(length: float) -> Tensor:
    """Return the middles of equal parts of a length, around 0."""
    count = math.ceil(_WITHIN * length)
    return ((torch.arange(count, dtype=torch.float64) + 0.5) / count - 0.5) * length
