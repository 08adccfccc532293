"""The noise of a blurred image, read off the frequencies that the blur left next to nothing of."""

import math
from collections.abc import Callable

import torch
from torch import Tensor

FAINT = 1e-2
"""Gain up to which next to nothing of a picture is left beside 8-bit rounding."""
FEWEST = 0.01
"""Share of the frequencies that noise is read off, at least: those with the least gain."""
ABOVE = (1.25, 2.0)
"""Gains over the least ones, where the picture itself is looked at."""
_BESIDE_WHITE = 4 / 255
"""What of a blur can be undone near pixels at a limit depends on what is not known: where less
noise is taken though more was found, of the edges of such pixels, results swing."""


def noise_by_gains(gains: Tensor, power: Tensor) -> float:
    """Return the level s of noise by the mean power of coefficients with these gains.

    It is a root mean square over the frequencies of gains up to `FAINT`. Of a mild blur, which
    leaves more everywhere, the least gains are taken, and p² / S² of the frequencies of gains in
    `ABOVE` times these, p² their power, is what the picture itself has at most:
    s² = (p₁² - r p₂²) / (1 - r) for r = S₁² / S₂².

    Args:
        gains: S, of either sign, one for each coefficient that is measured.
        power: p².
    """
    gains = gains.square()
    faint = gains < FAINT**2
    if faint.sum() >= FEWEST * len(gains):
        return math.sqrt(power[faint].mean())
    faint = gains <= gains.sort().values[math.ceil(FEWEST * len(gains)) - 1]
    least = gains[faint].mean()
    low, high = (times**2 * least for times in ABOVE)
    above = (gains > low) & (gains < high)
    if not above.any():
        return 0.0
    ratio = least / gains[above].mean()
    rest = (power[faint].mean() - ratio * power[above].mean()) / (1 - ratio)
    return math.sqrt(max(float(rest), 0.0))


def noise_of_cut(
    measured: Tensor,
    found_under: Callable[[Tensor, Tensor], float],
    limits: tuple[float, float],
    least: int,
) -> float:
    """Return the level of the noise of a blurred image that was cut out of a larger one.

    Pixels fade to their mean at the edges first: what is next to each other when edges are mirrored
    or periodic was not blurred together, and would count as noise. So would what a sensor has cut
    off: of more than 4/255 no more is taken than in the largest squares without such pixels.

    Args:
        measured: (batch, channel, height, width).
        found_under: tells the noise of such an image without its mean under a window, and is given
            both.
        limits: least and largest values of the sensor.
        least: pixels a side of the squares, at least.
    """

    def found_in(x: Tensor) -> float:
        window = _bell(x.shape[-2])[:, None] * _bell(x.shape[-1])
        return found_under(x - x.mean((-2, -1), keepdim=True), window)

    found, squares = found_in(measured), _untouched(measured, limits, least)
    if found <= _BESIDE_WHITE or squares is None:
        return found
    return min(found, max(found_in(squares), _BESIDE_WHITE))


def _untouched(x: Tensor, limits: tuple[float, float], least: int) -> Tensor | None:
    """Return the largest squares without pixels at a limit, (square, 1, side, side), if any."""
    low, high = limits
    clipped, side = (x <= low) | (x >= high), min(x.shape[-2:])
    while side >= least:
        found = _squares(x, side)[~_squares(clipped, side).any((-2, -1))]
        if len(found):
            return found[:, None]
        side //= 2
    return None


def _squares(x: Tensor, side: int) -> Tensor:
    """Return squares of so many pixels, which overlap by half, (..., row, column, side, side)."""
    step = max(side // 2, 1)
    return x.unfold(-2, side, step).unfold(-2, side, step)


def _bell(count: int) -> Tensor:
    """Return Hann's window, with a mean square of 1: white noise under it keeps its power."""
    window = torch.sin(math.pi * (torch.arange(count, dtype=torch.float64) + 0.5) / count) ** 2
    return window / window.square().mean().sqrt()
