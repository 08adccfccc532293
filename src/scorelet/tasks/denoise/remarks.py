"""What is worth saying about the noise of a picture.

A remark is a sentence without a full stop; what stands before its first colon is its kind.
"""

import math

import numpy as np

from scorelet.analysis.colour_noise import ColourNoise, colour_noise
from scorelet.analysis.noise_level import noise_colour
from scorelet.data import JpegCoding, Picture, to_unit
from scorelet.models import Denoiser
from scorelet.tasks.denoise.settings import DenoiseSettings
from scorelet.tasks.denoise.shown.view import View
from scorelet.tasks.denoise.shown.window import central
from scorelet.tasks.value_range import bits_words, stored_bits

_SENSOR_BITS = range(10, 15)
MOST_TAKEN = 1.2
"""What is taken away, in noise levels, beyond which it is not noise alone."""
BEYOND = 2.0
"""What is taken away, in levels that camera noise was said to have, beyond which these do not
decide.
"""
FAINT = 1 / 255
"""Least of these levels that counts, in the unit shown."""
LEFT = 1.15
"""Noise of colours over the level that was found, from which too much of it stays."""
NARROW, LONG = 4, 64
"""Rows, or columns, from which most noise is found; pixels from which a few of them are a strip."""
_STAYS = "A denoiser for white noise takes such noise for texture and leaves most of it in; "
NOT_WHITE = _STAYS + "take --noise camera, or start from the camera's raw file"
MAYBE_SHOWN = _STAYS + "if it is not what is shown, take --noise camera"
"""Where `auto` has left noise of cameras out: texture and patterns are not white, either."""


def remarks(
    view: View,
    page: Picture,
    settings: DenoiseSettings,
    denoiser: Denoiser,
    strange: str | None,
    *,
    sigma: float,
    taken: float,
    bounded: bool,
) -> tuple[str, ...]:
    """Return what is to be said of a page: of its unit, its coding, its noise, of the level.

    Args:
        view: what was shown of the page.
        page: as it was read.
        settings: how it was denoised; where its noise is not "camera", the model is for white
            noise, and other noise is worth a word.
        denoiser: what did it.
        strange: that it is in a unit which the model does not know; what was taken away then says
            nothing of the noise.
        sigma: noise level that was found or given, in the unit of the page.
        taken: root mean square of what was taken away, in that unit.
        bounded: whether black and white are at 0 and 1 in what was shown.
    """
    floats, blind = page.pixels.dtype.kind == "f", denoiser.blind
    white, given = settings.noise != "camera", settings.sigma
    level = sigma if white else given or 0.0
    most = math.inf if blind and not bounded else denoiser.most * view.unit  # shown in any unit
    said = (
        strange,
        None if floats or not white else _compression(page.metadata.jpeg, sigma),
        _colour_of_noise(view, settings, floats=floats, bounded=bounded) if white else None,
        _level_given(given, sigma, floats=floats) if blind else None,
        _level_found(sigma, floats=floats) if white and not blind and given is None else None,
        _few_bits(page.pixels) if white and bounded and not strange else None,
        beyond_range(given, page.unmasked if floats else None)
        or (None if strange else beyond_learnt(level, most, floats=floats)),
        None if white or blind else _not_shared(given, sigma, FAINT * view.unit, floats=floats),
        _texture(taken, sigma, floats=floats) if white and not (blind or strange) else None,
        other_size(page.pixels.shape[:2], denoiser),
        _narrow(page),
    )
    return tuple(text for text in said if text)


def _colour_of_noise(
    view: View, settings: DenoiseSettings, *, floats: bool, bounded: bool
) -> str | None:
    """Say whether the noise is correlated between neighbours, judged in a central window."""
    place = central(view.pixels.shape)
    if view.mask is not None and not view.mask[place].all():
        return None
    colour = noise_colour(view.shown(*place)[0], bounded=bounded)
    if colour is None or not colour.correlated:
        return None
    near, far = (number(level * view.unit, floats=floats) for level in (colour.near, colour.far))
    return (
        f"the noise is not white: sigma is {near} between neighbours but {far} between pixels four "
        "apart, as after a camera's processing, resizing or compression. "
        + (MAYBE_SHOWN if settings.noise == "auto" else NOT_WHITE)
    )


def colours_left(view: View, sigma: float, *, bounded: bool) -> ColourNoise | None:
    """Return the noise of colours of a page, in its unit, if plainly less of it was found.

    Args:
        view: what was shown of the page.
        sigma: noise level that was found, in the unit of the page.
        bounded: whether black and white are at 0 and 1 in what was shown.
    """
    place = central(view.pixels.shape)
    mask = None if view.mask is None else view.mask[place]
    found = colour_noise(to_unit(view.pixels[place]), bounded=bounded, mask=mask)
    if found is None or found.sigma <= LEFT * sigma or np.median(view.reach) == 0:
        return None
    return found


