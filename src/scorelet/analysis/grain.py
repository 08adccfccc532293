"""Noise that neighbours share, as the noise of finished pictures of cameras: is there any?

Symbols: D_d half the mean squared difference of brightness between pixels d apart in a block of
16 x 16; white noise of variance v has D_d = v at all d, noise that neighbours share has less at
d = 1 than at d = 4.
"""

from dataclasses import dataclass

import numpy as np

from scorelet.data import luma

Pixels = np.ndarray

SIDE = 16
FEWEST = 64
"""Blocks with which something is said."""
LEAST = 0.7 / 255
LEVEL = 1.55
ALIKE = 1.4
CUT_OFF = 0.05
"""Share of samples at 0 or 1 up to which a block counts as untouched."""


@dataclass(frozen=True)
class Grain:
    """The floors of differences of brightness, as standard deviations.

    Attributes:
        near, next, far: of neighbours, of pixels two and four apart, in the smoothest blocks.
        spread: `far` in the blocks of the 22 % point over that; noise is everywhere, texture not.
    """

    near: float
    next: float
    far: float
    spread: float

    @property
    def is_shared(self) -> bool:
        """Whether there is a level floor, and neighbours in it are plainly alike."""
        return self.far > LEAST and self.spread < LEVEL and self.next > ALIKE * self.near


def grain(pixels: Pixels, *, bounded: bool = True, mask: np.ndarray | None = None) -> Grain | None:
    """Measure the floors of differences.

    Args:
        pixels: (height, width, channels), floats.
        bounded: samples are cut off at 0 and 1; blocks that touch these are left out.
        mask: (height, width), true where samples are data.

    Returns:
        None where fewer than 64 blocks are data that is not cut off.
    """
    blocks = _cut((pixels if pixels.shape[2] == 1 else luma(pixels))[..., 0])
    if mask is not None:
        blocks = blocks[_cut(mask).all((1, 2))]
    if bounded:
        blocks = blocks[((blocks <= 0) | (blocks >= 1)).mean((1, 2)) < CUT_OFF]
    if len(blocks) < FEWEST:
        return None
    near, after, far = (_differences(blocks, distance) for distance in (1, 2, 4))
    order = np.argsort(far)
    floor = order[int(0.01 * len(order)) : int(0.05 * len(order)) + 1]
    upper = order[int(0.20 * len(order)) : int(0.25 * len(order)) + 1]
    found = [float(np.sqrt(power[floor].mean())) for power in (near, after, far)]
    high = float(np.sqrt(far[upper].mean()))
    return Grain(*found, spread=high / found[2] if found[2] > 0 else float("inf"))


def _cut(plane: Pixels) -> Pixels:
    """Return the whole blocks of (height, width) as (blocks, 16, 16)."""
    rows, columns = (n // SIDE for n in plane.shape)
    whole = plane[: rows * SIDE, : columns * SIDE].reshape(rows, SIDE, columns, SIDE)
    return whole.swapaxes(1, 2).reshape(-1, SIDE, SIDE)


def _differences(blocks: Pixels, distance: int) -> Pixels:
    """Return D of each block."""
    down = blocks[:, distance:] - blocks[:, :-distance]
    across = blocks[:, :, distance:] - blocks[:, :, :-distance]
    return ((down**2).mean((1, 2)) + (across**2).mean((1, 2))) / 4
