"""Numbers for the scales that are drawn: one for all, or one for each, coarse to fine."""

from collections.abc import Sequence
from typing import TypeVar

from scorelet.core.errors import InputError
from scorelet.core.words import counted

Number = TypeVar("Number", int, float)

WHOLE = ("whole pictures",)
"""The one scale of a denoiser of these."""


def scale_names(size: tuple[int, int], level: int, *, low: bool) -> list[str]:
    """Return what is drawn at each scale of a cascade, coarse to fine.

    Args:
        size: of the samples.
        level: over how many levels details are drawn.
        low: whether the low band is drawn, too.
    """
    height, width = size
    bands = [f"the low band of {height >> level}x{width >> level}"] if low else []
    finer = range(level - 1, -1, -1)
    return bands + [f"details of {height >> number}x{width >> number}" for number in finer]


def each_of(
    name: str, given: Number | Sequence[Number] | None, scales: Sequence[str]
) -> list[Number | None]:
    """Return what is given for each scale; None of all if nothing is.

    Args:
        name: of what is given.
        given: one number for all scales, or one for each.
        scales: what is drawn at each.

    Raises:
        InputError: another number of numbers than of scales.
    """
    if given is None or not isinstance(given, Sequence):
        return [given] * len(scales)
    if len(given) != len(scales):
        raise InputError(
            f"{name} has {counted(len(given), 'number')} for {counted(len(scales), 'scale')}: give "
            f"one for each of {', '.join(scales)}, in this order, or one number for all."
        )
    return list(given)
