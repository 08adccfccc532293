"""Fill what is no data from its surroundings, so that a network sees no edge there."""

import numpy as np

Pixels = np.ndarray

_SWEEPS = 20
"""Relaxations on each grid, from the coarsest to the finest."""


def filled(pixels: Pixels, mask: np.ndarray) -> Pixels:
    """Return the pixels with others in the place of masked ones; data stay what they are.

    A masked pixel gets the mean of the data in the smallest square of 2×2, 4×4, 8×8 ... pixels
    (on a fixed grid) around it that has any.

    Args:
        pixels: (height, width, channels), floats; masked ones may be NaN.
        mask: (height, width), true where pixels are data, somewhere.
    """
    return _pulled_into(pixels, mask, sweeps=0)


def smoothly_filled(pixels: Pixels, mask: np.ndarray) -> Pixels:
    """Fill as `filled` does, but with a smooth surface: each pixel is the mean of its neighbours.

    Of scattered gaps it is nearly the solution of the Laplace equation: on each grid, from the
    coarsest on, masked places are set to the means of their four neighbours a few times.
    """
    return _pulled_into(pixels, mask, sweeps=_SWEEPS)


def _pulled_into(pixels: Pixels, mask: np.ndarray, *, sweeps: int) -> Pixels:
    total = np.where(mask[..., None], pixels, 0).astype(np.float64)
    mean = _pulled(total, mask[..., None].astype(np.float64), sweeps)
    return np.where(mask[..., None], pixels, mean.astype(pixels.dtype))


def _pulled(total: Pixels, count: Pixels, sweeps: int) -> Pixels:
    """Return means; those of places without data come from the next coarser grid."""
    mean = np.divide(total, count, out=np.zeros_like(total), where=count > 0)
    if count.all():
        return mean
    height, width = total.shape[:2]
    coarse = _pulled(_halved(total), _halved(count), sweeps)
    wide = coarse.repeat(2, axis=0).repeat(2, axis=1)[:height, :width]
    found, known = np.where(count > 0, mean, wide), np.broadcast_to(count > 0, mean.shape)
    for _ in range(sweeps):
        found = _of_neighbours(found)
        np.copyto(found, mean, where=known)
    return found


def _of_neighbours(values: Pixels) -> Pixels:
    """Return the means of the four neighbours; the edges count as mirrored."""
    found = np.empty_like(values)
    found[:-1], found[-1] = values[1:], values[-1]
    found[1:] += values[:-1]
    found[0] += values[0]
    found[:, :-1] += values[:, 1:]
    found[:, -1] += values[:, -1]
    found[:, 1:] += values[:, :-1]
    found[:, 0] += values[:, 0]
    found *= 0.25
    return found


def _halved(values: Pixels) -> Pixels:
    """Return sums over 2×2 places; an odd last row or column is summed alone."""
    height, width, channels = values.shape
    even = np.zeros((height + height % 2, width + width % 2, channels))
    even[:height, :width] = values
    return even[::2, ::2] + even[1::2, ::2] + even[::2, 1::2] + even[1::2, 1::2]
