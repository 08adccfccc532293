"""A part of a picture with white noise beside parts that have far less: a photograph on a slide.

Symbols: f and c the levels of a square of 32x32 pixels, the medians over channels of
`LocalNoise.fine` and of `coarse`, its next scale. Areas are connected squares whose f is above a
share of the largest; the part is those of them, alike in level, that are noise.

Texture makes such areas, too. They are noise only if all hold:

- it is everywhere: of the squares of an area the quietest fifth is not much below the median. Those
  at its border, which may lie half in it, count only where there are few others, or where these do
  not tell;
- it is white: that fifth has no more one scale up, where the details of pictures are larger;
- its border is sharp: nearly all squares around the part have less than half of that, and nearly
  all others do.

Beside texture that is above the first share, noise stands out at the next.
"""

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from scipy.ndimage import binary_dilation, binary_erosion, label

from scorelet.analysis.cell_details import CELL, TO_SIGMA
from scorelet.analysis.local_noise import SQUARE, LocalNoise
from scorelet.core.blocks import blocks_by_place
from scorelet.data import to_unit

Pixels = np.ndarray

SHARES = (0.4, 0.55, 0.7)
"""Of the largest levels, above which squares may belong to the part: tried in this order."""
FEWEST, FEWEST_OTHERS = 9, 6
"""Squares of an area, and of the rest, with which something is said."""
FEWEST_WITHIN = 4
"""Squares of an area within its border that may tell of it."""
EVEN, WHITE = 0.65, 1.3
"""Noise has at least, and at most, so much; photographs without it have 0.5 to 1, and 1 to 5."""
ALIKE = 0.7
"""Of the level of the noisiest area, from which another is of the same part."""
BESIDE = 0.5
"""So much the squares around and all others have at most, four in five of them."""
FAINTEST, STEPS = 4 / 255, 4
"""Least noise of the part, relative to the range of brightness, and in steps of integers."""
AROUND = np.ones((3, 3), bool)
"""Squares and their neighbours."""


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


class _Area(NamedTuple):
    """Squares that are noisy everywhere: quiet is the level of the quietest fifth of them."""

    squares: np.ndarray
    quiet: float
    level: float


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
    span = float(np.ptp(noise.middle[known]))
    faintest = max(FAINTEST * span, STEPS * step)
    largest = np.sort(fine[known])[-max(FEWEST, round(0.05 * known.sum()))]
    for share in SHARES:
        areas = _noisy_areas(known & (fine > share * largest), fine, coarse, faintest)
        part = _beside_quiet(areas, fine, known)
        if part is not None:
            return part
    return None


def _noisy_areas(above: np.ndarray, fine: Pixels, coarse: Pixels, faintest: float) -> list[_Area]:
    """Return connected squares that have white noise everywhere."""
    labels, count = label(above)
    sizes = np.bincount(labels.ravel(), minlength=count + 1)
    large = [labels == k for k in range(1, count + 1) if sizes[k] >= FEWEST]
    areas = (_noisy_area(squares, fine, coarse, faintest) for squares in large)
    return [area for area in areas if area is not None]


def _noisy_area(squares: np.ndarray, fine: Pixels, coarse: Pixels, faintest: float) -> _Area | None:
    for inside in (binary_erosion(squares, AROUND), squares):
        if inside.sum() < FEWEST_WITHIN:
            continue
        quiet, level = (float(q) for q in np.quantile(fine[inside], (0.2, 0.5)))
        white = np.quantile(coarse[inside], 0.2) <= WHITE * quiet
        if white and quiet > faintest and quiet >= EVEN * level:
            return _Area(squares, quiet, level)
    return None


def _beside_quiet(areas: list[_Area], fine: Pixels, known: np.ndarray) -> NoisyPart | None:
    """Join areas that are alike, if the squares around and all others are far quieter."""
    if not areas:
        return None
    most = max(area.level for area in areas)
    alike = [area for area in areas if area.level >= ALIKE * most]
    part = np.logical_or.reduce([area.squares for area in alike])
    rest, around = known & ~part, known & ~part & binary_dilation(part, AROUND)
    if rest.sum() < FEWEST_OTHERS or not around.any():
        return None
    others, beside = (float(np.quantile(fine[some], 0.8)) for some in (rest, around))
    if max(others, beside) > BESIDE * min(area.quiet for area in alike):
        return None
    level = float(np.mean([area.level for area in alike]))
    return NoisyPart(part, level, others)


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
