"""What a network is shown of a picture, and how far its answer may move a pixel.

A network is trained on pictures in [0, 1] whose noise is not cut off. Five rules make it safe on
others; on those they change nothing (on Set12 less than 0.001 dB at every level).

1. **Any unit.** Floats y are shown as (y - o) / u, with one o for each channel and one u, so every
   a y + b (a > 0) is shown alike. From means of 8×8 pixels, points cut off: u is the range of
   brightness, o lies below the darkest by u/5 or 1.5 σ, whichever is more. What is dark and rare
   (ink on paper) is in no mean, so the darkest is also what noise leaves of the least samples.
   Integers have a black and a white; they are shown in the unit of [0, 1] images, unless they stand
   on a `pedestal`. Models of cameras are shown no more noise than `most`: u is as large as that
   takes. A model that is not blind may mean its numbers absolutely; it is shown floats as
   they are, see `told_unit`.
2. **Gaps.** Masked pixels come back as they were; the network sees their surroundings continued,
   with noise.
3. **Points.** A network errs by a share of the contrast that it sees: beside a star of 6,000 σ by
   more than all noise. It is shown values cut off 32 σ beyond the darkest and the brightest median
   of the squares around; pixels that are cut off are hardly noisy, and come back as they were.
4. **Reach.** No pixel moves by more than 4 σ.
5. **Noise that is cut off** at black or white is shown as if it went on, see `cut_off`. σ and the
   noise of gaps are then at least what is found there.

σ is what noise may have at the place: the largest of `LocalNoise.sigma` in the 3×3 squares of 32
pixels around, or the level that was given, if that is more. Where there is no noise nothing moves.
"""

import math
from dataclasses import dataclass

import numpy as np

from scorelet.analysis.local_noise import SQUARE, LocalNoise
from scorelet.core.blocks import block_means
from scorelet.data import to_unit
from scorelet.data.pictures.gaps import filled
from scorelet.tasks.denoise.shown.cut_off import CutOff, find_cut_off

Pixels = np.ndarray
Place = tuple[slice, slice]

REACH = 4.0
"""How far a pixel may move, in σ."""
POINTS = 32.0
"""Contrast to the surroundings from which values are cut off, in σ."""
MARGIN = 0.2
"""Distance of the darkest places from black, as a share of the range."""
CELL = 8
"""Side in pixels of the cells whose means are free of most noise."""
RARE, FARTHEST = 10_000, 3.7
"""One sample of so many is that much below its place, in σ, by white noise."""


@dataclass(frozen=True)
class View:
    """A picture as a network is shown it.

    Attributes:
        pixels: (height, width, channels), with gaps filled.
        mask: (height, width), true where pixels are data; None if they are everywhere.
        offset: o, one for each channel; `unit`: u.
        low, high: where values are cut off, by squares, in the unit shown.
        reach: how far values may move, by squares, in the unit shown.
        cut_off: the ends at which noise is cut off; None: nowhere.
    """

    pixels: Pixels
    mask: np.ndarray | None
    offset: Pixels
    unit: float
    low: Pixels
    high: Pixels
    reach: Pixels
    cut_off: CutOff | None = None

    @property
    def scaled(self) -> bool:
        """Whether rule 1 changed the unit."""
        return self.unit != 1 or bool(self.offset.any())

    def shown(self, rows: slice, columns: slice) -> tuple[Pixels, Pixels]:
        """Return a part in the unit shown: as it is, and what the network gets instead.

        That is one array twice where rule 3 changes nothing and rule 5 does not apply.
        """
        y = to_unit(self.pixels[rows, columns])
        before = after = self._scaled(y)
        if self.cut_off is not None:
            after = self._scaled(self.cut_off.continued(y, rows, columns))
        return before, _cut_off(after, self.low, self.high, (rows, columns))

    def moves(self, before: Pixels, answer: Pixels, place: Place) -> Pixels:
        """Return how a part moves, in the unit shown: what the rules leave of answer - before.

        Args:
            before: the part as it is, from `shown`.
            answer: the network's.
            place: rows and columns of the part.
        """
        rows, columns = place
        reach = _at(self.reach, rows, columns)
        if self.cut_off is not None:
            answer = np.clip(answer, *map(self._scaled, (self.cut_off.low, self.cut_off.high)))
        move = np.clip(answer - before.astype(answer.dtype), -reach, reach)
        points = _cut_off(before, self.low, self.high, place)
        if points is not before:
            move[before != points] = 0
        if self.mask is not None:
            move[~self.mask[rows, columns]] = 0
        return move

    def _scaled(self, y: Pixels) -> Pixels:
        """Bring samples to the unit shown."""
        if self.scaled:
            y = y - self.offset.astype(y.dtype)
            y /= y.dtype.type(self.unit)
        return y.copy() if np.may_share_memory(y, self.pixels) else y  # networks get it


