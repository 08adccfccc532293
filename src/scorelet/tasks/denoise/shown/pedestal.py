"""Integers of 16 bits on a pedestal: black and white say nothing of them.

A thermal camera counts 300 levels above 7,000, an X-ray detector 3,000 above 20,000. A network
without biases errs by a share of what it is shown: here of the pedestal, many times the picture. So
such integers are shown as floats are, see rule 1 of `view`, and are judged by their own range.

Symbols: l and h, the lowest and the highest sample. There is a pedestal where l > 4 (h - l) > 0 in
all channels, with h - l the largest of all, nothing is white, and no noise is cut off. Integers of
8 bits are shown as they are: there rounding leaves little to be gained.
"""

import numpy as np

from scorelet.tasks.denoise.shown.cut_off import extremes, find_cut_off

TIMES = 4
"""l over h - l from which there is one."""


def on_pedestal(pixels: np.ndarray, mask: np.ndarray | None = None) -> bool:
    """Whether samples are integers of 16 bits on a pedestal.

    Args:
        pixels: (height, width, channels).
        mask: (height, width), true where samples are data; None if they are everywhere.
    """
    if pixels.dtype != np.uint16:
        return False
    low, high = (end.astype(int) for end in extremes(pixels, mask))
    far = 0 < TIMES * (high - low).max() < low.min()
    if not far or high.max() == np.iinfo(pixels.dtype).max:
        return False
    return find_cut_off(pixels, mask) is None
