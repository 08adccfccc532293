"""What restoring takes and gives."""

import math
from dataclasses import KW_ONLY, dataclass, replace
from pathlib import Path
from typing import Any

from scorelet.core.errors import InputError
from scorelet.data import Picture
from scorelet.data.pictures.limits import limits
from scorelet.models import Denoiser
from scorelet.tasks.ready_denoiser import ReadyDenoiser, ready_denoiser
from scorelet.tasks.restore.ways import TASKS, Task
from scorelet.tasks.restore.ways.base import Prepared, Words
from scorelet.tasks.restore.ways.known import with_gaps
from scorelet.tasks.restore.ways.noise import kept_noise
from scorelet.tasks.restore.ways.unit import UNIT, Unit, unit_of
from scorelet.tasks.shown import ShownPicture
from scorelet.tasks.tiling import TileSide

QUALITIES = {"fast": 1, "full": 8}
"""How many samples the mean is of, where no number is given."""

_MOST_SAMPLES = 1000


@dataclass(frozen=True)
class RestoreSettings(Words):
    """What was measured, and how the picture is sought.

    Args:
        task: superres (pixels are means of blocks of factor x factor, or what `shrunk` says),
            inpaint (some pixels are missing), deblur, sensing (of the picture only some random
            projections are used), or spectral (only its low frequencies are).
        factor: of superres, 2 to 16.
        shrunk: of superres: how the small picture was made, see `ways.superres.SHRUNK`.
        mask: of inpaint: a picture, white = known, or in one colour: opaque = known; a folder with
            a mask of the same name for each picture; an array (height, width), as it is or in an
            .npy file: true = known, or integers, of which 0 is missing and another one known, or as
            white as in a picture; or a Pillow picture. An array (height, width, channels) of true
            and false counts by channel. None: samples that are NaN or infinite are missing, and
            pixels that are masked in the picture.
        blur: of deblur: standard deviation in pixels of a Gaussian, or a name of
            `models.measurements.blurs`, as motion:15:30. None, and no kernel: it is found, see
            `ways.found_blur`.
        kernel: of deblur, in the place of `blur`: an .npy file or a gray picture, or an array or
            tensor (rows, columns); see `models.measurements.kernels`. Of superres, in the place of
            `shrunk`, see `models.measurements.PeriodicBlur`.
        edges: of deblur: unknown (where nothing is said) or mirrored, see `ways.deblur.EDGES`.
        ratio: of sensing: projections for each pixel, in (0, 1].
        projections: of sensing: the seed of the projections, 0 if nothing is said.
        share: of spectral: of the frequencies in each direction, in (0, 1].
        sigma: level of the noise in the picture, in [0, 1] units; deblur takes 0.5/255 at least of
            8 bits, 0.1/255 of others, or of the range that these fill where it is less than half.
            None: for deblur it is found; other tasks take every pixel as exact, and superres and
            inpaint warn of plain noise.
        quality: fast or full, see `QUALITIES`.
        samples: how many; None: as many as `QUALITIES` says.
        model: built-in name, path or Hub id of a denoiser; or a denoiser.
        label: class of the picture, its number or name, for denoisers that know classes.
        seed: of the samples.
        tile, device, dtype: as for `denoise`.

    Raises:
        InputError: a task that there is not, or options that do not belong to it.
    """

    _: KW_ONLY
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
        """Refuse words that belong to another task, and those of this one that cannot be used."""
        for name in {name: None for task in TASKS.values() for name in task.words}:
            if getattr(self, name) is not None and name not in self.way.words:
                tasks = " and ".join(task.name for task in TASKS.values() if name in task.words)
                raise InputError(f"{name} belongs to {tasks}, not to {self.task}: leave it out.")
        self.way.check(self)

    @property
    def way(self) -> Task:
        """The task itself."""
        return TASKS[self.task]

    @property
    def count(self) -> int:
        """How many samples are drawn."""
        return self.samples or QUALITIES[self.quality]

    @property
    def enlarges(self) -> int:
        """How often larger each side becomes."""
        return self.way.enlarges(self)

    def prepare(self, picture: Picture) -> Prepared:
        """Return what the task makes of a picture.

        Raises:
            InputError: more pixels than a picture may have, or words that do not fit this one.
            ImageFileError: a mask that cannot be read.
        """
        self.check_size(*picture.pixels.shape[:2])
        found = self.way.prepare(with_gaps(picture), self)
        said = kept_noise(found.picture, found.known) if self._keeps_noise else None
        found = replace(found, remarks=(*found.remarks, said)) if said else found
        denoiser = self.ready().denoiser
        if not self.way.ranged or not denoiser.blind:
            return found
        known = found.picture.pixels[found.known.measured]
        unit = unit_of(known, least=found.sigma / denoiser.most)
        return found if unit == UNIT else self._prepared_in(unit, found)

    @property
    def _keeps_noise(self) -> bool:
        return self.sigma is None and self.way.noisy(self)

    def _prepared_in(self, unit: Unit, found: Prepared) -> Prepared:
        """Return the same in another unit; what is said of it stays in that of the picture."""
        sigma = None if self.sigma is None else self.sigma / unit.size
        mask = None if self.mask is None else ~found.known.missing  # files are read once
        blur = self.blur if found.blur is None else found.blur
        words = replace(self, sigma=sigma, mask=mask, blur=blur)
        shown = self.way.prepare(unit.shown(found.picture), words)
        return replace(
            shown,
            picture=found.picture,
            sigma=shown.sigma * unit.size,
            blur=found.blur,
            remarks=found.remarks,
            unit=unit,
            sign=lambda _found: None,  # its ends are not black and white
        )

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
        blur: of deblur: standard deviation in pixels of the Gaussian that was found; None where a
            blur was told.
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
    blur: float | None = None
    warnings: tuple[str, ...] = ()
