"""Denoising of a Bayer mosaic by a denoiser of gray images.

Symbols: p, q the two greens of 2x2 pixels, r, b the two others, each a quarter of the mosaic. White
noise stays white, of the same level, under the orthogonal change to

    (p + q + r + b) / 2,   (p + q - r - b) / 2,   (p - q) / sqrt(2),   (r - b) / sqrt(2),

of which the first holds nearly all of the picture, and the rest is smooth. A pixel belongs to 2x2
pixels in four ways; the estimate is the mean over two of them, or all.
"""

import math
from collections.abc import Sequence

import torch
import torch.nn.functional as F
from torch import Tensor

from scorelet.core.errors import InputError
from scorelet.core.typing import Image, Labels, NoiseLevel
from scorelet.models.denoiser import Denoiser, Locality

SHIFTS = ((0, 0), (1, 1), (0, 1), (1, 0))
"""Rows and columns by which the 2x2 pixels are moved."""
MARGIN = 0.2
"""Distance of the darkest places from black in what a denoiser is shown, as a share of the range;
1.5 sigma, if that is more."""
Ends = Sequence[tuple[float, float]]


class MosaicDenoiser(Denoiser):
    """A denoiser of gray images with white noise, used on mosaics (batch, 1, height, width).

    Args:
        denoiser: takes one channel, needs no condition.
        green_first: whether the first pixel is green, as in GRBG and GBRG.
        ends: lowest and highest value of the four channels of the change above, from
            `channel_ends`; they are brought to [0, 1].
        shifts: how many of the four ways are averaged, 1 to 4, each as costly as the others.

    Raises:
        InputError: a denoiser that takes no gray images or needs a condition, or other shifts.
    """

    channels = (1,)

    def __init__(
        self, denoiser: Denoiser, *, green_first: bool, ends: Ends, shifts: int = 2
    ) -> None:
        super().__init__()
        if denoiser.channels is not None and 1 not in denoiser.channels:
            raise InputError(
                "The planes of a mosaic are gray, and this denoiser takes "
                f"{' or '.join(map(str, denoiser.channels))} channels: choose another model."
            )
        if denoiser.needs_cond:
            raise InputError("This denoiser needs a condition, which a mosaic does not have.")
        if not 1 <= shifts <= len(SHIFTS):
            raise InputError(f"shifts is {shifts}: it must lie between 1 and {len(SHIFTS)}.")
        self.denoiser, self.green_first, self.ends = denoiser, green_first, tuple(ends)
        self.shifts = shifts
        self.know_classes_of(denoiser)
        radius, multiple = denoiser.locality
        self.locality = Locality(None if radius is None else 2 * radius + 2, 2 * multiple)

    def _denoise(
        self, y: Image, sigma: NoiseLevel, cond: Tensor | None, label: Labels | None
    ) -> Image:
        height, width = y.shape[2:]
        total = torch.zeros_like(y)
        for row, column in SHIFTS[: self.shifts]:
            pads = (column, (width + column) % 2, row, (height + row) % 2)
            moved = F.pad(y, pads, mode="reflect")  # keeps the order of colours
            green_first = self.green_first ^ (row != column)
            channels = changed(moved, green_first=green_first)
            clean = [
                self._plane(channel, ends, sigma, label)
                for channel, ends in zip(channels, self._ends(row), strict=True)
            ]
            total += unchanged(clean, green_first=green_first)[
                :, :, row : row + height, column : column + width
            ]
        return total / self.shifts

    def _ends(self, row: int) -> Ends:
        """Return the ends after a shift: by a row, p changes places with q, and r with b."""
        if not row:
            return self.ends
        return [*self.ends[:2], *((-high, -low) for low, high in self.ends[2:])]

    def _plane(
        self, plane: Tensor, ends: tuple[float, float], sigma: NoiseLevel, label: Labels | None
    ) -> Tensor:
        level = float(sigma.max())
        span = max(ends[1] - ends[0], level)
        offset = ends[0] - max(MARGIN * span, 1.5 * level)
        return self.denoiser((plane - offset) / span, sigma / span, label=label) * span + offset


def channel_ends(y: Image, *, green_first: bool) -> list[tuple[float, float]]:
    """Return the ends of the middle 99.8 % of each of the four channels of a mosaic.

    Args:
        y: (batch, 1, height, width), 2 pixels or more each way.
        green_first: whether the first pixel is green.
    """
    whole = y[..., : y.shape[2] // 2 * 2, : y.shape[3] // 2 * 2]
    found = []
    for channel in changed(whole, green_first=green_first):
        values = channel.flatten()
        values = values[:: 1 + len(values) // 1_000_000]
        low, high = torch.quantile(values, values.new_tensor([0.001, 0.999])).tolist()
        found.append((low, high))
    return found


def changed(y: Image, *, green_first: bool) -> list[Tensor]:
    """Return the four channels of a mosaic of even sides, each (batch, 1, height/2, width/2)."""
    (p, q), (r, b) = _phases(y, green_first=green_first)
    greens, others = p + q, r + b
    root = math.sqrt(2)
    return [(greens + others) / 2, (greens - others) / 2, (p - q) / root, (r - b) / root]


def unchanged(channels: Sequence[Tensor], *, green_first: bool) -> Tensor:
    """Return the mosaic of four channels: the inverse, and adjoint, of `changed`."""
    bright, colour, green, other = channels
    height, width = bright.shape[2:]
    y = bright.new_empty(bright.shape[0], 1, 2 * height, 2 * width)
    (p, q), (r, b) = _phases(y, green_first=green_first)
    root = math.sqrt(2)
    p.copy_((bright + colour) / 2 + green / root)
    q.copy_((bright + colour) / 2 - green / root)
    r.copy_((bright - colour) / 2 + other / root)
    b.copy_((bright - colour) / 2 - other / root)
    return y


def _phases(y: Tensor, *, green_first: bool) -> tuple[tuple[Tensor, Tensor], tuple[Tensor, Tensor]]:
    """Return views of the two phases of one diagonal, the greens, and of the other."""
    main = y[..., 0::2, 0::2], y[..., 1::2, 1::2]
    other = y[..., 0::2, 1::2], y[..., 1::2, 0::2]
    return (main, other) if green_first else (other, main)
