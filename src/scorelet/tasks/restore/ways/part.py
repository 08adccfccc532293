"""What tasks share that use a part of a whole picture, and forget the rest."""

from collections.abc import Callable

import torch

from scorelet.core.errors import InputError
from scorelet.data import Picture
from scorelet.models.measurements import Measurement, Observation
from scorelet.tasks.restore.ways.base import Prepared, Words
from scorelet.tasks.restore.ways.known import known_whole, whole


def check_part(name: str, words: Words) -> None:
    """Refuse a word that is no share of a picture."""
    value = getattr(words, name)
    if value is None or not 0 < value <= 1:
        got = "" if value is None else f"; it is {value}"
        raise InputError(
            f"{words.task} needs {name} (--{name}), how much of the picture is used, above 0 and "
            f"up to 1{got}."
        )


def prepare_part(
    picture: Picture, words: Words, measuring: Callable[[tuple[int, int], float], Measurement]
) -> Prepared:
    """Begin with what is measured of the picture, by size and noise, the rest of it gray."""
    known, sigma = known_whole(picture), words.sigma or 0.0
    x = whole(picture, known.measured)
    measurement = measuring((x.shape[-2], x.shape[-1]), sigma)
    measured, gray = measurement.coefficients(x), torch.full_like(x, 0.5)
    guess = gray + measurement.image(measured - measurement.coefficients(gray))
    return Prepared(picture, known, Observation(measurement, measured), guess, sigma, picture.alpha)
