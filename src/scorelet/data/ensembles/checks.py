"""What arguments of ensembles may be; each error is one sentence."""

import math
from numbers import Integral, Real

from torch import Tensor

from scorelet.core.errors import InputError


def check_count(name: str, value: object, *, least: int = 0) -> None:
    """Raise InputError unless `value` is an integer of at least `least`."""
    if not isinstance(value, Integral) or isinstance(value, bool) or value < least:
        raise InputError(f"{name} must be an integer of at least {least}, got {value!r}.")


def check_size(size: object, *, least: int = 2, even: bool = False) -> None:
    """Raise InputError unless a field can have that side."""
    check_count("size", size, least=least)
    if even and isinstance(size, int) and size % 2:
        raise InputError(f"size must be even for this ensemble, got {size}: use {size + 1}.")


def check_field(x: Tensor) -> None:
    """Raise InputError unless x is a batch of square fields of floating point."""
    if x.ndim != 4 or x.shape[1] != 1 or x.shape[2] != x.shape[3]:
        raise InputError(f"Fields must be (batch, 1, L, L), got the shape {tuple(x.shape)}.")
    if not x.is_floating_point():
        raise InputError(f"Fields must be floating point, got {x.dtype}: convert them.")


def check_number(
    name: str,
    value: object,
    *,
    low: float | int = -math.inf,
    high: float | int = math.inf,
    open_low: bool = False,
) -> None:
    """Raise InputError unless `value` is a finite number in [low, high], or in (low, high]."""
    good = isinstance(value, Real) and not isinstance(value, bool) and math.isfinite(value)
    if good and low <= float(value) <= high and not (open_low and float(value) == low):
        return
    left = "(" if open_low or low == -math.inf else "["
    right = ")" if high == math.inf else "]"
    raise InputError(f"{name} must be a number in {left}{low:g}, {high:g}{right}, got {value!r}.")


def check_positive(**values: object) -> None:
    """Raise InputError for the first value that is not a finite number above 0."""
    for name, value in values.items():
        check_number(name, value, low=0, open_low=True)
