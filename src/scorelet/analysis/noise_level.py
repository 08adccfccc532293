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
WIDE_BLOCK = 16
FLAT_SHARE = 0.05
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


@dataclass(frozen=True)
class NoiseColour:
    """The noise floor of a picture at two distances between pixels.

    Attributes:
        near: standard deviation read from differences of neighbours.
        far: the same from pixels four apart; equal to `near` for white noise, larger for noise
            that is correlated between neighbours.
        spread: how much `far` grows from the smoothest blocks to the 22 % point. Noise is
            everywhere, so its floor is level (1.1 to 1.4); texture is not (1.6 to 17).
    """

    near: float
    far: float
    spread: float

    @property
    def correlated(self) -> bool:
        """Whether there is a level floor and neighbours in it are plainly alike.

        Thresholds were set on the 68 test pictures of the Berkeley set: with white noise of 0 to
        50 (8-bit units) fewer than one in a hundred is called correlated, with noise of 10 and
        more that was smoothed by a Gaussian of 0.7 pixels or more, four in five and more are.
        """
        return self.far > 3 / 255 and self.spread < 1.5 and self.far > 1.25 * self.near


def noise_colour(pixels: Pixels) -> NoiseColour | None:
    """Measure the colour of the noise in the smoothest 16x16 blocks; no model is involved.

    Args:
        pixels: (height, width, channels), floats in the unit of [0, 1] images.

    Returns:
        None if the picture has fewer than 64 blocks that are not cut off at 0 or 1.
    """
    rows, columns = (n // WIDE_BLOCK * WIDE_BLOCK for n in pixels.shape[:2])
    channels = pixels.shape[2]
    shape = rows // WIDE_BLOCK, WIDE_BLOCK, columns // WIDE_BLOCK, WIDE_BLOCK, channels
    blocks = pixels[:rows, :columns].reshape(shape)
    blocks = blocks.transpose(0, 2, 1, 3, 4).reshape(-1, WIDE_BLOCK, WIDE_BLOCK, channels)
    blocks = blocks[((blocks <= 0) | (blocks >= 1)).mean((1, 2, 3)) < 0.05]
    if len(blocks) < 64:
        return None
    near, far = _difference_power(blocks, 1), _difference_power(blocks, 4)
    order = np.argsort(far)
    floor = order[int(0.01 * len(order)) : int(0.03 * len(order)) + 1]
    upper = order[int(0.20 * len(order)) : int(0.25 * len(order)) + 1]
    low, high = float(far[floor].mean()), float(far[upper].mean())
    spread = np.sqrt(high / low) if low > 0 else np.inf
    return NoiseColour(float(np.sqrt(near[floor].mean())), float(np.sqrt(low)), float(spread))


def _difference_power(blocks: Pixels, distance: int) -> np.ndarray:
    """Half the mean squared difference of pixels so far apart, by block: the variance of noise."""
    down = blocks[:, distance:] - blocks[:, :-distance]
    across = blocks[:, :, distance:] - blocks[:, :, :-distance]
    return ((down**2).mean((1, 2, 3)) + (across**2).mean((1, 2, 3))) / 4
