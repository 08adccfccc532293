"""Which noise a page has, and so which way it is denoised: white, camera or poisson.

- `white`: the model, as it is. Also where no noise is found, so that clean pictures stay clean.
- `camera`: the model of pictures of cameras (`camera`), for noise that neighbours share, and for
  JPEGs, unless white noise was added to them: it mends what they lost.
- `poisson`: the model between a transform and its inverse (`photons`), for counts of photons.
"""

from dataclasses import dataclass

import numpy as np

from scorelet.analysis.grain import Grain, grain
from scorelet.analysis.photon_counts import PhotonLaw, is_coarse, photon_counts, photon_law
from scorelet.core.errors import InputError
from scorelet.data import Picture, to_unit
from scorelet.tasks.denoise.settings import CAMERA, MODEL, DenoiseSettings
from scorelet.tasks.denoise.window import central


@dataclass(frozen=True)
class Choice:
    """How a page is denoised.

    Attributes:
        noise: "white", "camera" or "poisson".
        reason: why, a few words.
        law: of the noise, for "poisson".
    """

    noise: str
    reason: str
    law: PhotonLaw | None = None


def choose(page: Picture, settings: DenoiseSettings) -> Choice:
    """Choose how a page is denoised, by what is asked for or by what is measured.

    Raises:
        InputError: the law of photon noise is asked for and cannot be measured.
    """
    if settings.noise == "poisson":
        return _poisson(page, settings)
    if settings.model == CAMERA:
        return Choice("camera", "what the model given is for")
    if settings.noise != "auto":
        return Choice(settings.noise, "as asked for")
    if settings.model != MODEL:
        return Choice("white", "what the model given is for")
    pixels, mask = _window(page)
    law = photon_counts(pixels, mask)
    if law is not None:
        return Choice(
            "poisson", f"counts of photons, the variance is {law.a:.3g} times the mean", law
        )
    bounded = page.pixels.dtype.kind == "u"
    found = grain(to_unit(pixels), bounded=bounded, mask=mask)
    jpeg = page.metadata.jpeg
    return _by_grain(found, None if jpeg is None else jpeg.median_step)


def _by_grain(found: Grain | None, step: float | None) -> Choice:
    """Choose by the noise that is found, and the step of a JPEG in the unit of [0, 1] images."""
    if found is not None and found.is_shared:
        return Choice("camera", "there is grain, which neighbours share")
    level = None if found is None else found.white_level
    if step is not None and (level is None or step > level):
        return Choice("camera", "a JPEG, without white noise above its steps")
    if found is None:
        return Choice("white", "the picture is too small to tell more")
    if level is None:
        return Choice("white", "no grain that neighbours share")
    return Choice("white", "neighbours do not share it")


def _poisson(page: Picture, settings: DenoiseSettings) -> Choice:
    pixels, mask = _window(page)
    if np.ptp(pixels if mask is None else pixels[mask]) == 0:
        return Choice("white", "it is of one colour")
    if settings.noise_law is not None:
        a, b = settings.noise_law
        _check_law(a, b, pixels if mask is None else pixels[mask])
        law = PhotonLaw(a, b, counts=is_coarse(pixels, mask, a))
        return Choice("poisson", f"as asked for, the variance is {_line(law)}", law)
    law = photon_law(pixels, mask)
    if law is None:
        raise InputError(
            "The law of the photon noise cannot be measured, because the picture is too small or "
            "its noise does not grow with brightness: give --noise-law A,B (1,0 for counts of "
            "photons), or take --noise white."
        )
    return Choice("poisson", f"as asked for, the variance was found to be {_line(law)}", law)


def _check_law(a: float, b: float, data: np.ndarray) -> None:
    """Refuse a law by which half of the samples have no noise, or noise beyond what they span."""
    variance = a * float(np.median(data)) + b
    span = float(data.max()) - float(data.min())
    if not 0 < variance <= span**2:
        raise InputError(
            f"noise-law is {a:g},{b:g}: at the median of the picture, {float(np.median(data)):g}, "
            f"this is a variance of {variance:g}, which cannot be that of samples that span "
            f"{span:g}; 1,0 is the law of counts of photons, 1,-P of counts above a pedestal P."
        )


def _line(law: PhotonLaw) -> str:
    return f"{law.a:.3g} x {'-' if law.b < 0 else '+'} {abs(law.b):.3g}"


def _window(page: Picture) -> tuple[np.ndarray, np.ndarray | None]:
    """Return the samples of the central window as they are stored, and where they are data.

    Where nothing of it is data, it is the whole page.
    """
    place = central(page.pixels.shape)
    if page.mask is None:
        return page.pixels[place], None
    mask = page.mask[place]
    return (page.pixels[place], mask) if mask.any() else (page.pixels, page.mask)
