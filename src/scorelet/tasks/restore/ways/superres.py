"""Pixels are those of a picture that was made small: means of blocks, by a kernel, or some."""

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from scorelet.core.errors import InputError
from scorelet.data import Picture, from_unit, to_unit
from scorelet.models.measurements import BlockMeans, CutBlur, Measurement, Observation
from scorelet.models.measurements.kernels import checked_kernel
from scorelet.models.measurements.shrinks import SHRINKS, shrink_kernel
from scorelet.tasks.restore.ways.base import Prepared, Task, Words
from scorelet.tasks.restore.ways.ends import ends
from scorelet.tasks.restore.ways.every import between
from scorelet.tasks.restore.ways.kernels import given_kernel
from scorelet.tasks.restore.ways.known import known_whole, whole

SHRUNK = ("mean", *SHRINKS, "every")
"""How the small picture was made: see `models.measurements.shrinks`, and `ways.every`."""

_LARGEST_FACTOR = 16
_ROUNDING, _FINER = 12**-0.5 / 255, 0.02 / 255
"""Noise of a small picture that a kernel made, at least: of rounding to 8 bits; and of 16 bits and
floats what keeps noise small where a kernel leaves next to nothing. Neither counts where it leaves
much: that is kept to the rounding of the result."""


def check(words: Words) -> None:
    """Refuse other factors than 2 to 16, and anything but one way to make a picture small."""
    if words.factor is not None and not (2 <= words.factor <= _LARGEST_FACTOR):
        raise InputError(f"factor is {words.factor}: it must be 2 to {_LARGEST_FACTOR}.")
    if words.shrunk not in (None, *SHRUNK):
        raise InputError(f"shrunk is {words.shrunk!r}: it must be {', '.join(SHRUNK)}.")
    if words.shrunk is not None and words.kernel is not None:
        raise InputError("How the picture was made small is said twice: give shrunk or kernel.")


def enlarges(words: Words) -> int:
    """Return how often larger each side becomes."""
    return 2 if words.factor is None else words.factor


def prepare(picture: Picture, words: Words) -> Prepared:
    """Begin with an interpolation; what a kernel reaches of the outside is sought, too."""
    known, factor = known_whole(picture), enlarges(words)
    x = whole(picture, known.measured)
    alpha = None if picture.alpha is None else _enlarged(picture.alpha, factor)
    if words.shrunk == "every":
        sigma = words.sigma or 0.0
        seen, guess, schedule, share = between(x, factor, sigma)
        return Prepared(
            picture, known, seen, guess, sigma, alpha, factor, schedule=schedule, share=share
        )
    least = _ROUNDING if picture.pixels.dtype == np.uint8 else _FINER
    how, said = _measuring(x, factor, words, least=least)
    rows, columns = (
        (large // factor - n) // 2 for large, n in zip(how.size, x.shape[2:], strict=True)
    )
    framed = F.pad(x, (columns, columns, rows, rows), mode="replicate")
    return Prepared(
        picture,
        known,
        Observation(how, x),
        F.interpolate(framed, how.size, mode="bicubic", antialias=False),
        how.noise,
        alpha,
        factor,
        remarks=said,
    )


def _measuring(
    x: Tensor, factor: int, words: Words, *, least: float
) -> tuple[Measurement, tuple[str, ...]]:
    """Return what made the small picture, and what is to be said of its kernel."""
    size, sigma = (x.shape[-2], x.shape[-1]), words.sigma or 0.0
    large = factor * size[0], factor * size[1]
    if words.kernel is not None:
        kernel, said = given_kernel(words.kernel)
        kernel = checked_kernel(kernel, large)
    elif words.shrunk in (None, "mean"):
        return BlockMeans(large, factor, noise=sigma), ()
    else:
        kernel, said = shrink_kernel(words.shrunk, factor), ()
    return CutBlur(size, kernel, factor, noise=max(sigma, least), limits=ends(x)), said


def _averaged(words: Words) -> bool:
    """Whether small pixels are means; aliases of fine texture would look like noise."""
    return words.shrunk != "every" and words.kernel is None


def _enlarged(alpha: np.ndarray, factor: int) -> np.ndarray:
    """Return an opacity interpolated between the middles of its pixels: edges have no stairs.

    Linearly: what is opaque or transparent all around stays so.
    """
    plane = torch.from_numpy(to_unit(alpha))[None, None]
    found = F.interpolate(plane, scale_factor=factor, mode="bilinear", align_corners=False)
    return from_unit(found[0, 0].numpy(), alpha.dtype)


TASK = Task(
    "superres",
    ("factor", "shrunk", "kernel"),
    prepare,
    check,
    enlarges,
    noisy=_averaged,
)
