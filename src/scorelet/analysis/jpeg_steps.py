"""How coarsely a JPEG was quantised that pixels have been, once: they need not say so.

Symbols: c a cosine coefficient of a block of 8x8 pixels, q its step, m the integer nearest to c/q,
r = c - q m.

Coefficients of a JPEG are multiples of steps, and rounding of the decoded pixels to 8 bits puts
errors r of a deviation s = 0.35 into them. In other pictures, and on grids that are moved against
that of the blocks, r is spread evenly between -q/2 and q/2. A coefficient with m ≠ 0 has so much
evidence of a step q:

    log(q (1 - ε) φ(r/s)/s + ε),

φ the standard normal density, ε a share of exceptions. Smooth pictures have m = 0 without any step,
which counts only where it speaks against one. The grid is the one with the most evidence in all.
Few coefficients of a blurred picture have m ≠ 0, and those of slow waves; what other steps are is
told by the table that most programs scale.

Reference: Fan, de Queiroz 2003, Identification of bitmap compression history: JPEG detection and
quantizer estimation, IEEE Transactions on Image Processing 12 (steps by likelihood).
"""

import numpy as np

from scorelet.analysis.block_dct import SIDE
from scorelet.core.blocks import some_blocks
from scorelet.data import luma

Pixels = np.ndarray

_STANDARD = np.array(
    [
        [16, 11, 10, 16, 24, 40, 51, 61],
        [12, 12, 14, 19, 26, 58, 60, 55],
        [14, 13, 16, 24, 40, 57, 69, 56],
        [14, 17, 22, 29, 51, 87, 80, 62],
        [18, 22, 37, 56, 68, 109, 103, 77],
        [24, 35, 55, 64, 81, 104, 113, 92],
        [49, 64, 78, 87, 103, 121, 120, 101],
        [72, 92, 95, 98, 112, 100, 103, 99],
    ]
)
"""Steps of brightness (JPEG, annex K, table K.1), which are scaled to a quality."""
_TELL = np.ones((SIDE, SIDE), bool)
_TELL[::4, ::4] = False
"""Coefficients that tell: waves of these four have one height, so that few levels make steps."""
_STEPS = np.arange(2, 121)
_ERROR, _EXCEPTIONS = 0.35, 0.02
"""s, in 8-bit units, and ε."""
_BIN, _BINS = 0.25, 1024
"""Coefficients are counted in bins of so many levels; larger ones than all bins do not count."""
_BLOCKS = 1000
"""That are looked at, at most."""
_PLAIN, _FEWEST = 20.0, 3
"""Evidence of a step from which it counts, more than of the luckiest of all steps on all grids; and
how many steps must count."""
_STANDS_OUT = 3.0
"""Evidence of the grid over that of any other."""
_ALIKE = 0.8
"""Deviation of the logarithms of steps over the standard ones, at most: tables of cameras have up
to 0.7, drawn pictures that are enlarged, with evidence of some, have 1.1 and more."""


def jpeg_step(pixels: Pixels) -> float | None:
    """Return the median step of the JPEG that pixels have been, in [0, 1] units, or None.

    Args:
        pixels: (height, width, channels), uint8.
    """
    gray = pixels if pixels.shape[2] == 1 else luma(pixels.astype(np.float32))
    whole = np.asarray(((pixels > 0) & (pixels < 255)).all(2))
    evidence = np.stack([_evidence(gray[..., 0], whole, at) for at in np.ndindex(SIDE, SIDE)])
    best = evidence.max(2)
    total = np.where(best > _PLAIN, best, 0).sum(1)
    grid = int(total.argmax())
    plain = best[grid] > _PLAIN
    steps = _STEPS[evidence[grid].argmax(1)]
    scales = (steps / _STANDARD[_TELL])[plain]
    others = float(np.delete(total, grid).max())
    if len(scales) < _FEWEST or total[grid] < _STANDS_OUT * others:
        return None
    if np.log(scales).std() > _ALIKE:
        return None
    return float(np.median(scales) * np.median(_STANDARD)) / 255


def _evidence(gray: Pixels, whole: np.ndarray, at: tuple[int, int]) -> np.ndarray:
    """Return the evidence of each step, (coefficients that tell, steps), for a grid.

    Args:
        gray: brightness in 8-bit units, (height, width).
        whole: (height, width), true where no sample was cut off.
        at: row and column of the first block.
    """
    row, column = at
    blocks, uncut = (
        some_blocks(values[row:, column:], SIDE, _BLOCKS).reshape(-1, SIDE * SIDE)
        for values in (gray, whole)
    )
    blocks = _different(blocks[uncut.all(1) & (np.ptp(blocks, axis=1) > 0)])
    numbers = np.abs(blocks @ _WAVES) / _BIN
    bins = np.minimum(numbers.astype(int), _BINS) + np.arange(_TELL.sum()) * (_BINS + 1)
    counts = np.bincount(bins.ravel(), minlength=_TELL.sum() * (_BINS + 1))
    return counts.reshape(-1, _BINS + 1)[:, :_BINS] @ _OF_BIN


def _different(blocks: np.ndarray) -> np.ndarray:
    """Return one each of blocks that are alike but for their mean, as letters are."""
    apart = np.sqrt(np.arange(1, SIDE * SIDE + 1))  # a sum that tells blocks apart
    numbers = (blocks - blocks.mean(1, keepdims=True)) @ (apart - apart.mean())
    return blocks[np.unique(numbers.round(2), return_index=True)[1]]


def _waves() -> np.ndarray:
    """Return the cosine waves that tell, (64, coefficients)."""
    place = np.arange(SIDE)
    line = np.cos(np.pi / SIDE * np.outer(place, place + 0.5)) * np.sqrt(2 / SIDE)
    line[0] /= np.sqrt(2)
    planes = np.einsum("ui,vj->uvij", line, line)
    return planes[_TELL].reshape(-1, SIDE * SIDE).T.astype(np.float32)


def _of_bin() -> np.ndarray:
    """Return what a coefficient says of each step, (bins, steps)."""
    middles = (np.arange(_BINS)[:, None] + 0.5) * _BIN
    whole = np.rint(middles / _STEPS)
    apart = (middles - whole * _STEPS) / _ERROR
    density = np.exp(-(apart**2) / 2) / (_ERROR * np.sqrt(2 * np.pi))
    evidence = np.log(_STEPS * (1 - _EXCEPTIONS) * density + _EXCEPTIONS)
    return np.where(whole == 0, np.minimum(evidence, 0), evidence)


_WAVES, _OF_BIN = _waves(), _of_bin()
