"""What a task of restoring is: one record, made in a module of its own."""

from collections.abc import Callable
from dataclasses import KW_ONLY, dataclass, replace
from pathlib import Path

import numpy as np
from PIL import Image
from torch import Tensor

from scorelet.data import Picture
from scorelet.data.pictures.enlarged import enlarged
from scorelet.models.measurements import Observation
from scorelet.sampling import AscentSchedule
from scorelet.tasks.restore.ways.known import Known
from scorelet.tasks.restore.ways.unit import UNIT, Unit

SCHEDULE = AscentSchedule(start=0.3, end=0.015, first=0.6, beta=0.082)
"""Starts near a simple guess, within the levels that `photo` knows: 39 network calls.

More and smaller steps have larger errors with it: it leaves noise in texture, which adds up.
"""

Mask = str | Path | np.ndarray | Tensor | Image.Image
BlurKernel = str | Path | np.ndarray | Tensor


@dataclass(frozen=True)
class Words:
    """What tasks are told, see `RestoreSettings`."""

    task: str
    _: KW_ONLY
    factor: int | None = None
    shrunk: str | None = None
    mask: Mask | None = None
    blur: float | str | None = None
    kernel: BlurKernel | None = None
    edges: str | None = None
    ratio: float | None = None
    projections: int | None = None
    share: float | None = None
    sigma: float | None = None


@dataclass(frozen=True, eq=False)
class Prepared:
    """What a task makes of a picture, before samples are drawn.

    Args:
        picture: that is restored.
        known: its pixels that say something, and those to be filled.
        observation: of what is sought.
        guess: a first one of it, (1, channel, height, width), in `unit`, as what is observed.
            Where what lies outside of a blurred picture is unknown both are larger than the result,
            by as much at opposite edges.
        sigma: level of the noise that is taken, in [0, 1] units.
        alpha: opacity of the result; None: it has none.
        blur: standard deviation in pixels of the one that was found; None: it was told, or none is.
        enlarges: how often larger each side becomes.
        schedule: noise levels of the sampler.
        share: of the guess in each sample, broadcast over `guess`; None: it has none.
        exact: whether known pixels stay as they are, to their last digit.
        remarks: sentences without a full stop.
        unit: in which it is sought.
        sign: says what is to be said of a sample before it is cut to [0, 1], if anything is.
    """

    picture: Picture
    known: Known
    observation: Observation
    guess: Tensor
    sigma: float
    alpha: np.ndarray | None
    enlarges: int = 1
    blur: float | None = None
    schedule: AscentSchedule = SCHEDULE
    share: Tensor | None = None
    exact: bool = False
    remarks: tuple[str, ...] = ()
    unit: Unit = UNIT
    sign: Callable[[Tensor], str | None] = lambda _found: None

    @property
    def stays(self) -> np.ndarray | None:
        """Where pixels, or samples, of the result are those of the picture; None: it is larger."""
        if self.enlarges > 1:
            return None
        return ~self.known.missing if self.exact else self.known.hidden

    @property
    def calls(self) -> int:
        """Network calls for each sample."""
        return len(self.schedule.sigmas())

    @property
    def size(self) -> tuple[int, ...]:
        """(height, width) of the result."""
        return tuple(self.enlarges * side for side in self.picture.pixels.shape[:2])

    def result(self, pixels: np.ndarray) -> Picture:
        """Return pixels with the opacity and the metadata of the result, without a meaning."""
        metadata = enlarged(self.picture, self.enlarges)
        return replace(self.picture, pixels=pixels, alpha=self.alpha, metadata=metadata, mask=None)


@dataclass(frozen=True)
class Task:
    """A task of restoring.

    Args:
        name: as in `Words.task`.
        words: those of `Words` that it has for itself.
        prepare: reads them, and says what is known of a picture. Raises InputError for what does
            not fit the picture, ImageFileError for a mask that cannot be read.
        check: refuses them without the picture; raises InputError.
        enlarges: how often larger each side becomes.
        ranged: whether all that is known of a picture, and so its range, may be used.
        keeps: whether the result holds what was measured, unless it is compressed with loss.
        noisy: whether noise of the picture stays in the result where no level is given, and can be
            told from what pictures show.
        least: a level of noise in 8-bit units below which one may be meant in [0, 1].
        advice: where the sampler leaves what pictures are.
    """

    name: str
    words: tuple[str, ...]
    prepare: Callable[[Picture, Words], Prepared]
    check: Callable[[Words], None] = lambda _words: None
    enlarges: Callable[[Words], int] = lambda _words: 1
    ranged: bool = True
    keeps: bool = True
    noisy: Callable[[Words], bool] = lambda _words: False
    least: float = 0.25
    advice: str = (
        "Give sigma if the picture is noisy, bring floats of another unit to [0, 1], or take "
        "another model."
    )
