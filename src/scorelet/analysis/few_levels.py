"""Pages of dots in few levels, as halftones and dither: what of their samples is noise.

Symbols: y samples of a channel, c_k its levels, s the largest deviation of samples around a level.

Dots of a screen with a little noise look like the strongest noise to any filter, and as noise moves
them, nothing is exactly repeated (`scorelet.analysis.repetition`). But their values lie in narrow
heaps around the levels, and noise is what scatters within these:

    y = c_k + n,  k the nearest level,    where levels are 8 s apart or more, and n within 4 s.

Heaps of a histogram of 256 bins are parted by 8 bins with next to nothing. s is read off the
medians of y - c above c and below it, c the median of a heap, of which one survives where noise is
cut off at black or white. Photographs have broad heaps. Text and drawings, which denoisers know,
are no dots: there the nearest levels of 2×2 samples seldom have a diagonal detail.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from scorelet.analysis.local_noise import GAUSSIAN_MEDIAN
from scorelet.core.blocks import block_means
from scorelet.data import to_unit

Pixels = np.ndarray

SAMPLE = 2**16
"""Samples of a channel that are looked at."""
BINS, APART = 256, 8
"""Bins of a histogram, and how many of them part two heaps."""
RARE = 1e-3
"""Share of the samples that may lie in no heap, and of those in a bin that belongs to none."""
MOST = 8
"""Levels of a channel."""
DISTANCE, WITHIN = 8.0, 4.0
"""Least distance of two levels, and the largest of a sample from its own, in s."""
FEWEST = 16
"""Samples from which a deviation is read off."""
SQUARE, OFTEN, DOTTED = 16, 0.4, 0.02
"""Side of squares in cells of 2×2 samples, the share of cells with a detail from which a square is
of dots, and the least share of such squares."""


@dataclass(frozen=True)
class FewLevels:
    """The levels of each channel, in the unit of [0, 1] images for integers."""

    levels: tuple[Pixels, ...]

    def noise_alone(self, pixels: Pixels) -> Pixels:
        """Return a page (height, width, channels) without its levels, around their mean."""
        y = to_unit(pixels)
        rest = np.empty_like(y)
        for channel, levels in enumerate(self.levels):
            plane = y[..., channel]
            rest[..., channel] = plane - _nearest(plane, levels) + levels.mean()
        return rest


def few_levels(pixels: Pixels, mask: np.ndarray | None = None) -> FewLevels | None:
    """Find the levels of a page of dots with noise; None of other pages, and without noise.

    Args:
        pixels: (height, width, channels); integers count in the unit of [0, 1] images.
        mask: (height, width), true where samples are data.
    """
    data = pixels.reshape(-1, pixels.shape[2]) if mask is None else pixels[mask]
    if len(data) > SAMPLE:
        data = data[np.random.default_rng(0).integers(0, len(data), SAMPLE)]
    samples = to_unit(data).astype(np.float64)
    ends = np.linspace(samples.min(), samples.max(), BINS + 1)
    found = [_levels(channel, ends) for channel in samples.T]
    channels = tuple(levels for levels, _ in found)
    if not _told_apart(samples, channels, [deviations for _, deviations in found]):
        return None
    dotted = any(map(_dotted, np.moveaxis(pixels, 2, 0), channels))
    return FewLevels(channels) if dotted else None


def _levels(samples: Pixels, ends: Pixels) -> tuple[Pixels, Pixels]:
    """Return the medians of the heaps of a channel, and the deviation around each.

    Args:
        samples: of the channel.
        ends: of the bins, those of all channels.
    """
    counts, _ = np.histogram(samples, ends)
    used = np.flatnonzero(counts > RARE * len(samples))
    found = []
    for heap in np.split(used, np.flatnonzero(np.diff(used) > APART) + 1):
        inside = samples[(samples >= ends[heap[0]]) & (samples <= ends[heap[-1] + 1])]
        found.append((np.median(inside), _deviation(inside - np.median(inside))))
    levels, deviations = np.array(found).T
    return levels, deviations


def _deviation(rest: Pixels) -> float:
    """Return the larger deviation of those above 0 and of those below; 0 if they are few."""
    sides = [side for side in (rest[rest > 0], -rest[rest < 0]) if len(side) >= FEWEST]
    return max((float(np.median(side)) for side in sides), default=0.0) / GAUSSIAN_MEDIAN


def _told_apart(samples: Pixels, channels: Sequence[Pixels], deviations: Sequence[Pixels]) -> bool:
    """Whether nearly all samples lie at a level, none of which touches another; all have noise."""
    several = [(c, s) for c, s in zip(channels, deviations, strict=True) if len(c) > 1]
    if not several or not all(s.all() for _, s in several) or max(map(len, channels)) > MOST:
        return False
    s = max(s.max() for s in deviations)
    if min(np.diff(levels).min() for levels, _ in several) < DISTANCE * s:
        return False
    nearest = np.stack([_nearest(y, c) for y, c in zip(samples.T, channels, strict=True)], 1)
    return float((np.abs(samples - nearest) > WITHIN * s).mean()) <= RARE


def _dotted(plane: Pixels, levels: Pixels) -> bool:
    """Whether there are squares where nearest levels often have a diagonal detail."""
    if min(plane.shape) < 2:
        return False
    height, width = (n // 2 * 2 for n in plane.shape)
    level = np.searchsorted(_middles(levels), to_unit(plane[:height, :width]))
    rows = level[::2] - level[1::2]
    dots = rows[:, ::2] != rows[:, 1::2]
    return float((block_means(dots[..., None], SQUARE) > OFTEN).mean()) >= DOTTED


def _nearest(samples: Pixels, levels: Pixels) -> Pixels:
    return levels[np.searchsorted(_middles(levels), samples)]


def _middles(levels: Pixels) -> Pixels:
    return (levels[1:] + levels[:-1]) / 2
