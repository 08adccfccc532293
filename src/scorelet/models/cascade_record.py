"""What a cascade of denoisers says of its factors: the low band first, details coarse to fine.

Its record has one entry for each factor, under the names

- sigma: least and largest noise level that it has learnt, in the unit of what it sees;
- restraint, and pairs of churn and its largest level: see `ReversePlan`;
- spread: see `Cascade`;
- deviations: √w of what varies most of what it sees, which samples have to reach.
"""

import math
from typing import Any

from scorelet.core.errors import InputError
from scorelet.core.words import counted
from scorelet.models.denoiser import Denoiser
from scorelet.models.multiscale import Multiscale

_LARGEST = 1 << 53
"""Whole numbers up to here are floats."""


def learnt_levels(model: Multiscale) -> list[tuple[float, float]]:
    """Return least and largest noise level of each factor; nothing if the record has none.

    Raises:
        InputError: they are not 0 < least < largest, a pair for each factor.
    """
    levels = recorded_pairs(model, "sigma")
    if not all(0 < least < largest < math.inf for least, largest in levels):
        raise InputError(
            f"The model names {levels} as its noise levels: expected 0 < least < largest of each "
            "factor."
        )
    return levels


def know_levels(model: Multiscale) -> None:
    """Tell each factor the largest noise level that it has learnt, if the record says it.

    Raises:
        InputError: as `learnt_levels`.
    """
    for factor, (_, largest) in zip(model.factors, learnt_levels(model), strict=False):
        if isinstance(factor, Denoiser):
            factor.most = largest


def recorded_numbers(model: Multiscale, name: str) -> list[float]:
    """Return what the record has under a name, a number for each factor; nothing of nothing.

    Raises:
        InputError: something else than numbers, or another number of them than of factors.
    """
    found = _entries(model, name)
    if not all(map(_is_number, found)):
        raise InputError(
            f"The model names {found} as {name}: expected a number for each scale, coarse to fine."
        )
    return [float(number) for number in found]


def recorded_pairs(model: Multiscale, name: str) -> list[tuple[float, float]]:
    """Return what the record has under a name, two numbers for each factor; nothing of nothing.

    Raises:
        InputError: something else than pairs, or another number of them than of factors.
    """
    found = _entries(model, name)
    if not all(isinstance(pair, list | tuple) and len(pair) == 2 for pair in found) or not all(
        _is_number(number) for pair in found for number in pair
    ):
        raise InputError(
            f"The model names {found} as {name}: expected two numbers for each scale, coarse to "
            "fine."
        )
    return [(float(one), float(other)) for one, other in found]


def _entries(model: Multiscale, name: str) -> list[Any]:
    found = model.record.get(name)
    if found is None:
        return []
    if not isinstance(found, list | tuple):
        raise InputError(
            f"The model names {found!r} as {name}: expected a list, an entry for each scale, "
            "coarse to fine."
        )
    if found and len(found) != len(model.factors):
        raise InputError(
            f"The model names {name} of {counted(len(found), 'scale')}, and has "
            f"{len(model.factors)}: expected one for each, coarse to fine."
        )
    return list(found)


def _is_number(value: object) -> bool:
    if not isinstance(value, int | float) or isinstance(value, bool):
        return False
    return value == value and not (isinstance(value, int) and abs(value) > _LARGEST)
