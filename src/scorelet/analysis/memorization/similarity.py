"""How alike images are: the cosine of their angle, each with its own mean removed.

Symbols: x image, x̄ the mean of all its numbers, c(x, y) = <x - x̄, y - ȳ> / (|x - x̄| |y - ȳ|).
An image without contrast has no direction: its cosine with every image is 0.

References: Kadkhodaie, Guth, Simoncelli, Mallat 2024, arXiv 2310.02557, section 2 (and its code for
the mean).
"""

from collections.abc import Iterable
from dataclasses import dataclass

import torch
from jaxtyping import Float, Int
from torch import Tensor

from scorelet.core.errors import InputError
from scorelet.core.typing import Image, PerSample

FLAT = 1e-3
"""Norms up to this count as none; one step of 8 bits in one pixel of an image has 4e-3."""
_BLOCK = 2048


@dataclass(frozen=True)
class Nearest:
    """The most similar images of a set.

    Attributes:
        cosine: c with it, for each image that was asked about.
        index: its number in the set.
    """

    cosine: Float[Tensor, " m"]
    index: Int[Tensor, " m"]


def directions(images: Tensor) -> Float[Tensor, "n d"]:
    """Return (x - x̄) / |x - x̄| of each image as a row, float32; zeros where there is no contrast.

    Args:
        images: (n, ...), of any shape.
    """
    rows = images.flatten(1).float()
    rows = rows - rows.mean(1, keepdim=True, dtype=torch.float64).to(rows)
    norms = rows.norm(dim=1, keepdim=True)
    return torch.where(norms > FLAT, rows / norms.clamp(min=FLAT), torch.zeros_like(rows))


def pair_cosines(x: Image, y: Tensor) -> PerSample:
    """Return c(x_k, y_k) for each pair.

    Args:
        x, y: (n, channel, height, width), the same shape.

    Raises:
        InputError: shapes that differ.
    """
    _check_sizes(x, y)
    if len(x) != len(y):
        raise InputError(f"{len(x)} and {len(y)} images make no pairs: give as many of both.")
    return (directions(x) * directions(y)).sum(1).clamp(-1, 1)  # rounding may go beyond


def nearest(
    images: Tensor, among: Tensor, *, block: int = _BLOCK, mirrored: bool = False
) -> Nearest:
    """Find for each image the most similar one of a set.

    Products are computed for `block` of the set at a time, so the memory is that of the set and of
    len(images) times block numbers.

    Args:
        images: (m, channel, height, width).
        among: the set, (n, channel, height, width).
        block: any positive number; the answer does not depend on it.
        mirrored: mirror images of the set, left for right, count, too.

    Raises:
        InputError: an empty set, or images of another size.
    """
    _check_sizes(images, among)
    if len(among) == 0:
        raise InputError("There is no image to be near to: give at least one.")
    pieces = (among[k : k + block] for k in range(0, len(among), block))
    return nearest_in(images, pieces, mirrored=mirrored)


def nearest_in(
    images: Tensor,
    pieces: Iterable[Tensor],
    *,
    own: Int[Tensor, " m"] | None = None,
    mirrored: bool = False,
) -> Nearest:
    """Find for each image the most similar one of a set that comes in pieces, as `nearest` does.

    Args:
        images: (m, channel, height, width).
        pieces: the set, one after the other, of that size.
        own: of images of the set their numbers in it: each is compared with all others.
        mirrored: mirror images of the set, left for right, count, too.
    """
    if mirrored:
        both = torch.cat([images, images.flip(-1)])
        return _nearer(nearest_in(both, pieces, own=None if own is None else own.repeat(2)))
    asked = directions(images)
    best = asked.new_full((len(asked),), -torch.inf)
    index = torch.zeros(len(asked), dtype=torch.int64, device=asked.device)
    start = 0
    for piece in pieces:
        cosines = asked @ directions(piece).to(asked).mT
        if own is not None:
            rows = ((own >= start) & (own < start + len(piece))).nonzero()[:, 0]
            cosines[rows, own[rows] - start] = -torch.inf
        found, where = cosines.max(1)
        better = found > best
        best, index = torch.where(better, found, best), torch.where(better, where + start, index)
        start += len(piece)
    return Nearest(best.clamp(-1, 1), index)


def _nearer(found: Nearest) -> Nearest:
    """Return the nearer one of each image and its mirror image, which come after all images."""
    cosine, which = found.cosine.view(2, -1).max(0)
    return Nearest(cosine, found.index.view(2, -1).gather(0, which[None])[0])


def mean_pair_cosine(pieces: Iterable[Tensor]) -> tuple[float, float]:
    """Return the mean of c over all pairs of a set, and its standard error as images are random.

    With u directions and S their sum, an image has the mean c_k = <u_k, S - u_k> / (n - 1) with the
    others; the error is that of a U-statistic of order 2, sqrt(4 var(c_k) / n).

    Args:
        pieces: the set, two images at least; it is gone through twice.
    """
    total = sum(directions(piece).double().sum(0) for piece in pieces)
    rows = []
    for piece in pieces:
        u = directions(piece).double()
        rows.append(u @ total - u.square().sum(1))
    means = torch.cat(rows)
    means = means / (len(means) - 1)
    return float(means.mean()), float((4 * means.var() / len(means)).sqrt())


def _check_sizes(x: Tensor, y: Tensor) -> None:
    if x.shape[1:] != y.shape[1:]:
        raise InputError(
            f"Images of shape {tuple(x.shape[1:])} are compared with some of {tuple(y.shape[1:])}: "
            "expected one shape (channel, height, width)."
        )
