"""Pixels are means of blocks of factor x factor pixels of the picture that is sought."""

import numpy as np
import torch
import torch.nn.functional as F

from scorelet.core.errors import InputError
from scorelet.data import Picture, from_unit, to_unit
from scorelet.models.measurements import BlockMeans, Observation
from scorelet.tasks.restore.ways.base import Prepared, Task, Words
from scorelet.tasks.restore.ways.known import known_whole, whole

_LARGEST_FACTOR = 16


def check(words: Words) -> None:
    """Refuse other factors than 2 to 16."""
    if words.factor is not None and not (2 <= words.factor <= _LARGEST_FACTOR):
        raise InputError(f"factor is {words.factor}: it must be 2 to {_LARGEST_FACTOR}.")


def enlarges(words: Words) -> int:
    """Return how often larger each side becomes."""
    return 2 if words.factor is None else words.factor


def prepare(picture: Picture, words: Words) -> Prepared:
    """Begin with bicubic interpolation."""
    known, factor, sigma = known_whole(picture), enlarges(words), words.sigma or 0.0
    x = whole(picture, known.measured)
    size = x.shape[-2] * factor, x.shape[-1] * factor
    return Prepared(
        picture,
        known,
        Observation(BlockMeans(size, factor, noise=sigma), x),
        F.interpolate(x, size, mode="bicubic", antialias=False),
        sigma,
        None if picture.alpha is None else _enlarged(picture.alpha, factor),
        enlarges=factor,
    )


def _enlarged(alpha: np.ndarray, factor: int) -> np.ndarray:
    """Return an opacity interpolated between the middles of its pixels: edges have no stairs.

    Linearly: what is opaque or transparent all around stays so.
    """
    plane = torch.from_numpy(to_unit(alpha))[None, None]
    found = F.interpolate(plane, scale_factor=factor, mode="bilinear", align_corners=False)
    return from_unit(found[0, 0].numpy(), alpha.dtype)


TASK = Task("superres", ("factor",), prepare, check, enlarges)
