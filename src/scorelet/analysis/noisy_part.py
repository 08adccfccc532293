"""A part of a picture with white noise beside parts that have far less: a photograph on a slide.

Symbols: f and c the levels of a square of 32x32 pixels, the medians over channels of
`LocalNoise.fine` and of `coarse`, its next scale. The part is the largest connected area of squares
whose f is above a share of the largest.

Texture makes such areas, too. It is noise only if all hold:

- it is everywhere: of the squares of the part the quietest fifth is not much below the median.
  Where the others have next to no noise, squares at its border do not count, which lie half in it;
- it is white: that fifth has no more one scale up, where the details of pictures are larger;
- its border is sharp: nearly all squares around it have less than half of that, and nearly all
  others do.
"""

from dataclasses import dataclass

import numpy as np
from scipy.ndimage import binary_dilation, binary_erosion, label

from scorelet.analysis.cell_details import CELL, TO_SIGMA
from scorelet.analysis.local_noise import SQUARE, LocalNoise
from scorelet.core.blocks import blocks_by_place
from scorelet.data import to_unit

Pixels = np.ndarray

ABOVE = 0.4
"""Squares may belong to the part above this share of the largest levels."""
FEWEST, FEWEST_OTHERS = 9, 6
"""Squares of the part, and of the rest, with which something is said."""
EVEN, WHITE = 0.65, 1.3
"""Noise has at least, and at most, so much; photographs without it have 0.5 to 1, and 1 to 5."""
BESIDE = 0.5
"""So much the squares around and all others have at most, four in five of them."""
FAR = 0.25
"""Of the noise, up to which the others have next to none."""
FAINTEST, STEPS = 4 / 255, 4
"""Least noise of the part, relative to the range of brightness, and in steps of integers."""
_AROUND = np.ones((3, 3), bool)


@dataclass(frozen=True)
class NoisyPart:
    """A part with far more noise than the rest.

    Attributes:
        squares: (rows, columns), which squares of 32x32 pixels it has.
        level: σ of its noise.
        others: what four in five squares of the rest do not exceed.
    """

    squares: np.ndarray
    level: float
    others: float


def noisy_part(noise: LocalNoise, step: float = 0.0) -> NoisyPart | None:
    """Find a part with far more noise than the rest; None where there is none.

    Args:
        noise: what `local_noise` found.
        step: of integers, in the unit of [0, 1] images; 0: samples are floats.
    """
    fine, coarse = (np.median(levels, axis=2) for levels in (noise.fine, noise.coarse))
    known = np.isfinite(fine) & np.isfinite(coarse)
    if known.sum() < FEWEST + FEWEST_OTHERS:
        return None
    areas, count = label(known & (fine > ABOVE * np.quantile(fine[known], 0.95)))
    sizes = np.bincount(areas.ravel(), minlength=count + 1)[1:]
    if not count or sizes.max() < FEWEST:
        return None
    part = areas == 1 + sizes.argmax()
    rest, around = known & ~part, known & ~part & binary_dilation(part, _AROUND)
    if rest.sum() < FEWEST_OTHERS or not around.any():
        return None
    others = float(np.quantile(fine[rest], 0.8))
    beside = max(others, float(np.quantile(fine[around], 0.8)))
    inside = binary_erosion(part, _AROUND)
    if inside.sum() < FEWEST or beside > FAR * np.median(fine[inside]):
        inside = part
    quiet, level = np.quantile(fine[inside], (0.2, 0.5))
    span = float(np.ptp(noise.middle[known]))
    plain = quiet > max(FAINTEST * span, STEPS * step) and quiet >= EVEN * level
    white = np.quantile(coarse[inside], 0.2) <= WHITE * quiet
    sharp = beside <= BESIDE * quiet
    return NoisyPart(part, float(level), others) if plain and white and sharp else None


def levels_of_cells(pixels: Pixels) -> Pixels:
    """Return σ of white noise by cells of 8x8 pixels, the median over channels.

    Args:
        pixels: (height, width, channels); integers count in the unit of [0, 1] images.

    Returns:
        (height // 8, width // 8).
    """
    rows = []
    for top in range(0, len(pixels) // CELL * CELL, SQUARE):
        y = blocks_by_place(to_unit(pixels[top : top + SQUARE]), CELL)
        detail = y[:, :, ::2, ::2] - y[:, :, ::2, 1::2] - y[:, :, 1::2, ::2] + y[:, :, 1::2, 1::2]
        sizes = np.sort(np.abs(detail).reshape(*y.shape[:2], -1, y.shape[4]), axis=2)
        rows.append(np.median(sizes[:, :, sizes.shape[2] // 2], axis=2))
    return TO_SIGMA * np.concatenate(rows)
