"""What restoring takes and gives."""

import math
from dataclasses import KW_ONLY, dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image
from torch import Tensor

from scorelet.core.errors import InputError
from scorelet.data import Picture
from scorelet.data.pictures.limits import limits
from scorelet.models import Denoiser
from scorelet.sampling import AscentSchedule
from scorelet.tasks.ready_denoiser import ReadyDenoiser, ready_denoiser
from scorelet.tasks.shown import ShownPicture
from scorelet.tasks.tiling import TileSide

EDGES = ("unknown", "mirrored")
"""What lies outside of a blurred picture: something that nothing is known of, as of photographs, or
the picture again, which was blurred so."""

TASKS = ("superres", "inpaint", "deblur", "sensing", "spectral")

SCHEDULE = AscentSchedule(start=0.3, end=0.015, first=0.6, beta=0.082)
"""Starts near a simple guess, within the levels that `photo` knows: 39 network calls.

More and smaller steps have larger errors with it: it leaves noise in texture, which adds up.
"""

FILLING = AscentSchedule(start=0.15, end=0.01, first=0.6, beta=0.074)
"""Of inpainting, as many calls: what is filled smoothly is nearer than other guesses, and noise of
`SCHEDULE` would hide what it says. Not where known pixels have more than half of its first noise:
the surface through them is too rough."""
_OVER, _LEAST_START = 2.0, 0.02
"""The first noise level over the error of the guess, and the least one."""


def schedule_of(
    task: str, sigma: float | None = None, error: float | None = None
) -> AscentSchedule:
    """Return the noise levels of a task.

    Args:
        task: see `RestoreSettings`.
        sigma: level of the noise in what is measured.
        error: of a first guess that is nearer than others. The levels are those of `FILLING`, but
            all of them lower by one factor, so that the number of calls is the same.
    """
    if task != "inpaint" or 2 * (sigma or 0) > FILLING.start:
        return SCHEDULE
    if error is None:
        return FILLING
    start = min(max(_OVER * error, _LEAST_START), FILLING.start)
    return replace(FILLING, start=start, end=FILLING.end * start / FILLING.start)


QUALITIES = {"fast": 1, "full": 8}
"""How many samples the mean is of, where no number is given."""

_BELONGS = {
    "factor": "superres",
    "mask": "inpaint",
    "blur": "deblur",
    "kernel": "deblur",
    "edges": "deblur",
    "ratio": "sensing",
    "projections": "sensing",
    "share": "spectral",
}
"""Words that one task has for itself."""

_LARGEST_FACTOR = 16
_MOST_SAMPLES = 1000

Mask = str | Path | np.ndarray | Tensor | Image.Image
BlurKernel = str | Path | np.ndarray | Tensor


