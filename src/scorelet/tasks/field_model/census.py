"""One look at every pixel of a set of fields, before anything is fitted."""

import math
from collections.abc import Iterator
from dataclasses import dataclass

import torch
from torch import Tensor

from scorelet.analysis.far_values import stands_apart
from scorelet.analysis.field_statistics.fields import refuse_extreme
from scorelet.core.errors import InputError
from scorelet.core.typing import Fields
from scorelet.data.fields.source import FieldSource

BATCH_PIXELS = 1 << 18
_ALONE = 100.0  # ranges: so far away, fewer pixels count too; tails of maps end far nearer

_NEARLY, _FEW_VALUES = 0.99, 32
_MASS = 0.1  # of the pixels; a normal law that is rounded to 32 values has 0.06 at one
_POINT_MASS = (
    "{:.0f} % of the pixels are exactly {:g}: samples have no such value, but others on both sides "
    "of it, and may have other powers, too. Mask these pixels if they are no data; else average "
    "over larger blocks, and compare samples with the fields before you use them."
)


class FieldWarning(UserWarning):
    """Fields can be fitted, but something about them is strange."""


@dataclass(frozen=True)
class Census:
    """What all pixels together are.

    Args:
        pixels, gaps, not_positive: how many there are, are NaN, and are 0 or less.
        least, largest: the extreme values, how many pixels have them, and the values next to them,
            each (value, count, next).
    """

    pixels: int
    gaps: int
    not_positive: int
    least: tuple[float, int, float]
    largest: tuple[float, int, float]

    def placeholders(self) -> list[str]:
        """Say which value many pixels have that is far from all others, such as -999."""
        found = []
        (low, _, above), (high, _, below) = self.least, self.largest
        if low == high:
            return []
        ends = ((self.least, (above, high)), (self.largest, (low, below)))
        for (value, count, beside), others in ends:
            alone = abs(value - beside) > _ALONE * (others[1] - others[0]) > 0
            if alone or stands_apart(value, count, others):
                pixels = "1 pixel is" if count == 1 else f"{count} pixels are"
                found.append(
                    f"{pixels} exactly {value:g}, far from all others: if that stands "
                    "for no data, replace it by NaN first."
                )
        return found


def said_of_values(x: Fields) -> list[str]:
    """Return a sentence if nearly all pixels of fields have one of few values, such as counts.

    Or else if many have one of them exactly, as where it does not rain: a point mass.
    """
    known = x[~x.isnan()]
    values, counts = known.unique(return_counts=True)
    if len(values) == 1:  # such fields are refused
        return []
    counts, order = counts.sort(descending=True)
    needed = int((counts.cumsum(0) < _NEARLY * len(known)).sum()) + 1
    if not needed <= min(_FEW_VALUES, len(known) // _FEW_VALUES):
        least = max(_MASS * len(known), _FEW_VALUES)
        masses = zip(counts[counts >= least].tolist(), values[order].tolist(), strict=False)
        return [_POINT_MASS.format(100 * count / len(known), value) for count, value in masses]
    return [
        f"{100 * _NEARLY:.0f} % of the pixels have one of {needed} values: samples have all values "
        "between these and beyond, and may have other powers, too. Average counts or spins over "
        "larger blocks, and compare samples with the fields before you use them."
    ]


def take_census(source: FieldSource) -> Census:
    """Look at all fields.

    Raises:
        InputError: infinite values, sizes out of range, or no pixel that is known.
    """
    gaps = not_positive = 0
    least = largest = (math.inf, 0, math.inf)
    for rows in pieces(source):
        x = source.read(rows)
        known = x[~x.isnan()]
        if bool(known.isinf().any()):
            raise InputError(
                "The fields hold infinite values: mask them, or replace them by NaN if unknown."
            )
        gaps += x.numel() - known.numel()
        not_positive += int((known <= 0).sum())
        if known.numel():
            least, largest = _joined(least, _end(known)), _joined(largest, _end(-known))
    if not least[1]:
        raise InputError("All pixels are masked or NaN: expected fields with some that are known.")
    refuse_extreme(max(abs(least[0]), abs(largest[0])))
    high = (-largest[0], largest[1], -largest[2])
    return Census(math.prod(source.shape), gaps, not_positive, least, high)


def pieces(source: FieldSource) -> Iterator[range]:
    """Yield the numbers of fields that are worked on at once."""
    count, height, width = source.shape
    most = max(1, BATCH_PIXELS // (height * width))
    for start in range(0, count, most):
        yield range(start, min(start + most, count))


def some(source: FieldSource, most: int) -> Fields:
    """Return at most so many fields, equally spaced in the set."""
    return source.read(spread(source.shape[0], most))


def spread(count: int, most: int) -> list[int]:
    """Return at most so many of the numbers 0 ... count - 1, equally spaced."""
    return torch.linspace(0, count - 1, min(count, most)).long().tolist()


def _end(x: Tensor) -> tuple[float, int, float]:
    """Return the least value, how many pixels have it, and the next one."""
    least = x.min()
    others = x[x != least]
    return (
        float(least),
        x.numel() - others.numel(),
        float(others.min()) if len(others) else math.inf,
    )


def _joined(
    one: tuple[float, int, float], two: tuple[float, int, float]
) -> tuple[float, int, float]:
    """Return the same of both sets together."""
    (low, count, beside), (high, other, after) = sorted([one, two], key=lambda end: end[0])
    if low == high:
        return low, count + other, min(beside, after)
    return low, count, min(beside, high)
