"""Noise of colours: it differs from channel to channel, and their sum has next to none.

Symbols: E a quarter of the mean squared diagonal detail y00 - y01 - y10 + y11 in a block of 16x16
pixels; c² the median over blocks of E of the differences of neighbouring channels over 2, l² that
of their sum over the number of channels. White noise of standard deviation σ has c = l = σ. The
details of pictures are those of brightness: c is less than l with any white noise.
"""

from dataclasses import dataclass

import numpy as np

from scorelet.analysis.block_differences import fast_power
from scorelet.core.blocks import square_blocks

Pixels = np.ndarray

SIDE = 16
FEWEST = 16
"""Blocks with which something is said."""
CUT_OFF = 0.05
"""Share of samples at 0 or 1 up to which a block counts as untouched."""
MOST = 1.5
"""c over l from which the noise is one of colours; white noise has at most 1.05."""
EVEN = 0.4
"""Noise is everywhere: so large is E of c at the quietest tenth of the blocks, of its median."""


@dataclass(frozen=True)
class ColourNoise:
    """Noise of colours.

    Attributes:
        differences: c, and `total`: l.
        sigma: standard deviation of a channel.
    """

    differences: float
    total: float
    sigma: float


def colour_noise(
    pixels: Pixels, *, bounded: bool = True, mask: np.ndarray | None = None
) -> ColourNoise | None:
    """Find noise of colours; None where there is none, or too little is seen.

    Args:
        pixels: (height, width, channels), floats.
        bounded: samples are cut off at 0 and 1, and blocks that touch these are left out.
        mask: (height, width), true where samples are data.
    """
    channels = pixels.shape[2]
    blocks = square_blocks(pixels, SIDE)
    if mask is not None:
        blocks = blocks[square_blocks(mask[..., None], SIDE).all((1, 2, 3))]
    if bounded:
        blocks = blocks[((blocks <= 0) | (blocks >= 1)).mean((1, 2, 3)) < CUT_OFF]
    if channels == 1 or len(blocks) < FEWEST:
        return None
    differences = fast_power(np.diff(blocks, axis=3)) / 2
    total = np.median(fast_power(blocks.sum(3)) / channels)
    between = np.median(differences)
    if between <= MOST**2 * total or np.quantile(differences, 0.1) < EVEN * between:
        return None
    sigma = np.sqrt((between * (channels - 1) + total) / channels)
    return ColourNoise(float(np.sqrt(between)), float(np.sqrt(total)), float(sigma))
