"""Details scaled down to a bound beside what a network is told, compiled: one pass over them.

Symbols: y details, a what is told with them, b bound; s² mean of y² over channels and over a window
around a pixel, those of its pixels that are in the image; u = min(1, b/s) y.

Lines are as long as an image and half a window on both sides, so that sums over windows are sums of
whole images that are shifted against each other.
"""

from functools import lru_cache

import numpy as np
from torch import Tensor

from scorelet.core.compiled import compiled, inlined

Sizes = tuple[int, int, int, int, int]
"""Channels of a and of y, height, width, pixels of a window on each side of its middle."""


def shown_bounded(told: Tensor, y: Tensor, bound: float, window: int) -> Tensor:
    """Return a and u along the channels, of `told` and `y` (batch, channel, height, width).

    Args:
        told: a, of the dtype of y, float32 or float64.
        y: details.
        bound: b.
        window: its pixels on each side of its middle.
    """
    batch, channels, *sides = y.shape
    shown = y.new_empty(batch, told.shape[1] + channels, *sides)
    sizes = told.shape[1], channels, *sides, window
    flat = [x.detach().contiguous().numpy().reshape(-1) for x in (shown, told, y)]
    dtype = flat[0].dtype
    show_bounded(*flat, dtype.type(bound), sizes, _shares(sizes, dtype))
    return shown


@lru_cache
def _shares(sizes: Sizes, dtype: np.dtype) -> np.ndarray:
    """Return the share of a number in s² at each pixel, line after line."""
    _, channels, height, width, window = sizes
    rows, columns = (
        [min(k + window + 1, side) - max(k - window, 0) for k in range(side)]
        for side in (height, width)
    )
    shares = np.zeros((height, width + 2 * window), dtype)
    shares[:, :width] = 1 / (channels * np.outer(rows, columns))
    return shares.reshape(-1)


@compiled
def show_bounded(
    shown: np.ndarray,
    told: np.ndarray,
    y: np.ndarray,
    bound: np.floating,
    sizes: Sizes,
    shares: np.ndarray,
) -> None:
    """Write a and u along the channels; all numbers have one dtype, and all arrays one axis.

    Args:
        shown: (batch, channels of a and y, height, width), to be written.
        told: a, (batch, its channels, height, width).
        y: (batch, channel, height, width).
        bound: b.
        sizes, shares: what `_shares` takes and returns.
    """
    few, channels, height, width, window = sizes
    pitch, area = width + 2 * window, height * width
    places = height * pitch - 2 * window
    squares, lines = np.zeros((height + 2 * window) * pitch, y.dtype), np.zeros_like(shares)
    gains = np.zeros_like(shares)
    for image in range(y.size // (channels * area)):
        y_at, shown_at = image * channels * area, image * (few + channels) * area
        told_at = image * few * area
        _copy(shown[shown_at : shown_at + few * area], told[told_at : told_at + few * area])
        shown_at += few * area
        for row in range(height):
            at = (window + row) * pitch + window
            line = squares[at : at + width]
            _clear(line)
            for c in range(channels):
                at = y_at + c * area + row * width
                _add_squares(line, y[at : at + width])
        _clear(lines)
        _clear(gains)
        for shift in range(2 * window + 1):
            _add(lines, squares[shift * pitch : shift * pitch + lines.size])
        for shift in range(2 * window + 1):
            _add(gains[:places], lines[shift : shift + places])
        _bound(gains, shares, bound)
        for row in range(height):
            for c in range(channels):
                at = c * area + row * width
                to, x = shown[shown_at + at :], y[y_at + at :]
                _multiply(to, gains[row * pitch : row * pitch + width], x)


@inlined
def _clear(out: np.ndarray) -> None:
    for k in range(out.size):
        out[k] = 0


@inlined
def _copy(out: np.ndarray, x: np.ndarray) -> None:
    for k in range(out.size):
        out[k] = x[k]


@inlined
def _add_squares(total: np.ndarray, x: np.ndarray) -> None:
    for k in range(total.size):
        total[k] += x[k] * x[k]


@inlined
def _add(total: np.ndarray, x: np.ndarray) -> None:
    for k in range(total.size):
        total[k] += x[k]


@inlined
def _bound(squares: np.ndarray, shares: np.ndarray, bound: np.floating) -> None:
    for k in range(squares.size):
        squares[k] = bound / np.sqrt(max(squares[k] * shares[k], bound * bound))


@inlined
def _multiply(out: np.ndarray, x: np.ndarray, y: np.ndarray) -> None:
    for k in range(x.size):
        out[k] = x[k] * y[k]
