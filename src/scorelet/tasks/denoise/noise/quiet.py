"""The quiet places of a page: where what a denoiser takes out is noise, and hardly texture.

A window of the page is cut into blocks of 32x32 pixels, of which those with the least of what is
taken out are quiet. Blocks that are gaps, black or white in more than one pixel of ten say nothing.
"""

import math
from dataclasses import dataclass

import numpy as np

from scorelet.core.blocks import block_means
from scorelet.data import luma
from scorelet.models import Denoiser
from scorelet.tasks.denoise.shown.view import View
from scorelet.tasks.inference import run_tile

Pixels = np.ndarray
Place = tuple[slice, slice]

BLOCK = 32
QUANTILE = 0.2
"""Of the power of blocks, up to which they are quiet."""
SMOOTHEST = 0.3
"""Share of the blocks in which it is asked whether they become rougher, and are drawn in cells."""
SHARE, LEAST, MOST = 0.25, 128, 512
"""Side of the window that is looked at: with this share of the pixels, between bounds."""
END, WHOLE = 1 / 255, 0.9
"""How near to black or white noise is cut off; the share of a block that must not be."""
ENOUGH = 0.5
"""Share of the central window that must be data; if not, the window with the most is looked at."""


@dataclass(frozen=True, eq=False)
class Glance:
    """What a model of cameras answers in the quiet window of a page.

    Attributes:
        shown, clean: what it was shown, and its answer, (height, width, channels).
        noisy: (height, width), which pixels can show noise.
    """

    shown: Pixels
    clean: Pixels
    noisy: np.ndarray


def glance(view: View, camera: Denoiser, *, bounded: bool) -> Glance:
    """Ask a blind model, prepared, in the quiet window; `bounded`: samples end at 0 and 1."""
    place, noisy = quiet_window(view, camera.locality.multiple, bounded=bounded)
    shown = view.shown(*place)[1]
    return Glance(shown, run_tile(camera, shown, None), noisy)


def quiet_window(view: View, multiple: int, *, bounded: bool) -> tuple[Place, np.ndarray]:
    """Return the central window, or where little of it is data the one with the most; and which of
    its pixels can show noise.

    Args:
        view: of the page.
        multiple: of pixels at which windows start.
        bounded: samples are cut off at 0 and 1.
    """
    height, width = view.pixels.shape[:2]
    side = min(max(LEAST, int(math.sqrt(SHARE * height * width))), MOST)
    rows, columns = (_part(n, side, (n - side) // 2, multiple) for n in (height, width))
    centre = (rows, columns), _noisy(view, (rows, columns), bounded=bounded)
    if centre[1].mean() >= ENOUGH:
        return centre
    places = (
        (_part(height, side, top, multiple), _part(width, side, left, multiple))
        for top in _starts(height, side)
        for left in _starts(width, side)
    )
    others = ((place, _noisy(view, place, bounded=bounded)) for place in places)
    return max(centre, *others, key=lambda window: int(window[1].sum()))


def whole_blocks(noisy: np.ndarray) -> np.ndarray:
    """Return which blocks can show noise in nearly all of their pixels, (rows, columns, 1)."""
    return block_means(noisy[..., None], BLOCK) >= WHOLE


def quiet_root(taken: Pixels, whole: np.ndarray, *, cell: int = 1) -> float:
    """Return the root mean square, in quiet blocks, of means over cells of what is taken out.

    Args:
        taken: (height, width, channels).
        whole: from `whole_blocks`; all blocks count where none is.
        cell: side of a cell in pixels.
    """
    return _root(_power(taken, cell), whole)


def fast_root(taken: Pixels, whole: np.ndarray, *, cell: int) -> float:
    """Return the same of deviations from the means over cells."""
    return _root(_power(taken, 1) - _power(taken, cell), whole)


def _power(taken: Pixels, cell: int) -> Pixels:
    """Return the mean square of blocks of means over cells, (rows, columns, 1)."""
    return block_means(block_means(taken, cell) ** 2, BLOCK // cell).mean(2, keepdims=True)


def _root(power: Pixels, whole: np.ndarray) -> float:
    power = power[whole] if whole.any() else power
    return math.sqrt(max(0.0, float(np.quantile(power, QUANTILE)))) if power.size else 0.0


def is_rougher(taken: Pixels, clean: Pixels, whole: np.ndarray) -> bool:
    """Return whether quiet places are rougher, by their Laplacian, without what is taken out.

    Args:
        taken, clean: what is taken out and what is left, their brightness.
        whole: from `whole_blocks`.
    """
    quiet = quiet_blocks(taken, whole)
    if not quiet.size:
        return False
    rough = (_laplacian(x) for x in (clean, clean + taken))
    after, before = (block_means(np.square(x), BLOCK)[quiet] for x in rough)
    return bool(after.mean() > before.mean())


def quiet_blocks(taken: Pixels, whole: np.ndarray) -> np.ndarray:
    """Return the blocks with the least of what is taken out, (rows, columns, 1).

    Args:
        taken: (height, width, 1).
        whole: from `whole_blocks`.
    """
    moved = block_means(np.square(taken), BLOCK)
    inside = whole if whole.any() else np.ones_like(whole)
    return inside & (moved <= np.quantile(moved[inside], SMOOTHEST)) if moved.size else inside


def brightness(pixels: Pixels) -> Pixels:
    """Return the brightness of (height, width, channels), as (height, width, 1)."""
    return luma(pixels) if pixels.shape[2] == 3 else pixels


def _noisy(view: View, place: Place, *, bounded: bool) -> np.ndarray:
    """Return which pixels of a window can show noise: they are data, neither black nor white."""
    mask = np.ones(view.pixels[place].shape[:2], bool) if view.mask is None else view.mask[place]
    if not bounded:
        return mask
    bright = brightness(view.shown(*place)[0])[..., 0]
    return mask & (bright > END) & (bright < 1 - END)


def _starts(length: int, side: int) -> range:
    """Return where windows start that overlap by half."""
    return range(0, max(1, length - side // 2), max(1, side // 2))


def _part(length: int, side: int, start: int, multiple: int) -> slice:
    start = max(0, min(start, length - side)) // multiple * multiple
    return slice(start, min(length, start + side))


def _laplacian(x: Pixels) -> Pixels:
    near = np.pad(x, ((1, 1), (1, 1), (0, 0)), "edge")
    sides = near[:-2, 1:-1] + near[2:, 1:-1] + near[1:-1, :-2] + near[1:-1, 2:]
    return sides - 4 * x
