"""Which noise a page has, and so which way it is denoised: white, camera or poisson.

The pages of a stack have one camera, and so one noise: it is judged on all of them together.

- `white`: the model, as it is. Also where no noise is found, so that clean pictures stay clean.
- `camera`: the models of pictures of cameras (`grain`, and `camera`, which tells how strong it is),
  for noise that neighbours share, and for JPEGs, unless white noise was added to them: they mend
  what these lost.
- `poisson`: the model between a transform and its inverse (`photons`), for counts of photons, and
  for integers of a sensor, whose noise plainly grows with brightness.
"""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

import numpy as np

from scorelet.analysis.grain import FEWEST_SHARED, Grain, grain
from scorelet.analysis.photon_counts import (
    PhotonLaw,
    is_coarse,
    photon_counts,
    photon_law,
)
from scorelet.analysis.sensor_law import sensor_law
from scorelet.core.errors import InputError
from scorelet.data import Picture, to_unit
from scorelet.tasks.denoise.noise.photons import Photons, dimmest, photons_of
from scorelet.tasks.denoise.noise.quiet import Glance
from scorelet.tasks.denoise.settings import CAMERA, MODEL, DenoiseSettings
from scorelet.tasks.denoise.shown.pedestal import on_pedestal
from scorelet.tasks.denoise.shown.window import WINDOW, central

PAGES = 16
"""Of a stack, by which its noise is judged."""
FLAT = 1e-3
"""Growth of the variance over a picture, as a share of it, below which noise is white."""
LEAST = 1e-6
"""Noise over the span of samples, below which it is rounding."""
BLOCK = 16
"""Side of the largest blocks by which noise is judged: windows of several pages are whole ones."""


@dataclass(frozen=True)
class Choice:
    """How a page is denoised.

    Attributes:
        noise: "white", "camera" or "poisson".
        reason: why, a few words.
        photons: for "poisson".
        plain: for "white": whether noise is white for sure.
        sure: for "camera": whether there is grain for sure, and not a JPEG only.
        jpeg: for "camera": whether it is a JPEG, of which it mends what that lost.
        noisy: for a JPEG: whether there is white noise in it, which may be below its steps.
        level: for "camera": that of the grain, in the unit of the page, see `grain_level`; None: it
            is not known yet; infinite: the blind model takes it out at no level.
        glance: at the page, where two models were asked.
    """

    noise: str
    reason: str
    photons: Photons | None = None
    plain: bool = False
    sure: bool = True
    jpeg: bool = False
    noisy: bool = False
    level: float | None = None
    glance: Glance | None = None


@dataclass(frozen=True)
class _Seen:
    """What a choice is made by.

    Attributes:
        pixels: (height, width, channels), samples as they are stored: of a page its central window.
        mask: (height, width), true where they are data; None: everywhere.
        data: the samples that photons are counted on.
        bounded: whether samples are cut off at 0 and 1: integers that stand on no pedestal.
        step: of a JPEG, in the unit of [0, 1] images.
    """

    pixels: np.ndarray
    mask: np.ndarray | None
    data: np.ndarray
    bounded: bool
    step: float | None = None

    @property
    def unmasked(self) -> np.ndarray:
        """The samples of `pixels` that are data."""
        return self.pixels if self.mask is None else self.pixels[self.mask]


def choose(page: Picture, settings: DenoiseSettings) -> Choice:
    """Choose how a page is denoised, by what is asked for or by what is measured.

    Raises:
        InputError: the law of photon noise is asked for and cannot be measured.
    """
    choice = asked(settings)
    if choice is None:
        return _measured(_seen(page), settings)
    if choice.noise == "camera" and page.metadata.jpeg is not None:
        return replace(choice, noisy=_has_white(_grain(_seen(page))))
    return choice


def choose_for_stack(
    pages: Iterable[Picture], count: int, settings: DenoiseSettings
) -> Choice | None:
    """Choose how all pages of a stack are denoised, by windows of several of them together.

    Args:
        pages: that are looked at, one at a time; of each its window is kept.
        count: how many they are, at most: windows are the smaller.
        settings: how to denoise.

    Returns:
        None for pages that are no stack: none, of several sizes or dtypes, or with a side below 16.

    Raises:
        InputError: as `choose`.
    """
    kinds, windows, bounded = set(), [], False
    for page in pages:
        kinds.add((page.pixels.shape, page.pixels.dtype))
        if len(kinds) != 1 or min(page.pixels.shape[:2]) < BLOCK:
            return None
        bounded = bounded or _is_bounded(page)
        windows.append(_whole_blocks(page, max(BLOCK, int(WINDOW / math.sqrt(count)))))
    if not windows:
        return None
    choice = _measured(_joined(windows, bounded=bounded), settings)
    photons = choice.photons and dimmest(choice.photons, [page.unmasked for page in windows])
    return replace(choice, reason=f"of all pages: {choice.reason}", photons=photons)


def asked(settings: DenoiseSettings) -> Choice | None:
    """Return the choice that needs no look at a picture, or None."""
    if settings.noise == "poisson":
        return None
    if settings.noise != "auto":
        return Choice(settings.noise, "as asked for")
    if settings.model == MODEL:
        return None
    camera = settings.model == CAMERA or settings.drowns
    return Choice("camera" if camera else "white", "what the model given is for")