def noise_of_colours(noise: ColourNoise, *, apart: bool, floats: bool) -> str:
    """Say that there is noise of colours; `apart`: the channels were denoised one by one."""
    between, total = (number(x, floats=floats) for x in (noise.differences, noise.total))
    return (
        f"the noise is one of colours: sigma is {between} in the differences of channels but "
        f"{total} in their sum{unit(floats=floats)}, which models of white noise do not know; "
        + (
            "the channels were denoised one by one"
            if apart
            else "most of it stays, denoise the channels one by one"
        )
    )


def _compression(coding: JpegCoding | None, sigma: float) -> str | None:
    """Say whether a JPEG was quantised more coarsely than its noise."""
    step = None if coding is None else coding.median_step
    if step is None or step <= sigma:
        return None
    return (
        f"the noise is not white: this JPEG was quantised in steps of {255 * step:.0f} (8-bit "
        f"units), more than the noise of {sigma * 255:.1f} that was found, which cuts noise away "
        f"or makes blocks of it. {NOT_WHITE}"
    )


def _few_bits(pixels: np.ndarray) -> str | None:
    """Say whether 16-bit samples may be those of 10 to 14 bits, whose white is far lower."""
    bits = stored_bits(pixels)
    if bits is None or bits not in _SENSOR_BITS:
        return None
    place, advice = bits_words(bits)
    return (
        f"samples use little of their range: none is {place}, and grain that neighbours share is "
        f"judged by the range; {advice}"
    )


def _level_given(given: float | None, found: float, *, floats: bool) -> str | None:
    if given is None:
        return None
    return (
        f"the given level had no effect: sigma {number(given, floats=floats)} was given, "
        f"{number(found, floats=floats)} was found{unit(floats=floats)}, and the model is blind"
    )


def _level_found(found: float, *, floats: bool) -> str:
    return (
        f"the model needs the noise level: sigma {number(found, floats=floats)} was found in the "
        f"picture{unit(floats=floats)} and taken; give another if you know it"
    )


def beyond_learnt(sigma: float, most: float, *, floats: bool = False) -> str | None:
    """Say whether noise of level `sigma` is stronger than any that the model learnt."""
    if sigma <= most:
        return None
    return (
        f"the noise is stronger than any that the model learnt: sigma is "
        f"{number(sigma, floats=floats)}, and it learnt {number(most, floats=floats)} at most"
        f"{unit(floats=floats)}; a linear filter may do as well"
    )


def beyond_range(given: float | None, floats: np.ndarray | None = None) -> str | None:
    """Say whether a level that was given is above all that samples span, and so of another unit.

    Args:
        given: the level.
        floats: samples of any unit; None: they are in [0, 1], and levels are said in 8-bit units.
    """
    if given is None or given <= 1:
        return None
    span = 1.0 if floats is None else float(floats.max()) - float(floats.min())
    if given <= span:
        return None
    sigma, most = (number(level, floats=floats is not None) for level in (given, span))
    return (
        f"the picture cannot have so much noise: sigma is {sigma}, and samples span {most}"
        f"{unit(floats=floats is not None)}; in Python a level of 25 in 8-bit units is 25/255"
    )


def _not_shared(given: float | None, taken: float, faint: float, *, floats: bool) -> str | None:
    """Say whether far more went than the level of camera noise that was given: noise is white."""
    if not given or taken <= BEYOND * max(given, faint):
        return None
    return (
        f"the given level does not decide: noise of {number(taken, floats=floats)} was taken away "
        f"where sigma is {number(given, floats=floats)}{unit(floats=floats)}, as white noise is at "
        "any level; take --noise white"
    )


def _narrow(page: Picture) -> str | None:
    """Say whether a picture is so narrow that its noise is hardly found."""
    lines, length = sorted(page.pixels.shape[:2])
    if lines >= NARROW or length < LONG or np.ptp(page.unmasked) == 0:
        return None
    return (
        f"too narrow: the picture is {lines} pixel{'s' * (lines > 1)} across, where noise cannot "
        "be told from stripes; most of it may stay, and sigma says little"
    )


def _texture(taken: float, sigma: float, *, floats: bool) -> str | None:
    """Say whether more was taken away than noise: the best denoiser never does so."""
    if not sigma or taken <= MOST_TAKEN * sigma:
        return None
    return (
        f"texture went with the noise: {number(taken, floats=floats)} was taken away, root mean "
        f"square, where noise is {number(sigma, floats=floats)}{unit(floats=floats)}; such "
        "pictures are not what the model learnt, take another one"
    )


def other_size(size: tuple[int, ...], denoiser: Denoiser) -> str | None:
    """Say whether a picture has another size than those that the model learnt."""
    learnt = denoiser.learnt
    if learnt is None or denoiser.knows(size):
        return None
    return (
        f"the model learnt pictures of another size: {learnt[0]}x{learnt[1]}, and here it is "
        f"{size[0]}x{size[1]} (height x width), of which no figures are known"
    )


def number(sigma: float, *, floats: bool) -> str:
    """Write a level, of integers in 8-bit units."""
    return f"{sigma:.3g}" if floats else f"{sigma * 255:.1f}"


def unit(*, floats: bool) -> str:
    """Name the unit of levels."""
    return " (in the unit of the picture)" if floats else " (8-bit units)"
