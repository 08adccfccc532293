"""How strong the noise of a camera's picture is, as the model `grain` is told it.

Symbols: m = y - f(y) what the blind model `camera` takes out; q quantile 0.2, over blocks of 32x32
pixels, of 4 times the root mean square of means of m's brightness over 4x4 pixels: what white noise
as dense as m at slow frequencies has. s median step of a JPEG. In 8-bit units

    grain    t = 18 (q / 2)^0.7 h(q),    h from 0 at q = 0.2 to 1 at q = 1
    JPEG     t = 0.35 (s - 4)

and the larger of both, 0 where that is less than 1; where no grain was found for sure, the first is
bounded by 1.6 times the second and by 5 more. `camera` spares grain where it could be texture, but
in the quiet parts of a picture it takes out a share that tells how strong it is; the power is less
than 1 because q is not exact, and pictures with grain have about q = 2. Constants were set on
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

BLOCK, CELL = 32, 4
QUANTILE = 0.2
LEVEL, USUAL, POWER = 18 / 255, 2 / 255, 0.7
NONE, SURE = 0.2 / 255, 1 / 255
STEPS, FINE_STEP = 0.35, 4.0 / 255
FAINTEST = 1 / 255
DOUBTFUL, MARGIN = 1.6, 5 / 255
"""Bounds of the level of grain that may be texture, over that of the JPEG."""
SHARE, LEAST, MOST = 0.25, 128, 512
"""Side of the central window that is looked at: with this share of the pixels, between bounds."""


def grain_level(view: View, camera: Denoiser, step: float | None, *, sure: bool = True) -> float:
    """Return t, in the unit that a view shows.

    Args:
        view: of the page.
        camera: the blind model, prepared.
        step: s, in that unit; None: no JPEG.
        sure: whether it is known that there is grain.
    """
    found, stored = _of_grain(view, camera), STEPS * max((step or 0.0) - FINE_STEP, 0.0)
    if not sure:
        found = min(found, DOUBTFUL * stored, stored + MARGIN)
    level = max(found, stored)
    return level if level >= FAINTEST else 0.0


def _of_grain(view: View, camera: Denoiser) -> float:
    rows, columns = _window(view.pixels.shape[:2], camera.locality.multiple)
    shown = view.shown(rows, columns)[1]
    q = _quiet(shown - run_tile(camera, shown, None))
    return LEVEL * (q / USUAL) ** POWER * min(max(q - NONE, 0.0) / (SURE - NONE), 1.0)


def _quiet(taken: Pixels) -> float:
    """Return q of what was taken out."""
    means = block_means(luma(taken) if taken.shape[2] == 3 else taken, CELL)
    power = block_means(means**2, BLOCK // CELL)
    return CELL * math.sqrt(float(np.quantile(power, QUANTILE))) if power.size else 0.0


def _window(size: tuple[int, ...], multiple: int) -> tuple[slice, slice]:
    side = math.sqrt(SHARE * size[0] * size[1])
    side = min(max(LEAST, int(side)), MOST)
    places = []
    for length in size:
        start = max(0, (length - side) // 2) // multiple * multiple
        places.append(slice(start, min(length, start + side)))
    return places[0], places[1]
