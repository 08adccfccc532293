"""How to denoise, and what comes out."""

import math
from dataclasses import KW_ONLY, dataclass, replace
from pathlib import Path
from typing import Any, Literal

from scorelet.core.errors import InputError
from scorelet.core.options import check_fields
from scorelet.data import Picture, write_pages
from scorelet.models import Denoiser, LevelMapDenoiser
from scorelet.models.own_mean import mean_of_own_answers
from scorelet.tasks.ready_denoiser import ReadyDenoiser, ready_denoiser
from scorelet.tasks.shown import ShownPicture
from scorelet.tasks.tiling import TileSide

NOISES = ("auto", "white", "camera", "poisson")
"""What noise a picture may be said to have."""
MODEL = "photo"
"""The built-in model of white noise."""
CAMERA = "camera"
"""The built-in blind model of pictures of cameras."""
GRAIN = "grain"
"""The built-in model of noise that neighbours share: it is told how strong that is."""


@dataclass(frozen=True)
class DenoiseSettings:
    """How to denoise.

    Args:
        model: built-in name, path or Hub id; or a denoiser.
        sigma: noise standard deviation, for integers in the unit of [0, 1] images, for floats in
            their own. None leaves it to the model, or, for a model that needs it, to
            `scorelet.analysis.local_noise`. A blind model compares it with its own estimate. For
            camera noise it is the level of white noise that drowns the grain, about four times the
            deviation of a pixel; None: see `scorelet.tasks.denoise.noise.grain_level`.
        strength: share of the found noise that is taken out, 0 to 1.
        label: class of the picture, its number or name, for models that know classes.
        tile: side of a tile in pixels, "auto", or None for the whole picture at once.
        device: auto, cpu, cuda or mps.
        dtype: of the convolutions: auto, float32, bfloat16 or float16.
        nodata: the value of pixels that are no data. They come back as they were and touch nobody.
            "auto" finds values that a picture of floats does not declare, see
            `scorelet.tasks.denoise.shown.nodata`; None: all that is finite and not masked is data.
        cond: what a conditional denoiser is told: a picture of the same height and width, or for
            several pictures a folder that has one for each, under the same name; None: nothing.
        noise: "white", "camera" (noise that neighbours share, as in pictures of cameras), "poisson"
            (counts of photons, and other noise whose variance is a line in the brightness), or
            "auto", by what is measured; with a model that is given, by what that is for.
        noise_law: a, b of the variance a x + b for "poisson", in the unit of the samples as they
            are stored, (1, 0) for counts of photons; None: it is measured.
        self_ensemble: take the mean of eight answers, to the picture in all orientations; where
            the model is a cascade, of four, to the picture moved by a pixel: a little better, and
            so many times as long.
    """

    model: str | Path | Denoiser = MODEL
    _: KW_ONLY
    sigma: float | None = None
    strength: float = 1.0
    label: int | str | None = None
    tile: TileSide = "auto"
    device: str = "auto"
    dtype: str = "auto"
    nodata: float | Literal["auto"] | None = "auto"
    cond: str | Path | None = None
    noise: str = "auto"
    noise_law: tuple[float, float] | None = None
    self_ensemble: bool = False

    def __post_init__(self) -> None:
        """Check types, and ranges."""
        check_fields(self)
        if not 0 <= self.strength <= 1:
            raise InputError(f"strength is {self.strength}: it must lie between 0 and 1.")
        if self.sigma is not None and not 0 <= self.sigma < float("inf"):
            raise InputError(f"sigma is {self.sigma}: it must be a number of at least 0.")
        if isinstance(self.tile, str) and self.tile != "auto":
            raise InputError(f"tile is {self.tile!r}: it must be auto, None or a side in pixels.")
        if isinstance(self.tile, int) and self.tile < 1:
            raise InputError(f"tile is {self.tile}: a side must be at least 1 pixel.")
        if isinstance(self.nodata, str) and self.nodata != "auto":
            raise InputError(f"nodata is {self.nodata!r}: it must be auto, None or a number.")
        if isinstance(self.nodata, float) and not math.isfinite(self.nodata):
            raise InputError(
                f"nodata is {self.nodata}: NaN and infinity are no data anyway; give the number "
                "that stands for it, auto or none."
            )
        self._check_noise()

    def _check_noise(self) -> None:
        if self.noise not in NOISES:
            raise InputError(f"noise is {self.noise!r}: it must be one of {', '.join(NOISES)}.")
        if self.noise == "camera" and self.model not in (MODEL, CAMERA) and not self.drowns:
            raise InputError(
                "noise camera has models of its own: leave the model out, or give one that was "
                "trained as `grain` was."
            )
        if self.noise == "poisson" and self.sigma is not None:
            raise InputError(
                "The level of photon noise follows from its law: give noise-law instead of sigma."
            )
        if self.noise_law is None:
            return
        if self.noise != "poisson":
            raise InputError("noise-law is that of photon noise: say --noise poisson, too.")
        a, b = self.noise_law
        if not (0 < a < math.inf and math.isfinite(b)):
            raise InputError(
                f"noise-law is {a:g},{b:g}: the variance a x + b needs an a above 0, and b must be "
                "finite."
            )

    def ready(self) -> ReadyDenoiser:
        """Return the model, see `ready_denoiser`."""
        return self._ready(self.model)

    @property
    def may_be_camera(self) -> bool:
        """Whether a picture may get the model of pictures of cameras."""
        if self.noise == "auto":
            return self.model in (MODEL, CAMERA) or self.drowns
        return self.noise == "camera"

    @property
    def drowns(self) -> bool:
        """Whether the model given is told which white noise drowns that of a picture: `grain`, or
        one that was trained as it was.
        """
        if isinstance(self.model, Denoiser):
            return isinstance(self.model, LevelMapDenoiser)
        if self.model in (MODEL, CAMERA, GRAIN):
            return self.model == GRAIN
        return isinstance(self._loaded(self.model).denoiser, LevelMapDenoiser)

    def camera(self) -> ReadyDenoiser:
        """Return the blind model of pictures of cameras, see `ready_denoiser`."""
        return self._ready(CAMERA)

    def grain(self) -> ReadyDenoiser:
        """Return the model of noise that neighbours share, which is told how strong it is."""
        return self._ready(self.model if self.drowns else GRAIN)

    def _ready(self, model: str | Path | Denoiser) -> ReadyDenoiser:
        found = self._loaded(model)
        if not self.self_ensemble:
            return found
        return replace(found, denoiser=mean_of_own_answers(found.denoiser))

    def _loaded(self, model: str | Path | Denoiser) -> ReadyDenoiser:
        return ready_denoiser(model, device=self.device, dtype=self.dtype, verb="denoise")


