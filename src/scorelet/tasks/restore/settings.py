"""What restoring takes and gives."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from scorelet.core.errors import InputError
from scorelet.data import Picture
from scorelet.models import Denoiser
from scorelet.sampling import AscentSchedule
from scorelet.tasks.tiling import TileSide

TASKS = ("superres", "inpaint", "deblur")

QUALITIES = {
    "fast": AscentSchedule(start=0.2, end=0.012, first=0.03, beta=0.2),
    "full": AscentSchedule(start=0.3, end=0.01, first=0.02, beta=0.05),
}
"""Both start near a simple guess, within the levels that `photo` knows."""

SAMPLES = {"fast": 1, "full": 8}
"""How many samples the mean is of, where no number is given."""

_BELONGS = {"factor": "superres", "mask": "inpaint", "blur": "deblur", "kernel": "deblur"}
_LARGEST_FACTOR = 16
_MOST_SAMPLES = 1000

Mask = str | Path | np.ndarray
BlurKernel = str | Path | np.ndarray


@dataclass(frozen=True)
class RestoreSettings:
    """What was measured, and how the picture is sought.

    Args:
        task: superres (pixels are means of blocks of factor x factor), inpaint (some pixels are
            missing), or deblur.
        factor: of superres, 2 to 16.
        mask: of inpaint: a picture, white = known; or an array (height, width), true = known.
            None: what is NaN or masked in the picture is missing.
        blur: of deblur: standard deviation in pixels of a Gaussian.
        kernel: of deblur, in the place of `blur`: an .npy file or an array (rows, columns).
        sigma: level of the noise in the picture, in [0, 1] units.
        quality: fast or full, see `QUALITIES`.
        samples: how many; None: the mean of as many as `SAMPLES` says.
        model: built-in name, path or Hub id of a denoiser; or a denoiser.
        label: class of the picture, for denoisers that know classes.
        seed: of the samples.
        tile, device, dtype: as for `denoise`.

    Raises:
        InputError: a task that there is not, or options that do not belong to it.
    """

    task: str
    factor: int | None = None
    mask: Mask | None = None
    blur: float | None = None
    kernel: BlurKernel | None = None
    sigma: float = 0.0
    quality: str = "full"
    samples: int | None = None
    model: str | Path | Denoiser = "photo"
    label: int | None = None
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
        self._check_words()
        if not 0 <= self.sigma < float("inf"):
            raise InputError(f"sigma is {self.sigma}: it must be 0 or more.")
        if not 0 <= self.seed < 1 << 63:
            raise InputError(f"seed is {self.seed}: it must be 0 or more.")
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

    @property
    def count(self) -> int:
        """How many samples are drawn."""
        return self.samples or SAMPLES[self.quality]

    @property
    def schedule(self) -> AscentSchedule:
        """The steps of each sample."""
        return QUALITIES[self.quality]


@dataclass(frozen=True)
class Restored:
    """A restored picture.

    Attributes:
        image: the mean of the samples, with the dtype of what was given.
        samples: (n, height, width, channels), floats, 1 is white; they differ where the measurement
            leaves a choice.
        deviation: standard deviation of the samples, (height, width, channels); 0 for one.
        picture: the mean as it is written: with opacity and metadata.
        steps: network calls for each sample.
    """

    image: Any
    samples: np.ndarray
    deviation: np.ndarray
    picture: Picture
    steps: int
