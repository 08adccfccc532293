"""Pages whose channels tell one picture: gray ones in three channels, sepia and other tones.

Symbols: x the channel of the largest contrast, y another one, s a step of their integers (of floats
their rounding). Where both were rounded, or cut, after y = a x + b, y says nothing that x does not:

    |y - a x - b| <= (1 + |a|) s,

with a and b by least squares. Samples at 0 may have been cut off there, and stand for all numbers
up to 0, those at 1 for all from 1 on. A single pixel of another colour makes it one of colours.
"""

from dataclasses import dataclass

import numpy as np

from scorelet.data import to_unit

Pixels = np.ndarray

SAMPLE = 1 << 14
"""Pixels that the line is fitted on."""
FEWEST = 0.5
"""Share of these that must lie within the range of samples."""
_BAND = 256
"""Rows that are in memory at once as floats."""
_ROUNDING = 1e-6
"""Of floats, as a share of the largest."""


@dataclass(frozen=True)
class Toning:
    """How channels follow from one.

    Attributes:
        channel: the one of the largest contrast.
        slopes: of all channels over that one, at most about 1; its own is 1.
    """

    channel: int
    slopes: tuple[float, ...]

    @property
    def strength(self) -> float:
        """Root mean square of the slopes: sigma of all channels over that of the one."""
        return float(np.sqrt(np.mean(np.square(self.slopes))))


def toning(pixels: Pixels, mask: np.ndarray | None = None) -> Toning | None:
    """Return how channels follow from one; None where they do not, or nearly all is cut off.

    Args:
        pixels: (height, width, 3), samples as they are stored.
        mask: (height, width), which pixels are data; None: all are.
    """
    if pixels.shape[2] != 3:
        return None
    line = _line(pixels, mask)
    if line is None:
        return None
    for top in range(0, len(pixels), _BAND):
        rows = slice(top, top + _BAND)
        part = pixels[rows].reshape(-1, 3) if mask is None else pixels[rows][mask[rows]]
        if not line.holds(_in_doubles(part)):
            return None
    return Toning(line.channel, tuple(map(float, line.slopes)))


@dataclass(frozen=True)
class _Line:
    """a and b of each channel over x, and how far from it rounding may be."""

    channel: int
    slopes: Pixels
    bases: Pixels
    most: Pixels

    def holds(self, some: Pixels) -> bool:
        """Whether samples (number, 3) lie on it."""
        low, high = _range(some)
        x = np.stack([low, high])[:, :, self.channel, None]
        ends = np.multiply(self.slopes, x, out=np.zeros((2, *some.shape)), where=self.slopes != 0)
        least, largest = ends.min(0) + self.bases, ends.max(0) + self.bases
        return not ((least - self.most > high) | (largest + self.most < low)).any()


def _range(some: Pixels) -> tuple[Pixels, Pixels]:
    """Return what samples may have been before they were cut off at 0 and 1, the least and most."""
    return np.where(some == 0, -np.inf, some), np.where(some == 1, np.inf, some)


def _line(pixels: Pixels, mask: np.ndarray | None) -> _Line | None:
    """Fit some of the pixels; None where they do not lie on it."""
    every = pixels.shape[0] * pixels.shape[1] // SAMPLE + 1
    some = pixels.reshape(-1, 3)[::every]
    some = _in_doubles(some if mask is None else some[mask.ravel()[::every]])
    within = some[_inside(some).all(1)]
    if len(within) < max(FEWEST * len(some), 2):
        return None  # most is cut off
    mean = within.mean(0)
    with np.errstate(over="ignore", invalid="ignore"):  # numbers near the largest
        products = (within - mean).T @ (within - mean)
    channel = int(products.diagonal().argmax())
    if not 0 < products[channel, channel] < np.inf:
        return None
    slopes = products[channel] / products[channel, channel]
    integers = pixels.dtype.kind == "u"
    step = 1 / np.iinfo(pixels.dtype).max if integers else _ROUNDING * np.abs(within).max()
    line = _Line(channel, slopes, mean - slopes * mean[channel], (1 + np.abs(slopes)) * step)
    return line if line.holds(within) else None


def _in_doubles(some: Pixels) -> Pixels:
    return to_unit(some).astype(np.float64)


def _inside(some: Pixels) -> np.ndarray:
    return (some != 0) & (some != 1) & np.isfinite(some)
