"""Copies among pictures: near duplicates that must not lie in both halves of a set.

Two pictures are copies if the correlation of their thumbnails, means of about 20 x 20 blocks, is
above 0.95 in absolute value. Pictures without contrast are copies of each other.

References: Kadkhodaie, Guth, Simoncelli, Mallat 2024, arXiv 2310.02557, figure 6 (and its code).
"""

from dataclasses import dataclass

import torch
import torch.nn.functional as F
from jaxtyping import Float, Int
from torch import Tensor

from scorelet.analysis.memorization.similarity import directions
from scorelet.core.errors import InputError
from scorelet.core.typing import Image

THRESHOLD, SIDE = 0.95, 20
_BLOCK = 2048

Thumbnails = Float[Tensor, "n d"]


@dataclass(frozen=True)
class Copies:
    """Which pictures repeat others.

    Attributes:
        repeated: numbers of the pictures that are left out, ascending.
        original: of each the first picture that it is a copy of.
        kept: numbers of all others, ascending.
    """

    repeated: Int[Tensor, " k"]
    original: Int[Tensor, " k"]
    kept: Int[Tensor, " rest"]


def thumbnails(pictures: Image, *, side: int = SIDE) -> Thumbnails:
    """Return the directions by which copies are found; rows of norm 1.

    Sides are averaged down to `side` where they are larger. A further number is 1 where there is
    no contrast, else 0, so that such pictures are alike.

    Args:
        pictures: (n, channel, height, width), values in [0, 1]; a set that memory cannot hold is
            given in pieces, whose thumbnails are concatenated.
        side: in pixels.
    """
    height, width = (min(side, n) for n in pictures.shape[-2:])
    rows = directions(F.adaptive_avg_pool2d(pictures.float(), (height, width)))
    flat = (rows.norm(dim=1, keepdim=True) < 0.5).float()
    return torch.cat([rows, flat], 1)


def find_copies(rows: Thumbnails, *, threshold: float = THRESHOLD, block: int = _BLOCK) -> Copies:
    """Find pictures that are copies of an earlier one.

    Of every pair of copies the later one is left out, so that no pair stays. At most block² numbers
    are in memory beside the thumbnails.

    Args:
        rows: of `thumbnails`.
        threshold: of the absolute correlation, in (0, 1].
        block: any positive number; the answer does not depend on it.

    Raises:
        InputError: a threshold out of range.
    """
    _check(threshold)
    count = len(rows)
    original = torch.full((count,), -1)
    for start in range(0, count, block):
        mine = rows[start : start + block]
        for before in range(0, start + 1, block):
            alike = (mine @ rows[before : before + block].mT).abs() > threshold
            if before == start:
                alike = alike.tril(-1)
            found, first = alike.any(1), alike.int().argmax(1)  # the first of equal ones
            here = original[start : start + block]
            new = found.cpu() & (here < 0)
            here[new] = first.cpu()[new] + before
    repeated = (original >= 0).nonzero()[:, 0]
    return Copies(repeated, original[repeated], (original < 0).nonzero()[:, 0])


def shared(
    rows: Thumbnails,
    others: Float[Tensor, "m e"],
    *,
    threshold: float = THRESHOLD,
    block: int = _BLOCK,
) -> Int[Tensor, "pairs 2"]:
    """Return (picture, first copy of it among the others) for each picture that has one.

    Args:
        rows, others: thumbnails of two sets.
        threshold, block: as in `find_copies`.

    Raises:
        InputError: a threshold out of range, or thumbnails of pictures of different sizes.
    """
    _check(threshold)
    if rows.shape[1] != others.shape[1]:
        raise InputError("The two sets have pictures of different sizes: bring them to one size.")
    found = torch.full((len(rows),), -1)
    for start in range(0, len(others), block):
        alike = (rows @ others[start : start + block].mT).abs() > threshold
        new = alike.any(1).cpu() & (found < 0)
        found[new] = alike.int().argmax(1).cpu()[new] + start
    mine = (found >= 0).nonzero()[:, 0]
    return torch.stack([mine, found[mine]], 1)


def _check(threshold: float) -> None:
    if not 0 < threshold <= 1:
        raise InputError(f"The threshold of copies is {threshold}: it must lie in (0, 1].")
