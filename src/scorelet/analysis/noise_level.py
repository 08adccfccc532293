"""How much noise a picture has, and whether it is white.

Symbols: y noisy picture, f(y) denoised, r = y - f(y) residual, σ standard deviation of the noise.

The norm of the whole residual underestimates σ, because in textured places part of the noise stays
in f(y). In flat places the network removes nearly all of it; so r is measured only in the blocks
where f(y) varies least, and what bias is left is taken out by a curve measured on photographs.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from scorelet.analysis.block_differences import difference_power
from scorelet.core.blocks import block_means, square_blocks

Pixels = np.ndarray
Curve = Sequence[Sequence[float]]

BLOCK = 8
WIDE_BLOCK = 16
FLAT_SHARE = 0.05
LEAST_DATA = 0.25
"""Share of a block that must be data, so that its residual is measured."""
FEWEST = 24
CUT_OFF = 0.05
"""Share of samples at 0 or 1 up to which a block counts as untouched."""
LEAST_CUT = 0.3
"""Share of the blocks, those touched least, that are used when nearly all are touched."""


@dataclass
class ResidualMeter:
    """Gather the residual of a picture tile by tile; then read off the noise level.

    Args:
        bounded: samples are cut off at 0 and 1, so blocks that touch these are left out, as far as
            there are others (their noise is cut off, too).
    """

    bounded: bool = True
    _activity: list[np.ndarray] = field(default_factory=list)
    _power: list[np.ndarray] = field(default_factory=list)
    _cut_off: list[np.ndarray] = field(default_factory=list)
    _brightness: list[np.ndarray] = field(default_factory=list)

    def add(self, noisy: Pixels, clean: Pixels, mask: np.ndarray | None = None) -> None:
        """Take in one tile.

        Args:
            noisy, clean: (rows, columns, channels), in the unit of the picture.
            mask: (rows, columns), true where they are data; others count nowhere, and blocks with
                less than `LEAST_DATA` of data are left out.
        """
        data = None if mask is None else mask[..., None]
        power = _block_mean((noisy - clean) ** 2, data)
        if data is not None:
            power *= _block_mean(data) >= LEAST_DATA
        self._power.append(power)
        means = _masked_means(clean, data)
        self._activity.append(_block_mean(clean**2, data) - (means**2).mean(-1))
        self._brightness.append(np.abs(means.mean(-1)))
        self._cut_off.append(_block_mean((noisy <= 0) | (noisy >= 1), data))

    def raw(self) -> float:
        """Return the root mean square of the residual over the flattest blocks, 0 without any."""
        flattest = self.flattest()
        return float(np.sqrt(_all(self._power)[flattest].mean())) if len(flattest) else 0.0

    def flattest(self) -> np.ndarray:
        """Return which blocks are measured, row by row of each tile.

        Blocks without any residual (painted areas, black borders) are left out; there may be
        nothing else.
        """
        activity, power, cut_off = map(_all, (self._activity, self._power, self._cut_off))
        usable = power > 0
        if not usable.any():
            return np.flatnonzero(usable)
        if self.bounded:
            usable &= cut_off <= max(CUT_OFF, float(np.quantile(cut_off[usable], LEAST_CUT)))
        places = np.flatnonzero(usable)
        count = min(len(places), max(FEWEST, int(FLAT_SHARE * len(places))))
        return places[np.argpartition(activity[places], count - 1)[:count]]

    def whole(self) -> float:
        """Return the root mean square of the residual over all blocks.

        Of the best denoiser its square is σ² less the error: never more than σ².
        """
        return float(np.sqrt(_all(self._power).mean()))

    def noisiest(self) -> float:
        """Return the root mean square of the residual that a tenth of the blocks exceed.

        The noise there is stronger: what stays in f(y) is not in the residual.
        """
        return float(np.sqrt(np.quantile(_all(self._power), 0.9)))

    def unit(self) -> float:
        """Return what counts as 1: the brightness of the brightest blocks if samples are unbounded.

        So a picture in another unit has the same noise, in that unit.
        """
        if self.bounded:
            return 1.0
        return float(np.quantile(_all(self._brightness), 0.99)) or 1.0

    def sigma(self, curve: Curve | None = None) -> float:
        """Return the noise level in the unit of the picture.

        Args:
            curve: rows [raw / unit, sigma / unit], both increasing; between them the ratio of the
                two is interpolated linearly, outside the nearest row's holds.
        """
        raw = self.raw()
        if not curve or not raw:
            return raw
        known = np.asarray(curve, dtype=float)
        return raw * float(np.interp(raw / self.unit(), known[:, 0], known[:, 1] / known[:, 0]))


def curve_name(channels: int, *, bounded: bool) -> str:
    """Name the curve of pictures of so many channels, cut off at 0 and 1 or not."""
    return f"{channels} {'bounded' if bounded else 'unbounded'}"


def _all(parts: list[np.ndarray]) -> np.ndarray:
    return np.concatenate([part.ravel() for part in parts])


def _block_mean(values: Pixels, data: np.ndarray | None = None) -> np.ndarray:
    """Mean over the data of blocks of 8x8 pixels and channels."""
    return _masked_means(values, data).mean(-1)


def _masked_means(values: Pixels, data: np.ndarray | None) -> Pixels:
    """Return means over the data of blocks, 0 where there are none, channel by channel."""
    if data is None:
        return block_means(values, BLOCK)
    share = block_means(data, BLOCK)
    return block_means(np.where(data, values, 0), BLOCK) / np.where(share > 0, share, 1)


@dataclass(frozen=True)
class NoiseColour:
    """The noise floor of a picture at two distances between pixels.

    Attributes:
        near: standard deviation read from differences of neighbours.
        far: the same from pixels four apart; equal to `near` for white noise, larger for noise
            that is correlated between neighbours.
        spread: how much `far` grows from the smoothest blocks to the 22 % point. Noise is
            everywhere, so its floor is level (1.1 to 1.4); texture is not (1.6 to 17).
        unit: what counts as 1.
    """

    near: float
    far: float
    spread: float
    unit: float = 1.0

    @property
    def correlated(self) -> bool:
        """Whether there is a level floor and neighbours in it are plainly alike.

        Thresholds were set on the 68 test pictures of the Berkeley set: with white noise of 0 to
        50 (8-bit units) fewer than one in a hundred is called correlated, with noise of 10 and
        more that was smoothed by a Gaussian of 0.7 pixels or more, four in five and more are.
        """
        plain = self.far > 3 / 255 * self.unit
        return plain and self.spread < 1.5 and self.far > 1.25 * self.near


def noise_colour(pixels: Pixels, *, bounded: bool = True) -> NoiseColour | None:
    """Measure the colour of the noise in the smoothest 16x16 blocks; no model is involved.

    Args:
        pixels: (height, width, channels), floats.
        bounded: samples are cut off at 0 and 1; if not, the unit is that of the brightest blocks.

    Returns:
        None if the picture has fewer than 64 blocks, those cut off at 0 or 1 not counted.
    """
    blocks = square_blocks(pixels, WIDE_BLOCK)
    if bounded:
        blocks = blocks[((blocks <= 0) | (blocks >= 1)).mean((1, 2, 3)) < CUT_OFF]
    if len(blocks) < 64:
        return None
    near, far = difference_power(blocks, 1), difference_power(blocks, 4)
    order = np.argsort(far)
    floor = order[int(0.01 * len(order)) : int(0.03 * len(order)) + 1]
    upper = order[int(0.20 * len(order)) : int(0.25 * len(order)) + 1]
    low, high = float(far[floor].mean()), float(far[upper].mean())
    spread = np.sqrt(high / low) if low > 0 else np.inf
    unit = 1.0 if bounded else float(np.quantile(np.abs(blocks.mean((1, 2, 3))), 0.99))
    return NoiseColour(float(np.sqrt(near[floor].mean())), float(np.sqrt(low)), float(spread), unit)