@dataclass(frozen=True, eq=False, repr=False)
class Denoised(ShownPicture):
    """One denoised picture.

    Attributes:
        image: what was given, without its noise: an array of the same shape and dtype (integers
            of few photons become float32), a tensor, a Pillow picture; for a file an array
            (height, width) or (height, width, 3). Transparency comes back as it was.
        sigma: noise standard deviation that was found, or that was given to a model that needs it;
            for integers in the unit of [0, 1] images, for floats in their own.
        warnings: sentences without a full stop, as about noise that is not white.
        picture: the picture as it will be written.
        noise: "white", "camera" or "poisson": how it was denoised; "sensor" for camera raw files.
        reason: why, a few words.
        told: for camera noise the level of white noise that drowns it, in the unit of `sigma`;
            None: other noise, or `camera` alone did it.
        file: that was read by `denoise`; None: what was given was in memory.
        found: what was found in a camera raw file and done, without a full stop; None: no raw file.
    """

    image: Any
    sigma: float
    warnings: tuple[str, ...]
    picture: Picture
    noise: str = "white"
    reason: str = "as asked for"
    found: str | None = None
    told: float | None = None
    file: Path | None = None

    def save(self, path: str | Path) -> None:
        """Write the picture; the suffix chooses the kind, depth and profile are the source's."""
        write_pages(path, [self.picture])


@dataclass(frozen=True)
class Target:
    """How results are written.

    Args:
        form: png, tiff, jpeg, webp, bmp, pnm, or dng of raw files, for names that are not given;
            None: the source's.
        quality: of JPEG and lossy WebP, 1 to 100; None: see `write_pages`.
    """

    form: str | None = None
    quality: int | None = None

    def __post_init__(self) -> None:
        """Check types."""
        check_fields(self)


SETTINGS, TARGET = DenoiseSettings(), Target()
"""Defaults."""
