"""How strong the noise of a camera's picture is, as the model `grain` is told it.

Symbols: m = y - f(y) what the blind model `camera` takes out; q quantile 0.2, over blocks of 32x32
pixels, of 4 times the root mean square of means of m's brightness over 4x4 pixels: what white noise
as dense as m at slow frequencies has. s median step of a JPEG. In 8-bit units

    grain    t = 18 (q / 2)^0.7 h(q),    h from 0 at q = 0.2 to 1 at q = 1
    JPEG     t = min(0.35 (s - 4), 9 + 0.1 s)

and the larger of both, 0 where that is less than 1, at most 64; where no grain was found for sure,
the first is bounded by 1.6 times the second and by 5 more. `camera` spares grain where it could be
texture, but in the quiet parts of a picture it takes out a share that tells how strong it is; the
power is less than 1 because q is not exact, and pictures with grain have about q = 2. Where more of
a block than one pixel in ten is a gap, black or white, it says nothing. Constants were set on
simulated cameras, clean JPEGs, and the first 8 camera pictures of the test set.
"""

import math

import numpy as np

from scorelet.core.blocks import block_means
from scorelet.data import luma
from scorelet.models import Denoiser
from scorelet.tasks.denoise.view import View
from scorelet.tasks.inference import run_tile

Pixels = np.ndarray
Place = tuple[slice, slice]

BLOCK, CELL = 32, 4
QUANTILE = 0.2
LEVEL, USUAL, POWER = 18 / 255, 2 / 255, 0.7
NONE, SURE = 0.2 / 255, 1 / 255
STEPS, FINE_STEP = 0.35, 4.0 / 255
COARSE, COARSE_STEPS = 9 / 255, 0.1
"""Of JPEGs of a quality below about 65: far less of what they lost can be mended."""
FAINTEST, STRONGEST = 1 / 255, 64 / 255
"""Levels that the model learnt, in the unit of what it is shown."""
DOUBTFUL, MARGIN = 1.6, 5 / 255
"""Bounds of the level of grain that may be texture, over that of the JPEG."""
SHARE, LEAST, MOST = 0.25, 128, 512
"""Side of the window that is looked at: with this share of the pixels, between bounds."""
END, WHOLE = 1 / 255, 0.9
"""How near to black or white noise is cut off; the share of a block that must not be."""
ENOUGH = 0.5
"""Share of the central window that must be data; if not, the window with the most is looked at."""


def grain_level(
    view: View,
    camera: Denoiser,
    step: float | None,
    *,
    sure: bool = True,
    bounded: bool = True,
) -> float:
    """Return t, in the unit that a view shows.

    Args:
        view: of the page.
        camera: the blind model, prepared.
        step: s, in that unit; None: no JPEG.
        sure: whether it is known that there is grain.
        bounded: samples are cut off at 0 and 1.
    """
    found, stored = _of_grain(view, camera, bounded=bounded), _of_jpeg(step or 0.0)
    if not sure:
        found = min(found, DOUBTFUL * stored, stored + MARGIN)
    level = max(found, stored)
    return min(level, STRONGEST) if level >= FAINTEST else 0.0


def _of_jpeg(step: float) -> float:
    return max(0.0, min(STEPS * (step - FINE_STEP), COARSE + COARSE_STEPS * step))


def _of_grain(view: View, camera: Denoiser, *, bounded: bool) -> float:
    place, noisy = _window(view, camera.locality.multiple, bounded=bounded)
    shown = view.shown(*place)[1]
    q = _quiet(shown - run_tile(camera, shown, None), noisy)
    return LEVEL * (q / USUAL) ** POWER * min(max(q - NONE, 0.0) / (SURE - NONE), 1.0)


def _quiet(taken: Pixels, noisy: np.ndarray) -> float:
    """Return q of what was taken out; blocks that are hardly noisy are left out, unless all are."""
    means = block_means(_brightness(taken), CELL)
    power = block_means(means**2, BLOCK // CELL)
    whole = block_means(noisy[..., None], BLOCK) >= WHOLE
    power = power[whole] if whole.any() else power
    return CELL * math.sqrt(float(np.quantile(power, QUANTILE))) if power.size else 0.0


def _noisy(view: View, place: Place, *, bounded: bool) -> np.ndarray:
    """Return which pixels of a window can show noise: they are data, neither black nor white."""
    mask = np.ones(view.pixels[place].shape[:2], bool) if view.mask is None else view.mask[place]
    if not bounded:
        return mask
    bright = _brightness(view.shown(*place)[0])[..., 0]
    return mask & (bright > END) & (bright < 1 - END)


def _brightness(pixels: Pixels) -> Pixels:
    return luma(pixels) if pixels.shape[2] == 3 else pixels


def _window(view: View, multiple: int, *, bounded: bool) -> tuple[Place, np.ndarray]:
    """Return the central window, or where little of it is data the one with the most; and which of
    its pixels can show noise.
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


def _starts(length: int, side: int) -> range:
    """Return where windows start that overlap by half."""
    return range(0, max(1, length - side // 2), max(1, side // 2))


def _part(length: int, side: int, start: int, multiple: int) -> slice:
    start = max(0, min(start, length - side)) // multiple * multiple
    return slice(start, min(length, start + side))
