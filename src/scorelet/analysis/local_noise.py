"""How strong the noise of a picture is, place by place, found without a model.

Symbols: y picture, d = (y00 - y01 - y10 + y11) / 2 the diagonal detail of 2×2 samples (Haar), σ the
standard deviation of the noise.

White noise gives diagonal details the standard deviation σ, and |d| the median 0.6745 σ. A median
does not see what fills less than half of the places: edges, text, stars. The same is done one scale
up, where noise shows that is smoothed over a pixel. Texture counts as noise: the estimate is
cautious. Structure whose values are exactly repeated does not: see `scorelet.analysis.repetition`.

Reference: Donoho, Johnstone 1994, Ideal spatial adaptation by wavelet shrinkage, section 4.2.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from scorelet.analysis.repetition import most_noise, repeated
from scorelet.data import to_unit

Pixels = np.ndarray

SQUARE = 32
"""Side in pixels of the squares that have a level each."""
CHUNK = 512
"""Side in pixels of what is in memory at once; a multiple of `SQUARE`."""
FEWEST = 16
"""Details from which a median is taken; with fewer, nothing is known."""
GAUSSIAN_MEDIAN = 0.6744897501960817
"""Median of |z| for a standard normal z."""
CUT_OFF = 0.05
"""Share of samples at 0 or 1 from which the noise of a square counts as cut off."""
SPARSE = 4
"""Brightness and cut-off are read off every fourth row and column."""
SCATTER = 1.1664 / (SQUARE // 2)
"""Relative standard error of a median of |z| over the 16×16 details of a square."""


@dataclass(frozen=True)
class LocalNoise:
    """Noise and brightness by squares of 32×32 pixels: arrays (rows, columns, channels).

    Attributes:
        fine: standard deviation by diagonal details, at most what repetition leaves room for; NaN
            where nothing is known.
        coarse: the same one scale up.
        middle: median of the samples; NaN where all are masked.
        cut_off: share of the samples at or beyond 0 or 1.
    """

    fine: Pixels
    coarse: Pixels
    middle: Pixels
    cut_off: Pixels

    def sigma(self, *, bounded: bool) -> Pixels:
        """Return what standard deviation noise may have in each square, NaN where it is unknown.

        It is the larger of both scales. Where samples are cut off at 0 and 1, and their noise with
        them, it is at least the level of the quieter squares that are not.

        Args:
            bounded: samples are cut off at 0 and 1.
        """
        found = np.fmax(self.fine, self.coarse)
        touched = self.cut_off >= CUT_OFF
        free = self.fine[~touched & np.isfinite(self.fine)]
        if not (bounded and len(free)):
            return found
        return np.where(touched, np.fmax(found, np.quantile(free, 0.25)), found)

    def level(self) -> float:
        """Return one standard deviation for the picture, read off its quietest squares.

        The level of a square scatters by the share `SCATTER`, so in a picture of noise alone the
        quietest tenth lies below σ (1 - 1.28 `SCATTER`), by which it is divided. Squares without
        any noise (painted areas) are left out, unless there is nothing else.
        """
        known = self.fine[np.isfinite(self.fine) & (self.fine > 0)]
        return float(np.quantile(known, 0.1)) / (1 - 1.2816 * SCATTER) if len(known) else 0.0

    def quietest(self, *, bounded: bool) -> float:
        """Return what standard deviation noise may have at the quietest tenth of the places.

        Args:
            bounded: as for `sigma`.
        """
        known = self.sigma(bounded=bounded)
        known = known[np.isfinite(known) & (known > 0)]
        return float(np.quantile(known, 0.1)) if len(known) else 0.0


def local_noise(pixels: Pixels, mask: np.ndarray | None = None) -> LocalNoise:
    """Measure the noise of a picture by squares.

    Args:
        pixels: (height, width, channels); integers count in the unit of [0, 1] images.
        mask: (height, width), true where samples are data; others are not looked at.
    """
    ends = _ends(pixels, mask)
    rows = []
    for down in _steps(pixels.shape[0]):
        with np.errstate(over="ignore", invalid="ignore"):  # numbers near the largest
            parts = [_measured(pixels, mask, ends, down, at) for at in _steps(pixels.shape[1])]
        rows.append([np.concatenate(maps, axis=1) for maps in zip(*parts, strict=True)])
    fine, coarse, middle, cut_off, share = (np.concatenate(m) for m in zip(*rows, strict=True))
    most = most_noise(share, middle, pixels, mask)
    return LocalNoise(np.minimum(fine, most), np.minimum(coarse, most), middle, cut_off)


def _ends(pixels: Pixels, mask: np.ndarray | None) -> tuple[Pixels, Pixels]:
    """Return the lowest and the highest datum of each channel."""
    if mask is None:  # whole lines of memory first
        return to_unit(pixels.min(0).min(0)), to_unit(pixels.max(0).max(0))
    data = pixels[mask]
    return to_unit(data.min(0)), to_unit(data.max(0))


def _steps(length: int) -> Iterator[slice]:
    """Cut a length into chunks; a last one of less than a square belongs to the one before."""
    starts = [start for start in range(0, length, CHUNK) if not start or start + SQUARE <= length]
    return (slice(*ends) for ends in pairwise([*starts, length]))


def _measured(
    pixels: Pixels,
    mask: np.ndarray | None,
    ends: tuple[Pixels, Pixels],
    down: slice,
    across: slice,
) -> tuple[Pixels, ...]:
    """Return the maps of a part: the four of `LocalNoise`, and the share of equal pairs."""
    y = np.stack([to_unit(plane) for plane in np.moveaxis(pixels[down, across], 2, 0)])
    if mask is not None:
        y = np.where(mask[down, across], y, np.nan)
    detail, mean = _haar(y)
    size = -(-y.shape[1] // SQUARE), -(-y.shape[2] // SQUARE)
    fine = _deviation(detail, SQUARE // 2, size)
    coarse = _deviation(_haar(mean)[0], SQUARE // 4, size)
    sample = y[:, ::SPARSE, ::SPARSE]
    middle, _ = _medians(sample, SQUARE // SPARSE, size)
    touched = _squares(((sample <= 0) | (sample >= 1)).astype(np.float32), SQUARE // SPARSE, size)
    share = _repeated(y[:, ::2, ::2], ends, size)
    return fine, coarse, middle, np.nanmean(touched, axis=3).transpose(1, 2, 0), share


def _repeated(sample: Pixels, ends: tuple[Pixels, Pixels], size: tuple[int, int]) -> Pixels:
    """Return the share of equal pairs by squares; the ends of the picture do not count."""
    low, high = (end[:, None, None] for end in ends)
    inside = np.where((sample > low) & (sample < high), sample, np.nan)
    data = np.isfinite(_squares(sample, SQUARE // 2, size)).sum(3)
    return repeated(_squares(inside, SQUARE // 2, size), data).transpose(1, 2, 0)


def _haar(y: Pixels) -> tuple[Pixels, Pixels]:
    """Return diagonal details and means of 2×2 samples, both such that white noise keeps its σ."""
    height, width = y.shape[1] // 2 * 2, y.shape[2] // 2 * 2
    upper, lower = y[:, 0:height:2, :width], y[:, 1:height:2, :width]
    difference, total = upper - lower, upper + lower
    return (
        (difference[..., ::2] - difference[..., 1::2]) / 2,
        (total[..., ::2] + total[..., 1::2]) / 2,
    )


def _deviation(detail: Pixels, side: int, size: tuple[int, int]) -> Pixels:
    """Return the standard deviation of Gaussian details by squares; NaN if they are too few."""
    median, count = _medians(np.abs(detail), side, size)
    return np.where(count < FEWEST, np.nan, median / GAUSSIAN_MEDIAN)


def _medians(values: Pixels, side: int, size: tuple[int, int]) -> tuple[Pixels, Pixels]:
    """Return medians (rows, columns, channels) and of how many values; NaN if there are none."""
    squares = _squares(values, side, size)
    count = np.isfinite(squares).sum(3)
    if count.min() == side * side:  # nearly everywhere; it is several times as fast
        middle = side * side // 2
        median = np.partition(squares, middle, axis=3)[..., middle]
    else:
        ordered = np.sort(squares, axis=3)  # NaN come last
        place = np.minimum(count // 2, side * side - 1)
        median = np.take_along_axis(ordered, place[..., None], axis=3)[..., 0]
    return median.transpose(1, 2, 0), count.transpose(1, 2, 0)


def _squares(values: Pixels, side: int, size: tuple[int, int]) -> Pixels:
    """Cut (channels, height, width) into (channels, rows, columns, side²); what lacks is NaN.

    A last square that would be cut short reaches back: few samples are easily all of one star.
    """
    (rows, columns), channels = size, values.shape[0]
    values = _reaching_back(_reaching_back(values, 1, side), 2, side)
    if values.shape[1:] != (rows * side, columns * side):
        whole = np.full((channels, rows * side, columns * side), np.nan, values.dtype)
        whole[:, : values.shape[1], : values.shape[2]] = values
        values = whole
    cut = values.reshape(channels, rows, side, columns, side).swapaxes(2, 3)
    return cut.reshape(channels, rows, columns, side * side)


def _reaching_back(values: Pixels, axis: int, side: int) -> Pixels:
    """Repeat samples before a last piece that is shorter than `side`, as far as there are any."""
    length = values.shape[axis]
    short = length % side
    if not short or length < side:
        return values
    place = np.r_[: length - short, length - side : length]
    return values.take(place, axis)
