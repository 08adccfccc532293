"""Some pixels are missing: what a mask says, or what is NaN, masked or hidden in the picture."""

import math
from dataclasses import replace

import numpy as np

from scorelet.core.errors import InputError
from scorelet.data import Picture, to_unit
from scorelet.data.pictures.types import white
from scorelet.models.measurements import KnownPixels, Observation
from scorelet.sampling import AscentSchedule
from scorelet.tasks.restore.ways.base import SCHEDULE, Prepared, Task, Words
from scorelet.tasks.restore.ways.guess import smooth_guess
from scorelet.tasks.restore.ways.known import (
    Known,
    as_tensor,
    by_sample,
    valid_and_seen,
    valid_samples,
    whole,
)
from scorelet.tasks.restore.ways.masks import doubt, known_by, turned_round, whiteness

FILLING = AscentSchedule(start=0.15, end=0.01, first=0.6, beta=0.074)
"""As many calls as of `SCHEDULE`: what is filled smoothly is nearer than other guesses, and noise
of `SCHEDULE` would hide what it says. Not where known pixels have more than half of its first
noise: the surface through them is too rough."""
_OVER, _LEAST_START = 2.0, 0.02
"""The first noise level over the error of the guess, and the least one."""


def filling(sigma: float = 0.0, error: float | None = None) -> AscentSchedule:
    """Return the noise levels.

    Args:
        sigma: level of the noise in what is measured.
        error: of a first guess that is nearer than others. The levels are those of `FILLING`, but
            all of them lower by one factor, so that the number of calls is the same.
    """
    if 2 * sigma > FILLING.start:
        return SCHEDULE
    if error is None:
        return FILLING
    start = min(max(_OVER * error, _LEAST_START), FILLING.start)
    return replace(FILLING, start=start, end=FILLING.end * start / FILLING.start)


def prepare(picture: Picture, words: Words) -> Prepared:
    """Begin with a smooth surface, which has a share in the result where its error is known."""
    mask = None if words.mask is None else whiteness(words.mask)
    known, sigma = _known(picture, mask), words.sigma or 0.0
    measured = known.measured if known.measured.ndim == 2 else known.measured.transpose(2, 0, 1)
    pixels = KnownPixels(measured, noise=sigma)
    observation = Observation(pixels, pixels.coefficients(whole(picture, known.measured)))
    guess = smooth_guess(to_unit(picture.pixels), known.measured)
    shared = not sigma or 2 * sigma <= guess.error < math.inf
    said = () if mask is None else (doubt(mask), turned_round(picture, known))
    said = (*said, _infinite(picture, mask))
    return Prepared(
        picture,
        known,
        observation,
        as_tensor(guess.pixels),
        sigma,
        None if picture.alpha is None else _opacity(picture.alpha, known.missing),
        schedule=filling(sigma, guess.error if shared else None),
        share=as_tensor(guess.share) if shared else None,
        exact=not sigma,
        remarks=tuple(text for text in said if text),
    )


def _known(picture: Picture, mask: np.ndarray | None) -> Known:
    """Return which pixels are known, by the whiteness of a mask, or else by the picture itself."""
    valid, seen = valid_and_seen(picture, fills_hidden=mask is None)
    valid = valid_samples(picture, valid)
    told = seen if mask is None else known_by(mask, picture.pixels.shape)
    if valid.ndim != told.ndim:
        valid, told = by_sample(valid), by_sample(told)
    valid = valid & told
    if valid.all():
        raise InputError(
            "All pixels are known: give a mask, white where they are, black elsewhere."
        )
    measured = valid & (seen if valid.ndim == 2 else by_sample(seen))
    if not measured.any((0, 1)).all():
        where = "" if valid.ndim == 2 else " in one of its channels"
        raise InputError(f"The mask has no known pixel{where}: there is nothing to start from.")
    return Known(measured, ~valid)


def _infinite(picture: Picture, mask: np.ndarray | None) -> str | None:
    """Say how many samples are infinite that a mask, if there is one, does not call missing."""
    if picture.pixels.dtype.kind != "f":
        return None
    found = np.isinf(picture.pixels)
    if mask is not None:
        found &= by_sample(known_by(mask, found.shape))
    if not found.any():
        return None
    return f"{int(found.sum())} samples are infinite, and were filled as missing ones"


def _opacity(alpha: np.ndarray, missing: np.ndarray) -> np.ndarray:
    """Return an opacity in which what was filled is opaque."""
    return np.where(by_sample(missing).any(2), alpha.dtype.type(white(alpha.dtype)), alpha)


TASK = Task("inpaint", ("mask",), prepare, noisy=lambda _words: True)
