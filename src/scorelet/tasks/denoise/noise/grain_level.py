"""How strong the noise of a camera's picture is, as the model `grain` is told it.

Symbols: m = y - f(y) what the blind model `camera` takes out, its brightness; in quiet places, the
quantile 0.2 of blocks of 32x32 pixels: p the root mean square of m, q 4 times that of means of m
over 4x4 pixels, what white noise as dense as m at slow frequencies has. So p = q of white noise,
and p is far less of noise that neighbours share. s median step of a JPEG. In 8-bit units

    grain    t = 20 (p / 1.2)^0.7 h(q),    h from 0 at q = 0.2 to 1 at q = 1
    JPEG     t = min(s - 6, 3.5 + 0.2 s, 9 + 0.1 s)

and the larger of both, 2 at least of a JPEG with white noise, 0 where that is less than 1, at most
64. `camera` spares grain where it could be texture, but in the quiet parts of a picture it takes
out a share that tells how strong it is; the power is less than 1 because p is not exact.

What `camera` takes out of a clean JPEG is texture and what the JPEG lost, with p near q or above,
and strongest where the picture has details: the slope e of log m² over log |∇f|², of blocks of 8x8,
is 0.2 to 0.6. Grain does not know what is shown, and e is below 0.1 in most pictures.
So of a JPEG the first counts in full where p < 0.66 q, or p < 0.9 q and either grain was found for
sure, or e < 0.6 (0.95 - p / q), or q > 4, which hardly a clean JPEG has; else up to (s - 5) / 2.
Where p >= 0.9 q it does not count, but with q > 4 up to 4.5 times the second, or 2: that is white
noise, which `grain` takes out at any level, and at a high one much of the picture with it; and 5 p
where q > 0.8 and it plainly does not know what is shown: e < -0.1, or e < 0.1 and u < 0.3, the
standard deviation of log m² of blocks about a parabola of their brightness.
And not at all of a JPEG in which neither grain was found for sure nor white noise, and whose quiet
places are rougher, by their Laplacian, without m than with it, or q > 8: where colours are full and
smooth, as in colour maps and rainbows, `camera` errs. Of the 44 pairs, those without sure grain are
smoother without m by 7 % at least, with q < 2.5.
With q > 8, `camera` knows the noise, which it does of no real camera's: it takes the noise out
better than `grain` at any level.

Where more of a block than one pixel in ten is a gap, black or white, it says nothing. Constants
were set on simulated cameras, clean JPEGs, and the first 8 camera pictures of the test set, as they
are and with 0.4 to 2.5 times their noise.
"""

import math
from dataclasses import dataclass

import numpy as np

from scorelet.core.blocks import block_means
from scorelet.models import Denoiser
from scorelet.tasks.denoise.noise.quiet import (
    BLOCK,
    Glance,
    brightness,
    is_rougher,
    quiet_root,
    quiet_window,
    whole_blocks,
)
from scorelet.tasks.denoise.shown.view import View

Pixels = np.ndarray

CELL = 4
LEVEL, USUAL, POWER = 20 / 255, 1.2 / 255, 0.7
NONE, SURE = 0.2 / 255, 1 / 255
FINE_STEP = 6 / 255
"""Of a JPEG of quality 95: below it nothing can be mended."""
USUAL_JPEG, USUAL_STEPS = 3.5 / 255, 0.2
COARSE, COARSE_STEPS = 9 / 255, 0.1
"""Of JPEGs of a quality below about 50: far less of what they lost can be mended."""
FAINTEST, STRONGEST = 1 / 255, 64 / 255
"""Levels that the model learnt, in the unit of what it is shown."""
TEXTURE, SMOOTH = 0.9, 0.66
"""Of p over q: from the first on it is texture, below the second it is none."""
FOLLOWS, ALIKE, DETAIL = 0.6, 0.95, 8
"""Of e, from where on it may be texture: 0 at p = 0.95 q; the side of its blocks."""
DOUBTFUL, USUAL_STEP = 0.5, 5 / 255
"""Bound of the level of grain that may be texture, by the steps of the JPEG."""
PLAIN, KNOWN = 4 / 255, 8 / 255
"""Of q: from the first on it is noise, from the second on noise that `camera` knows."""
WHITE, TIMES = 2 / 255, 4.5
"""Least level of a JPEG with white noise; bound of its level, by that which a JPEG is worth."""
FINE, SEEN = 5.0, 0.8 / 255
"""Level of fine noise, by p; least q at which it is looked for."""
NO_TEXTURE, EVEN = 0.1, 0.3
"""Bound of e, and of u, of fine noise."""
FEWEST = 9
"""Blocks of which u says something."""
_NOTHING = 1e-8


