"""Large pictures by tiles whose result is the whole picture's.

A convolutional network with receptive radius r computes a pixel from those at most r away. A tile
is therefore given a margin of at least r real pixels, its result is cut back, and no seam exists.
The network also works on blocks of `multiple` pixels (its halvings), so tiles start on that grid.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from scorelet.core.errors import InputError

TileSide = int | Literal["auto"] | None
"""Side of a tile in pixels; None: the whole picture at once."""

AUTO_SIDE = 2048
"""Largest side in pixels of automatic tiles: about 1 GB of activations, margins cost a tenth."""


@dataclass(frozen=True)
class Tile:
    """One tile: which rows and columns it reads, and which part of the result it keeps."""

    rows: slice
    columns: slice
    keep_rows: slice
    keep_columns: slice
    target_rows: slice
    target_columns: slice


def plan(height: int, width: int, *, side: int | None, radius: int, multiple: int) -> list[Tile]:
    """Cut a picture into tiles that overlap by the receptive field.

    Args:
        height, width: of the picture, in pixels.
        side: of a tile without its margin, in pixels, rounded up to `multiple`; None: one tile.
        radius: receptive radius of the network, in pixels.
        multiple: pixel grid of the network's halvings.

    Raises:
        InputError: a side below 1.
    """
    if side is not None and side < 1:
        raise InputError(f"The side of a tile is {side} pixels: it must be at least 1.")
    return [
        Tile(*(part for pair in zip(row, column, strict=True) for part in pair))
        for row in _cut(height, side, radius, multiple)
        for column in _cut(width, side, radius, multiple)
    ]


def auto_side(height: int, width: int) -> int | None:
    """Return None if one pass fits the memory budget, else a side that makes tiles alike."""
    if height * width <= AUTO_SIDE**2 and max(height, width) <= 4 * AUTO_SIDE:
        return None  # a longer strip of few rows would be padded to many times its size
    pieces = max(-(-n // AUTO_SIDE) for n in (height, width))
    return -(-max(height, width) // pieces)


def _cut(
    length: int, side: int | None, radius: int, multiple: int
) -> Iterator[tuple[slice, slice, slice]]:
    """Yield (read, keep, target) along one axis."""
    step = length if side is None else -(-side // multiple) * multiple
    margin = -(-radius // multiple) * multiple
    for start in range(0, length, step):
        stop = min(start + step, length)
        first, last = max(0, start - margin), min(length, stop + margin)
        yield slice(first, last), slice(start - first, stop - first), slice(start, stop)
