"""What arguments of ensembles may be; each error is one sentence."""

import math
from numbers import Real

from torch import Tensor

from scorelet.core.errors import InputError
from scorelet.core.numbers import is_whole


def check_count(name: str, value: object, *, least: int = 0) -> None:
    """Raise InputError unless `value` is an integer of at least `least`."""
    if not is_whole(value, least=least):
        raise InputError(f"{name} must be an integer of at least {least}, got {value!r}.")


def check_size(size: object, *, least: int = 2, even: bool = False) -> None:
    """Raise InputError unless a field can have that side."""
    check_count("size", size, least=least)
    if even and isinstance(size, int) and size % 2:
        raise InputError(f"size must be even for this ensemble, got {size}: use {size + 1}.")


def check_field(x: Tensor) -> None:
    """Raise InputError unless x is a batch of square fields of floating point, at least one."""
    if not isinstance(x, Tensor) or not x.is_floating_point():
        got = x.dtype if isinstance(x, Tensor) else type(x).__name__
        raise InputError(f"Fields must be a tensor of floating point, got {got}: convert them.")
    if x.ndim != 4 or x.shape[1] != 1 or x.shape[2] != x.shape[3] or len(x) == 0:
        raise InputError(
            f"Fields must be (batch, 1, L, L), at least one, got the shape {tuple(x.shape)}."
        )


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


def check_flag(name: str, value: object) -> None:
    """Raise InputError unless `value` is True or False."""
    if not isinstance(value, bool):
        raise InputError(f"{name} must be true or false, got {value!r}.")


def check_positive(**values: object) -> None:
    """Raise InputError for the first value that is not a finite number above 0."""
    for name, value in values.items():
        check_number(name, value, low=0, open_low=True)