def _measured(seen: _Seen, settings: DenoiseSettings) -> Choice:
    if settings.noise == "poisson":
        return _poisson(seen, settings)
    law = photon_counts(seen.pixels, seen.mask) if seen.step is None else None  # of no JPEG
    if law is not None:
        reason = f"counts of photons, the variance is {law.a:.3g} times the mean"
        return Choice("poisson", reason, photons_of(seen.data, law))
    whole = seen.pixels.dtype.kind == "u" and seen.step is None
    law = sensor_law(seen.pixels, seen.mask) if whole else None
    if law is not None:
        photons = photons_of(seen.data, law)
        reason = f"its noise grows with brightness, the variance is {_line(photons.law)}"
        return Choice("poisson", reason, photons)
    return _by_grain(_grain(seen), seen.step)


def _is_bounded(page: Picture) -> bool:
    return page.pixels.dtype.kind == "u" and not on_pedestal(page.pixels, page.mask)


def _grain(seen: _Seen) -> Grain | None:
    return grain(to_unit(seen.pixels), bounded=seen.bounded, mask=seen.mask)


def _has_white(found: Grain | None) -> bool:
    return found is not None and found.has_white


def _by_grain(found: Grain | None, step: float | None) -> Choice:
    """Choose by the noise that is found, and the step of a JPEG in the unit of [0, 1] images."""
    if found is not None and found.is_shared:
        return Choice("camera", "there is grain, which neighbours share", jpeg=step is not None)
    level = None if found is None else found.white_level
    if step is not None and (level is None or step > level):
        reason = "a JPEG, without white noise above its steps"
        return Choice("camera", reason, sure=False, jpeg=True, noisy=_has_white(found))
    if level is not None:
        plain = found is not None and found.is_plain
        return Choice("white", "neighbours do not share it", plain=plain)
    if found is None or found.blocks < FEWEST_SHARED:
        return Choice("white", f"less than {FEWEST_SHARED} blocks of 16x16 pixels tell of noise")
    return Choice("white", "no sure sign of grain that neighbours share")


def _poisson(seen: _Seen, settings: DenoiseSettings) -> Choice:
    samples = seen.unmasked
    if np.ptp(samples) == 0:
        return Choice("white", "it is of one colour")
    if settings.noise_law is not None:
        a, b = settings.noise_law
        _check_law(a, b, samples)
        law = PhotonLaw(a, b, counts=is_coarse(seen.pixels, seen.mask, a))
        reason = f"as asked for, the variance is {_line(law)}"
        return Choice("poisson", reason, photons_of(seen.data, law))
    law = photon_law(seen.pixels, seen.mask)
    if law is None:
        raise InputError(
            "The law of the photon noise cannot be measured, because the picture is too small or "
            "its noise does not grow with brightness: give --noise-law A,B (1,0 for counts of "
            "photons), or take --noise white."
        )
    reason = f"as asked for, the variance was found to be {_line(law)}"
    return Choice("poisson", reason, photons_of(seen.data, law))


def _check_law(a: float, b: float, data: np.ndarray) -> None:
    """Refuse a law of noise that does not grow, is none on average, or more than samples span."""
    mean = float(data.mean(dtype=np.float64))
    variance = a * mean + b
    span = float(data.max()) - float(data.min())
    if a * span < FLAT * variance:
        raise InputError(
            f"noise-law is {a:g},{b:g}: over samples that span {span:g} this noise does not grow "
            "with brightness: take --noise white."
        )
    if not (LEAST * span) ** 2 < variance <= span**2:
        raise InputError(
            f"noise-law is {a:g},{b:g}: at the mean of the picture, {mean:g}, "
            f"this is a variance of {variance:g}, which cannot be that of samples that span "
            f"{span:g}; 1,0 is the law of counts of photons, 1,-P of counts above a pedestal P."
        )


def _line(law: PhotonLaw) -> str:
    return f"{law.a:.3g} x {'-' if law.b < 0 else '+'} {abs(law.b):.3g}"


def _seen(page: Picture) -> _Seen:
    """Look at the central window of a page; where nothing of it is data, at the whole page."""
    jpeg = page.metadata.jpeg
    step = None if jpeg is None else jpeg.median_step
    place, bounded = central(page.pixels.shape), _is_bounded(page)
    mask = None if page.mask is None else page.mask[place]
    if mask is not None and not mask.any():
        return _Seen(page.pixels, page.mask, page.unmasked, bounded, step)
    return _Seen(page.pixels[place], mask, page.unmasked, bounded, step)


def _whole_blocks(page: Picture, side: int) -> Picture:
    """Return a copy of the central window of a page, of whole blocks."""
    place = tuple(
        slice(k.start, k.stop - (k.stop - k.start) % BLOCK)
        for k in central(page.pixels.shape, side)
    )
    mask = None if page.mask is None else page.mask[place].copy()
    return Picture(page.pixels[place].copy(), mask=mask)


def _joined(windows: Sequence[Picture], *, bounded: bool) -> _Seen:
    """Look at windows one below the other."""
    pixels = np.concatenate([window.pixels for window in windows])
    if all(window.mask is None for window in windows):
        return _Seen(pixels, None, pixels, bounded)
    shape = windows[0].pixels.shape[:2]
    mask = np.concatenate([np.ones(shape, bool) if w.mask is None else w.mask for w in windows])
    return _Seen(pixels, mask, pixels[mask], bounded)