@dataclass(frozen=True)
class _Taken:
    """What `camera` takes out of quiet places: p and q, in the unit shown, e, whether it errs."""

    fine: float
    slow: float
    follows: float
    rougher: bool = False
    uneven: float = math.inf

    @property
    def level(self) -> float:
        """t of grain."""
        share = min(max(self.slow - NONE, 0.0) / (SURE - NONE), 1.0)
        return LEVEL * (self.fine / USUAL) ** POWER * share

    @property
    def is_fine_noise(self) -> bool:
        """Whether it goes by the brightness, and not by what is shown."""
        even = self.follows < NO_TEXTURE and self.uneven < EVEN
        return self.slow > SEEN and (even or self.follows < -NO_TEXTURE)

    def in_jpeg(self, step: float, stored: float, *, sure: bool, noisy: bool) -> float:
        """Return what counts of it in a JPEG, which is worth the level `stored` by itself."""
        if not (sure or noisy) and (self.rougher or self.slow > KNOWN):
            return 0.0
        share = self.fine / max(self.slow, 1e-9)
        plain = self.slow > PLAIN
        if share >= TEXTURE:
            if plain:
                return min(self.level, max(TIMES * stored, WHITE))
            return FINE * self.fine if self.is_fine_noise else 0.0
        if sure or plain or share < SMOOTH or self.follows < FOLLOWS * (ALIKE - share):
            return self.level
        return min(self.level, DOUBTFUL * (step - USUAL_STEP))


def grain_level(
    seen: Glance, step: float | None, *, sure: bool = True, noisy: bool = False
) -> float:
    """Return t, in the unit that a view shows; inf: `camera` is to take the noise out itself.

    Args:
        seen: of the page, by `camera`.
        step: s, in that unit; None: no JPEG.
        sure: whether it is known that there is grain.
        noisy: whether there is white noise in a JPEG.
    """
    doubtful = step is not None and not sure
    taken = _taken(seen, doubtful=doubtful)
    if taken.slow > KNOWN and not doubtful:
        return math.inf
    stored = 0.0 if step is None else _of_jpeg(step)
    found = taken.level if step is None else taken.in_jpeg(step, stored, sure=sure, noisy=noisy)
    level = max(found, stored, WHITE if noisy else 0.0)
    return min(level, STRONGEST) if level >= FAINTEST else 0.0


def shows_noise(view: View, camera: Denoiser, *, bounded: bool = True) -> bool:
    """Whether noise can be seen in a page at all: it is not of one colour, nor black or white."""
    if np.ptp(view.pixels) == 0:
        return False
    return bool(
        whole_blocks(quiet_window(view, camera.locality.multiple, bounded=bounded)[1]).any()
    )


def _of_jpeg(step: float) -> float:
    levels = step - FINE_STEP, USUAL_JPEG + USUAL_STEPS * step, COARSE + COARSE_STEPS * step
    return max(0.0, min(levels))


def _taken(seen: Glance, *, doubtful: bool) -> _Taken:
    """Look at a window; blocks that are hardly noisy are left out, unless all are.

    Whether quiet places become rougher is asked where it is doubtful that there is grain.
    """
    taken, whole = brightness(seen.shown - seen.clean), whole_blocks(seen.noisy)
    fine, slow = (cell * quiet_root(taken, whole, cell=cell) for cell in (1, CELL))
    left = brightness(seen.clean)
    rougher = doubtful and is_rougher(taken, left, whole)
    uneven = _uneven(taken, left, whole) if doubtful else math.inf
    return _Taken(fine, slow, _follows(taken, left, whole), rougher, uneven)


def _follows(taken: Pixels, clean: Pixels, whole: np.ndarray) -> float:
    """Return the slope of the logarithm of what is taken out over that of squared steps."""
    steps = np.square(np.diff(clean, axis=0, append=clean[-1:]))
    steps += np.square(np.diff(clean, axis=1, append=clean[:, -1:]))
    powers = [block_means(x, DETAIL)[..., 0] for x in (steps, np.square(taken))]
    if whole.any():
        here = np.kron(whole[..., 0], np.ones((BLOCK // DETAIL,) * 2, bool))
        rows, columns = np.minimum(here.shape, powers[0].shape)
        powers = [x[:rows, :columns][here[:rows, :columns]] for x in powers]
    details, noise = (np.log(x + _NOTHING) for x in powers)
    spread = details.var()
    return float(((details - details.mean()) * noise).mean() / spread) if spread > 0 else 0.0


def _uneven(taken: Pixels, clean: Pixels, whole: np.ndarray) -> float:
    """Return the standard deviation of the logarithm of a block's power about a parabola of its
    brightness.
    """
    inside = whole[..., 0] if whole.any() else np.ones(whole.shape[:2], bool)
    power, bright = (block_means(x, BLOCK)[..., 0][inside] for x in (np.square(taken), clean))
    if len(power) < FEWEST:
        return math.inf
    lines = np.stack([bright**0, bright, bright**2], axis=1)
    log = np.log(power + _NOTHING)
    return float(np.std(log - lines @ np.linalg.lstsq(lines, log)[0]))
