"""What drawing samples takes and gives."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from scorelet.core.brief import Brief
from scorelet.core.errors import InputError
from scorelet.core.options import check_fields
from scorelet.models import Denoiser
from scorelet.models.multiscale import Multiscale
from scorelet.tasks.sample.output import bounds_of, check_sheets, files_of, write_samples
from scorelet.tasks.shown import png_of_samples

MOST = 100_000
"""Samples at most."""
MOST_STEPS = 10_000
"""At each scale."""

Model = str | Path | Multiscale | Denoiser
Size = tuple[int, int]


@dataclass(frozen=True)
class SampleSettings:
    """What is drawn, and how.

    Args:
        model: built-in name, path or Hub id of a cascade of denoisers, or of a denoiser of whole
            pictures in [0, 1]; or one.
        n: how many samples.
        size: height and width; None: those that the cascade was trained on, or that the coarse
            picture is continued to. Other ones need a cascade whose low band is local. It is needed
            where a denoiser of whole pictures does not say what it learnt.
        steps: of the sampler, one number for all scales that are drawn, or one for each, coarse to
            fine; None: 32 for the low band, 12 for details, 64 for whole pictures.
        seed: sample i is a function of (model, seed, i) only.
        coarse: a picture that samples of a cascade continue to finer scales: a path of a picture
            or of an array file (FILE:NAME of one array of several), an array (height, width[,
            channels]) or, as one sample is written, ([1,] channels, height, width), or a tensor
            ([channels,] height, width); 8 or 16 bits or floats in [0, 1], any numbers where samples
            are no pictures.
        sampler: a name of `scorelet.sampling.reverse.SAMPLERS`.
        device: auto, cpu, cuda or mps.
        label: class, its name or number, for models that know classes.
        first: number of the first sample: samples first, ..., first + n - 1 are drawn, the same as
            in a larger set.
        churn: see `scorelet.sampling.reverse.ReversePlan`, for all scales or for each, as `steps`;
            None: what the record of a cascade names, 0.5 for whole pictures.
        batch: how many samples are drawn at once; None: as many as have 16 x 80 x 80 pixels, one at
            least.

    Raises:
        InputError: numbers out of range.
    """

    model: Model = "faces"
    n: int = 16
    size: Size | None = None
    steps: int | Sequence[int] | None = None
    seed: int = 0
    coarse: Any = None
    sampler: str = "heun"
    device: str = "auto"
    label: int | str | None = None
    first: int = 0
    churn: float | Sequence[float] | None = None
    batch: int | None = None

    def __post_init__(self) -> None:
        """Check what can be checked without the model."""
        check_fields(self)
        if not 1 <= self.n <= MOST:
            raise InputError(f"n is {self.n}: draw 1 to {MOST:,} samples.")
        for name in ("steps", "churn"):
            object.__setattr__(self, name, _of_python(getattr(self, name)))
        self._check_how()
        for name, number in (("seed", self.seed), ("first", self.first)):
            if number < 0:
                raise InputError(f"{name} is {number}: it must be 0 or more.")
        if self.first + self.n > 1 << 32:
            raise InputError(f"first is {self.first}: numbers of samples are below 2^32.")
        if self.size is not None and min(self.size) < 1:
            raise InputError(f"size is {self.size[0]}x{self.size[1]}: both sides must be positive.")
        if self.size is not None:  # a list, or numbers of another library
            object.__setattr__(self, "size", (int(self.size[0]), int(self.size[1])))

    def _check_how(self) -> None:
        counts = np.atleast_1d(1 if self.steps is None else self.steps)
        if not ((counts >= 1) & (counts <= MOST_STEPS)).all():
            raise InputError(f"steps is {self.steps}: a sampler takes 1 to {MOST_STEPS:,}.")
        if self.batch is not None and self.batch < 1:
            raise InputError(f"batch is {self.batch}: at least one sample is drawn at once.")


def _of_python(given: Any) -> Any:  # noqa: ANN401
    """Return a list of numbers, or an array, as a tuple; one number as it is."""
    return tuple(np.asarray(given).tolist()) if np.ndim(given) else given


@dataclass(frozen=True, eq=False, repr=False)
class Samples(Brief):
    """What was drawn.

    Attributes:
        images: (n, channel, height, width), float32; pictures are near [0, 1] and not clipped.
        pictures: whether black is 0 and white is 1; else values have no fixed range.
        document: for JSON: model, n, size, channels, seed, first, sampler, steps (of each scale,
            coarse to fine), calls (of networks, for each sample), restraint, churn (with the
            largest level of each, None: any) and spread if they are used, label if one was given,
            coarse if it was a path, seconds, warnings.
    """

    images: np.ndarray
    pictures: bool
    document: dict[str, Any]

    def _repr_png_(self) -> bytes:
        return png_of_samples(self.images, pictures=self.pictures)

    def save(self, path: str | Path, *, overwrite: bool = False) -> None:
        """Write NAME.npy, the array; NAME.png, a contact sheet; or NAME/, a picture of each sample.

        Raises:
            InputError: another suffix, a file that exists already, or too many for a sheet.
            ArrayFileError: it cannot be written.
        """
        coarse = self.document.get("coarse")
        source = None if coarse is None else Path(coarse)
        shape, first = self.images.shape, self.document["first"]
        check_sheets(path, shape, first=first, overwrite=overwrite, source=source)
        bounds = bounds_of(self.images, pictures=self.pictures)
        files = files_of(path, first, len(self.images))
        write_samples(files, self.images, bounds, overwrite=overwrite)
