"""Noise that is cut off at black or white, beside which a network finds too little noise.

On white paper, around a fundus photograph or an X-ray, half of the noise is gone and half of the
samples are one value. A network that finds the level by itself, from what is around, leaves most of
the noise in along such an area. So it is shown what may have been there: samples of the end e of a
channel (its lowest or its highest value) as e - |σ z| or e + |σ z|, with z standard normal, a
function of the place. The result is cut off at e again.

Structure is cut off, too: paper, burnt-out skies, nights. It is noise only where both hold:

- Samples are cut off one by one. In cells of 8x8 with a share p of them, neighbours differ in this
  with probability 2 p (1 - p), and around burnt-out areas at least a third as often; at clean edges
  hardly ever. One end tells of all.
- Noise is everywhere. Of the cells that are hardly cut off even the quietest have diagonal details,
  not much smaller than those of the others.
"""

from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from scorelet.analysis.cell_details import CELL, FEWEST, QUIET, TO_SIGMA, cell_details
from scorelet.core.blocks import block_means, blocks_by_place
from scorelet.data import to_unit

Pixels = np.ndarray

SOME, MOST = 0.1, 0.98
"""Shares of a cell: with less cut off it tells of the noise, from there to the other of the end."""
SCATTERED = 0.3
"""How often neighbours differ at least, relative to samples that are cut off one by one."""
ALIKE = 0.42
"""So large the noise of the quietest cells is at least, relative to the median of all. White noise
alone has half of it there."""
FAINTEST, STEPS = 1.5 / 255, 1.5
"""Least noise of the quietest cells, relative to the range, and in steps of integers."""
LOWER, SCATTER = 0.1, 0.68
"""Quantile of cells that σ is read off, as texture hardly reaches it; of white noise, over σ."""
PERIOD = 256
"""Distance in pixels after which z repeats itself: more than a network sees at once."""


@dataclass(frozen=True)
class CutOff:
    """Ends of the channels at which noise is cut off.

    Attributes:
        low, high: e by channel, integers as fractions of white; infinite where no noise is cut off.
        sigma: σ, in the same unit.
    """

    low: Pixels
    high: Pixels
    sigma: float

    def continued(self, y: Pixels, rows: slice, columns: slice) -> Pixels:
        """Return a part of the picture, in its unit, as if its noise were not cut off."""
        down, across = (np.arange(part.start, part.stop) % PERIOD for part in (rows, columns))
        beyond = self.sigma * _sizes(y.shape[2])[down][:, across]
        low, high = self.low.astype(y.dtype), self.high.astype(y.dtype)
        result = np.where(y <= low, low - beyond, y)
        return np.where(y >= high, high + beyond, result).astype(y.dtype)


@lru_cache(maxsize=4)
def _sizes(channels: int) -> Pixels:
    """Return |z| by row, column and channel."""
    rng = np.random.default_rng(0)  # the same picture is shown the same
    return np.abs(rng.standard_normal((PERIOD, PERIOD, channels), np.float32))


def find_cut_off(pixels: Pixels, mask: np.ndarray | None = None) -> CutOff | None:
    """Find the ends at which noise is cut off; None if there are none.

    Args:
        pixels: (height, width, channels).
        mask: (height, width), true where pixels are data; None if they are everywhere.
    """
    if min(pixels.shape[:2]) < CELL:
        return None
    whole = np.True_ if mask is None else block_means(mask[..., None], CELL) == 1
    darkest, brightest = extremes(pixels, mask)
    below, above = _at_end(pixels, darkest, whole), _at_end(pixels, brightest, whole)
    if not (below.scattered or above.scattered):
        return None
    low, high = (to_unit(end).astype(np.float64) for end in (darkest, brightest))
    sigma = _noise(pixels, whole & (below.share + above.share < SOME), float((high - low).max()))
    if sigma is None:
        return None
    return CutOff(np.where(below.there, low, -np.inf), np.where(above.there, high, np.inf), sigma)


def extremes(pixels: Pixels, mask: np.ndarray | None) -> tuple[Pixels, Pixels]:
    """Return the lowest and the highest of the data by channel, without a copy of them."""
    if mask is None:  # whole lines of memory first
        return pixels.min(0).min(0), pixels.max(0).max(0)
    kind, where = pixels.dtype, mask[..., None]
    least, most = (-np.inf, np.inf) if kind.kind == "f" else (0, np.iinfo(kind).max)
    low = pixels.min(0, where=where, initial=most).min(0)
    return low, pixels.max(0, where=where, initial=least).max(0)


@dataclass(frozen=True)
class _AtEnd:
    """What is known of one end.

    Attributes:
        share: (rows, columns, channels), of the samples of a cell that are there.
        there: the channels of which something is cut off there.
        scattered: whether samples lie there one by one in some of them.
    """

    share: np.ndarray
    there: np.ndarray
    scattered: bool


def _at_end(pixels: Pixels, end: Pixels, whole: np.ndarray | np.bool) -> _AtEnd:
    """Look at one end; `whole` are the cells in which all are data."""
    held = pixels == end
    share = block_means(held, CELL)
    mixed = whole & (share > SOME) & (share < MOST)
    there = mixed.sum((0, 1)) >= FEWEST
    return _AtEnd(share, there, _is_scattered(held, mixed, there))


def _is_scattered(held: np.ndarray, cells: np.ndarray, channels: np.ndarray) -> bool:
    """Whether samples at an end lie one by one in the cells of one of these channels.

    Args:
        held: (height, width, channels), whether a sample is there.
        cells: (rows, columns, channels), which are looked at.
        channels: which have enough of them.
    """
    return any(
        _scatter(blocks_by_place(held, CELL)[cells[..., c], ..., c]) >= SCATTERED
        for c in np.flatnonzero(channels)
    )


def _scatter(cells: np.ndarray) -> float:
    """Return how often neighbours differ, relative to samples that lie one by one."""
    down, across = np.diff(cells, axis=1).mean(), np.diff(cells, axis=2).mean()
    p = cells.mean((1, 2))
    different = (2 * p * (1 - p)).mean() * CELL**2 / (CELL**2 - 1)
    return float((down + across) / 2 / different)


def _noise(pixels: Pixels, cells: np.ndarray, span: float) -> float | None:
    """Return σ, by cells of each channel that are hardly cut off; None if some have no noise."""
    if cells.sum() < FEWEST:
        return None
    channels = np.flatnonzero(cells.any((0, 1)))
    sizes = [cell_details(pixels[..., c : c + 1], cells[..., c]).ravel() for c in channels]
    sigmas = TO_SIGMA * np.concatenate(sizes)
    quiet, lower, usual = np.quantile(sigmas, (QUIET, LOWER, 0.5))
    step = 1 / np.iinfo(pixels.dtype).max if pixels.dtype.kind == "u" else 0
    if quiet < max(FAINTEST * span, STEPS * step, ALIKE * usual):
        return None
    return float(lower / SCATTER)
