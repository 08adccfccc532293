"""Fill what is no data from its surroundings, so that a network sees no edge there."""

from collections.abc import Callable

import numpy as np

Pixels = np.ndarray
Refined = Callable[[Pixels, np.ndarray], Pixels]


def filled(pixels: Pixels, mask: np.ndarray, refined: Refined | None = None) -> Pixels:
    """Return the pixels with others in the place of masked ones; data stay what they are.

    A masked pixel gets the mean of the data in the smallest square of 2×2, 4×4, 8×8 ... pixels
    (on a fixed grid) around it that has any.

    Args:
        pixels: (height, width, channels), floats; masked ones may be NaN.
        mask: (height, width), true where pixels are data, somewhere.
        refined: makes of the values on a grid, float64, and of where they are known, (rows,
            columns), better ones; it is asked on each grid, from the coarsest to the finest.
    """
    total = np.where(mask[..., None], pixels, 0).astype(np.float64)
    mean = _pulled(total, mask[..., None].astype(np.float64), refined)
    return np.where(mask[..., None], pixels, mean.astype(pixels.dtype))


def _pulled(total: Pixels, count: Pixels, refined: Refined | None) -> Pixels:
    """Return means; those of places without data come from the next coarser grid."""
    mean = np.divide(total, count, out=np.zeros_like(total), where=count > 0)
    if count.all():
        return mean
    height, width = total.shape[:2]
    coarse = _pulled(_halved(total), _halved(count), refined)
    wide = coarse.repeat(2, axis=0).repeat(2, axis=1)[:height, :width]
    found = np.where(count > 0, mean, wide)
    return found if refined is None else refined(found, count[..., 0] > 0)


def _halved(values: Pixels) -> Pixels:
    """Return sums over 2×2 places; an odd last row or column is summed alone."""
    height, width, channels = values.shape
    even = np.zeros((height + height % 2, width + width % 2, channels))
    even[:height, :width] = values
    return even[::2, ::2] + even[1::2, ::2] + even[::2, 1::2] + even[1::2, 1::2]
