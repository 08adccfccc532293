"""Fill what is no data from its surroundings, so that a network sees no edge there."""

import numpy as np

Pixels = np.ndarray


def filled(pixels: Pixels, mask: np.ndarray) -> Pixels:
    """Return the pixels with others in the place of masked ones; data stay what they are.

    A masked pixel gets the mean of the data in the smallest square of 2×2, 4×4, 8×8 ... pixels
    (on a fixed grid) around it that has any.

    Args:
        pixels: (height, width, channels), floats; masked ones may be NaN.
        mask: (height, width), true where pixels are data, somewhere.
    """
    total = np.where(mask[..., None], pixels, 0).astype(np.float64)
    mean = _pulled(total, mask[..., None].astype(np.float64))
    return np.where(mask[..., None], pixels, mean.astype(pixels.dtype))


def _pulled(total: Pixels, count: Pixels) -> Pixels:
    """Return means; those of places without data come from the next coarser grid."""
    mean = np.divide(total, count, out=np.zeros_like(total), where=count > 0)
    if count.all():
        return mean
    height, width = total.shape[:2]
    coarse = _pulled(_halved(total), _halved(count))
    wide = coarse.repeat(2, axis=0).repeat(2, axis=1)[:height, :width]
    return np.where(count > 0, mean, wide)


def _halved(values: Pixels) -> Pixels:
    """Return sums over 2×2 places; an odd last row or column is summed alone."""
    height, width, channels = values.shape
    even = np.zeros((height + height % 2, width + width % 2, channels))
    even[:height, :width] = values
    return even[::2, ::2] + even[1::2, ::2] + even[::2, 1::2] + even[1::2, 1::2]