def look(
    pixels: Pixels,
    noise: LocalNoise,
    *,
    mask: np.ndarray | None,
    scaled: bool,
    given: float | None = None,
    ends: bool = True,
    most: float = math.inf,
) -> View:
    """Return what a network is to be shown.

    Args:
        pixels: (height, width, channels).
        noise: what `local_noise` found in them.
        mask: true where pixels are data; None if they are everywhere.
        scaled: whether rule 1 applies.
        given: standard deviation that is known, in the unit of `pixels` (integers: [0, 1]).
        ends: whether rule 5 applies.
        most: noise that is shown at most, where rule 1 applies: u is as large as it takes.
    """
    found = noise.sigma(bounded=pixels.dtype.kind == "u")
    cut_off = find_cut_off(pixels, mask) if ends else None
    level = noise.level()
    if cut_off is not None:  # where nearly all is cut off, little noise is found
        level = cut_off.sigma
        found = np.fmax(found, level)
    sigma = _around(found if given is None else np.fmax(found, given), np.fmax)
    sigma[np.isnan(sigma)] = np.inf
    darkest, brightest = _around(noise.middle, np.fmin), _around(noise.middle, np.fmax)
    low = np.where(np.isnan(darkest), -np.inf, darkest - POINTS * sigma)
    high = np.where(np.isnan(brightest), np.inf, brightest + POINTS * sigma)
    offset, unit = np.zeros(pixels.shape[2]), 1.0
    if scaled:
        whole = slice(0, pixels.shape[0]), slice(0, pixels.shape[1])
        offset, unit = _scale(_cut_off(to_unit(pixels), low, high, whole), noise, mask)
        unit = max(unit, noise.level() / most)
    working = pixels.dtype if pixels.dtype.kind == "f" else np.dtype(np.float32)
    return View(
        pixels=pixels if mask is None else _without_gaps(pixels, mask, noise, level),
        mask=mask,
        offset=offset,
        unit=unit,
        low=((low - offset) / unit).astype(working),
        high=((high - offset) / unit).astype(working),
        reach=(REACH * sigma / unit).astype(working),
        cut_off=cut_off,
    )


def _without_gaps(pixels: Pixels, mask: np.ndarray, noise: LocalNoise, level: float) -> Pixels:
    """Continue data into gaps, with noise of a level.

    A point beside a gap is not continued into it, as far as the middle is known. A gap without
    noise would tell the network that there is less noise around it, too.
    """
    sigma = REACH * np.nan_to_num(_around(noise.sigma(bounded=False), np.fmax))
    low = np.nan_to_num(_around(noise.middle, np.fmin) - sigma, nan=-np.inf)
    high = np.nan_to_num(_around(noise.middle, np.fmax) + sigma, nan=np.inf)
    whole = slice(0, pixels.shape[0]), slice(0, pixels.shape[1])
    samples = to_unit(pixels)
    result = filled(np.clip(samples, _at(low, *whole), _at(high, *whole)), mask)
    result[mask] = samples[mask]
    rng = np.random.default_rng(0)  # the same picture gets the same noise
    result[~mask] += level * rng.standard_normal(result[~mask].shape, np.float32)
    return result


def _scale(pixels: Pixels, noise: LocalNoise, mask: np.ndarray | None) -> tuple[Pixels, float]:
    """Return o and u of rule 1."""
    means = _cell_means(pixels if mask is None else np.where(mask[..., None], pixels, np.nan))
    dark, bright = np.quantile(means, (0.01, 0.99), axis=0)
    unit, level = float((bright - dark).max()), noise.level()
    dark = np.minimum(dark, _least(pixels, mask) + FARTHEST * level)
    return dark - max(MARGIN * unit, 1.5 * level), unit or 1.0


def _least(pixels: Pixels, mask: np.ndarray | None) -> Pixels:
    """Return what one sample of `RARE` in each channel does not exceed."""
    channels = (pixels[..., k] for k in range(pixels.shape[2]))
    data = [c.ravel() if mask is None else c[mask] for c in channels]
    return np.array([np.partition(c, len(c) // RARE)[len(c) // RARE] for c in data], np.float64)


def _cell_means(values: Pixels) -> Pixels:
    """Return the means (cell, channel) of cells of 8×8 pixels in which all are data."""
    means = block_means(values, CELL).reshape(-1, values.shape[2])
    whole = np.isfinite(means).all(1)
    if whole.any():
        return means[whole]
    return values[np.isfinite(values).all(2)].astype(np.float64)


def _around(squares: Pixels, extreme: np.ufunc) -> Pixels:
    """Return the extreme of 3×3 squares around each, NaN left out as far as there are others."""
    padded = np.pad(squares, ((1, 1), (1, 1), (0, 0)), constant_values=np.nan)
    rows, columns = squares.shape[:2]
    parts = [padded[i : i + rows, j : j + columns] for i in range(3) for j in range(3)]
    return extreme.reduce(parts)


def _cut_off(values: Pixels, low: Pixels, high: Pixels, place: Place) -> Pixels:
    """Return a part cut off at the bounds of its squares; the same array if none are beyond."""
    if low.max() <= values.min() and values.max() <= high.min():
        return values
    return np.clip(values, _at(low, *place), _at(high, *place))


def _at(squares: Pixels, rows: slice, columns: slice) -> Pixels:
    """Return the values of squares at pixels, (rows, columns, channels)."""
    first, last = rows.start // SQUARE, (rows.stop - 1) // SQUARE
    lines = squares[first : last + 1, np.arange(columns.start, columns.stop) // SQUARE]
    return np.repeat(lines, np.bincount(np.arange(rows.start, rows.stop) // SQUARE - first), axis=0)
