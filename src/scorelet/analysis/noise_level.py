"""How much noise a picture has, and whether it is white.

Symbols: y noisy picture, f(y) denoised, r = y - f(y) residual, σ standard deviation of the noise.

The norm of the whole residual underestimates σ, because in textured places part of the noise stays
in f(y). In flat places the network removes nearly all of it; so r is measured only in the blocks
where f(y) varies least, and what bias is left is taken out by a curve measured on photographs.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

Pixels = np.ndarray
Curve = Sequence[Sequence[float]]

BLOCK = 8
FLAT_SHARE = 0.15
FEWEST = 24


@dataclass
class ResidualMeter:
    """Gather the residual of a picture tile by tile; then read off the noise level.

    Args:
        bounded: samples are cut off at 0 and 1, so blocks that touch them are left out (their
            noise is cut off too).
    """

    bounded: bool = True
    _activity: list[np.ndarray] = field(default_factory=list)
    _power: list[np.ndarray] = field(default_factory=list)
    _cut_off: list[np.ndarray] = field(default_factory=list)

    def add(self, noisy: Pixels, clean: Pixels) -> None:
        """Take in one tile: two arrays (rows, columns, channels) in the unit of the picture."""
        self._power.append(_block_mean((noisy - clean) ** 2))
        self._activity.append(_block_mean(clean**2) - _block_mean(clean, per_channel=True))
        touched = (noisy <= 0) | (noisy >= 1)
        self._cut_off.append(_block_mean(touched.astype(np.float32)))

    def raw(self) -> float:
        """Return the root mean square of the residual over the flattest blocks.

        Blocks without any residual (painted areas, black borders) are left out, unless there is
        nothing else: then the level is 0.
        """
        activity, power, cut_off = (
            np.concatenate([part.ravel() for part in parts])
            for parts in (self._activity, self._power, self._cut_off)
        )
        usable = power > 0
        if self.bounded:
            usable &= cut_off < 0.05
        if not usable.any():
            usable = power >= 0
        activity, power = activity[usable], power[usable]
        count = min(len(power), max(FEWEST, int(FLAT_SHARE * len(power))))
        flattest = np.argpartition(activity, count - 1)[:count]
        return float(np.sqrt(power[flattest].mean()))

    def sigma(self, curve: Curve | None = None) -> float:
        """Return the noise level in the unit of the picture.

        Args:
            curve: rows [raw, sigma] in [0, 1] units, both increasing; between them the ratio
                sigma/raw is interpolated linearly in raw, outside the nearest row's holds.
        """
        raw = self.raw()
        if not curve or not raw:
            return raw
        known = np.asarray(curve, dtype=float)
        return raw * float(np.interp(raw, known[:, 0], known[:, 1] / known[:, 0]))


def _block_mean(values: Pixels, *, per_channel: bool = False) -> np.ndarray:
    """Mean over blocks of 8x8 pixels and channels; `per_channel`: mean of squared block means."""
    height, width, channels = values.shape
    rows, columns = max(1, height // BLOCK), max(1, width // BLOCK)
    high, wide = min(height, BLOCK), min(width, BLOCK)
    cut = values[: rows * high, : columns * wide].astype(np.float64)
    blocks = cut.reshape(rows, high, columns, wide, channels).mean((1, 3))
    return (blocks**2 if per_channel else blocks).mean(-1)