@dataclass(frozen=True)
class RestoreSettings:
    """What was measured, and how the picture is sought.

    Args:
        task: superres (pixels are means of blocks of factor x factor), inpaint (some pixels are
            missing), deblur, sensing (of the picture only some random projections are used), or
            spectral (only its low frequencies are).
        factor: of superres, 2 to 16.
        mask: of inpaint: a picture, white = known, or in one colour: opaque = known; a folder with
            a mask of the same name for each picture; or an array (height, width), true = known, or
            as white as in a picture; or a Pillow picture. None: what is NaN or masked in the
            picture is missing.
        blur: of deblur: standard deviation in pixels of a Gaussian.
        kernel: of deblur, in the place of `blur`: an .npy file, or an array or tensor (rows,
            columns).
        edges: of deblur: unknown (where nothing is said) or mirrored, see `EDGES`.
        ratio: of sensing: projections for each pixel, in (0, 1].
        projections: of sensing: the seed of the projections, 0 if nothing is said.
        share: of spectral: of the frequencies in each direction, in (0, 1].
        sigma: level of the noise in the picture, in [0, 1] units; deblur takes 0.5/255 at least of
            8 bits, 0.1/255 of others. None: for deblur it is found, see `noise_found`; other tasks
            take every pixel as exact.
        quality: fast or full, see `QUALITIES`.
        samples: how many; None: as many as `QUALITIES` says.
        model: built-in name, path or Hub id of a denoiser; or a denoiser.
        label: class of the picture, its number or name, for denoisers that know classes.
        seed: of the samples.
        tile, device, dtype: as for `denoise`.

    Raises:
        InputError: a task that there is not, or options that do not belong to it.
    """

    task: str
    _: KW_ONLY
    factor: int | None = None
    mask: Mask | None = None
    blur: float | None = None
    kernel: BlurKernel | None = None
    edges: str | None = None
    ratio: float | None = None
    projections: int | None = None
    share: float | None = None
    sigma: float | None = None
    quality: str = "full"
    samples: int | None = None
    model: str | Path | Denoiser = "photo"
    label: int | str | None = None
    seed: int = 0
    tile: TileSide = "auto"
    device: str = "auto"
    dtype: str = "auto"

    def __post_init__(self) -> None:
        """Check what can be checked without the picture."""
        if self.task not in TASKS:
            raise InputError(f"There is no task {self.task!r}: use {', '.join(TASKS)}.")
        if self.quality not in QUALITIES:
            raise InputError(f"quality is {self.quality!r}: it must be fast or full.")
        if self.edges not in (None, *EDGES):
            raise InputError(f"edges is {self.edges!r}: it must be unknown or mirrored.")
        self._check_words()
        if self.sigma is not None and not 0 <= self.sigma < float("inf"):
            raise InputError(f"sigma is {self.sigma}: it must be 0 or more.")
        if not 0 <= self.seed < 1 << 63:
            raise InputError(f"seed is {self.seed}: it must be 0 or more.")
        if isinstance(self.tile, str) and self.tile != "auto":
            raise InputError(f"tile is {self.tile!r}: give pixels a side, auto or None.")
        if self.samples is not None and not 1 <= self.samples <= _MOST_SAMPLES:
            raise InputError(f"{self.samples} samples: it must be 1 to {_MOST_SAMPLES}.")

    def _check_words(self) -> None:
        """Refuse words that belong to another task, and tasks without theirs."""
        for name, task in _BELONGS.items():
            if getattr(self, name) is not None and task != self.task:
                raise InputError(f"{name} belongs to {task}, not to {self.task}: leave it out.")
        if (
            self.task == "superres"
            and self.factor is not None
            and not (2 <= self.factor <= _LARGEST_FACTOR)
        ):
            raise InputError(f"factor is {self.factor}: it must be 2 to {_LARGEST_FACTOR}.")
        if self.task == "deblur" and (self.blur is None) == (self.kernel is None):
            raise InputError("deblur needs to know the blur: give blur or kernel, one of them.")
        for name, task in (("ratio", "sensing"), ("share", "spectral")):
            value = getattr(self, name)
            if self.task == task and (value is None or not 0 < value <= 1):
                raise InputError(
                    f"{task} needs a {name} above 0 and up to 1, got {value}: it says how much of "
                    "the picture is used."
                )
        if self.projections is not None and not 0 <= self.projections < 1 << 63:
            raise InputError(f"projections is {self.projections}: a seed must be 0 or more.")

    @property
    def count(self) -> int:
        """How many samples are drawn."""
        return self.samples or QUALITIES[self.quality]

    @property
    def calls(self) -> int:
        """Network calls for each sample."""
        return len(schedule_of(self.task, self.sigma).sigmas())

    @property
    def enlarges(self) -> int:
        """How often larger each side becomes."""
        return (2 if self.factor is None else self.factor) if self.task == "superres" else 1

    def check_size(self, height: int, width: int) -> None:
        """Refuse a result of more pixels than a picture may have.

        Raises:
            InputError: it has.
        """
        most = limits().pixels
        if self.enlarges**2 * height * width <= most:
            return
        fits = math.isqrt(most // (height * width))
        advice = f"give factor {fits} or less" if fits > 1 else "cut it into parts"
        raise InputError(
            f"factor is {self.enlarges}: of {width}x{height} pixels it makes more than the "
            f"{most:,} that a picture may have, {advice}."
        )

    def ready(self) -> ReadyDenoiser:
        """Return the model, see `ready_denoiser`."""
        return ready_denoiser(self.model, device=self.device, dtype=self.dtype, verb="restore")


@dataclass(frozen=True, eq=False, repr=False)
class Restored(ShownPicture):
    """A restored picture.

    Attributes:
        image: the mean of the samples, with the dtype of what was given.
        samples: n of the shape of `image`, without opacity, if their number was given; else none
            is kept. They differ where the measurement leaves a choice.
        deviation: standard deviation of all samples, of the shape of `image`, without opacity; 0
            for one. It shows where the result is unsure, and is no error bar: measured on
            photographs, errors were 2 to 6 times as large, in large holes 2 to 16 times.
        picture: the mean as it is written: with opacity and metadata.
        steps: network calls for each sample.
        sigma: level of the noise that was taken, given or found, in [0, 1] units.
        warnings: sentences without a full stop, as about noise that the model has not learnt, and
            about what was given.

    Samples and deviation are floats in which 1 is white, also where `image` is of integers; of a
    tensor they are tensors. While samples are drawn, and in files, they have an axis of channels.
    """

    image: Any
    samples: Any
    deviation: Any
    picture: Picture
    steps: int
    sigma: float = 0.0
    warnings: tuple[str, ...] = ()
