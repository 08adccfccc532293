"""Whether noise is white: where it is, two blind models take out as much; a pattern is no noise.

Symbols: w and c, what `photo` and `camera` take out of the quiet places of a page (`quiet`), root
mean square of all channels, less means over 4x4 pixels, in 8-bit units: in smooth full colours
`camera` errs, slowly.

Both know white noise: c is 0.5 to 1.1 w. Of noise that neighbours share, if only a little, as after
a mosaic, resizing, turning, or in a JPEG with halved colours, `photo` leaves most in, and c is 1.5
to 30 w. Of clean pictures both take out next to nothing: c < 1.4, of faint texture 2.2. So noise
that was called

    white    is a camera's where c > 1.2 w and w + 2, and `camera` takes it out at no level,
    camera's is white where w > 0.75 c, and w > 0.5, of a JPEG without sure grain 2: letters and
             other small things beside white noise look like grain.

And where what `camera` takes out of the window repeats itself
(`scorelet.analysis.periodic_patterns`), it is a screen, a weave, halftone dots: the page is left to
`photo`. Of a JPEG without sure grain c > 2, too: else what it lost of a pattern is mended. So is
pixel art, where quiet places are drawn in cells (`scorelet.analysis.drawn_cells`); of a JPEG, whose
even blocks may look so, c > 8, too.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from math import inf
from statistics import median

import numpy as np

from scorelet.analysis.drawn_cells import is_drawn
from scorelet.analysis.periodic_patterns import periodicity
from scorelet.core.blocks import blocks_by_place
from scorelet.models import Denoiser
from scorelet.tasks.denoise.noise.choice import Choice
from scorelet.tasks.denoise.noise.quiet import (
    BLOCK,
    Glance,
    brightness,
    fast_root,
    glance,
    is_rougher,
    quiet_blocks,
    quiet_root,
    whole_blocks,
)
from scorelet.tasks.denoise.settings import MODEL, DenoiseSettings
from scorelet.tasks.denoise.shown.view import View
from scorelet.tasks.inference import run_tile

Pixels = np.ndarray

TIMES, LEAST = 1.2, 2.0 / 255
"""What `camera` takes out at least of what is no white noise, over `photo`; least that counts."""
AGREED, FAINT = 0.75, 0.5 / 255
"""What `photo` takes out at least of white noise, of what `camera` does; least beside grain."""
STRONG = 8 / 255
"""What `camera` takes out at least of a JPEG that is drawn in cells; of cameras' at most 6."""
REPEATS = 0.35
"""From which what `camera` takes out repeats itself; of 44 pictures of cameras: at most 0.14."""
CELL = 4
"""Side of the cells whose means are left out, in pixels."""


@dataclass(frozen=True)
class Taken:
    """What the models take out of the quiet places of a page.

    Attributes:
        white, camera: w and c, in the unit shown.
        errs: of smooth full colours `camera` takes out something else: the most of it is slow, or
            quiet places are rougher without it.
        repeats: what `camera` takes out is a pattern.
        drawn: quiet places are drawn in cells.
        glance: at which it was seen.
    """

    white: float
    camera: float
    errs: bool = False
    repeats: bool = False
    drawn: bool = False
    glance: Glance | None = None


def in_doubt(choice: Choice, settings: DenoiseSettings) -> bool:
    """Whether the two models are to be asked: noise was neither told nor plainly white."""
    if settings.noise != "auto" or settings.model != MODEL or choice.photons is not None:
        return False
    return choice.noise == "camera" or not choice.plain


def taken_by_both(view: View, white: Denoiser, camera: Denoiser, *, bounded: bool) -> Taken:
    """Look at a window of a page with both models, prepared; `bounded`: samples end at 0 and 1."""
    seen = glance(view, camera, bounded=bounded)
    shown, whole = seen.shown, whole_blocks(seen.noisy)
    taken = [shown - answer for answer in (run_tile(white, shown, None), seen.clean)]
    bright = brightness(taken[1])
    white_root, root = (fast_root(one, whole, cell=CELL) for one in taken)
    slow = quiet_root(taken[1], whole, cell=CELL)
    errs = slow > root or is_rougher(bright, brightness(shown) - bright, whole)
    return Taken(
        white_root,
        root,
        errs=errs,
        repeats=periodicity(bright[..., 0]) > REPEATS,
        drawn=_is_drawn(brightness(shown), bright, whole),
        glance=seen,
    )


def _is_drawn(shown: Pixels, taken: Pixels, whole: np.ndarray) -> bool:
    if min(shown.shape[:2]) < BLOCK:
        return False
    return is_drawn(blocks_by_place(shown, BLOCK)[quiet_blocks(taken, whole)[..., 0]][..., 0])


def settled(choice: Choice, taken: Sequence[Taken]) -> Choice:
    """Return the choice that both models bear out, by the medians over pages."""
    w, c = (median(getattr(one, name) for one in taken) for name in ("white", "camera"))
    errs, repeats, drawn = (
        _most(getattr(one, name) for one in taken) for name in ("errs", "repeats", "drawn")
    )
    none = errs or repeats or drawn
    if choice.noise == "white" and c > max(TIMES * w, w + LEAST) and not none:
        reason = "neighbours share some of it"
        return replace(choice, noise="camera", reason=reason, level=inf)
    if choice.noise != "camera":
        return choice
    if repeats and (choice.sure or c > LEAST):
        return replace(choice, noise="white", reason="it has a pattern, which is no noise")
    if drawn and (c > STRONG or not choice.jpeg):
        return replace(choice, noise="white", reason="it is drawn in cells, which are no noise")
    if w > max(AGREED * c, FAINT if choice.sure else LEAST):
        reason = "neighbours do not share it" if choice.sure else "a JPEG with white noise"
        return replace(choice, noise="white", reason=reason, noisy=False)
    return choice


def _most(answers: Iterable[bool]) -> bool:
    found = list(answers)
    return sum(found) > len(found) / 2
