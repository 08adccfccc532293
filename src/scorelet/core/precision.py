"""Half precision where sums of many numbers need more."""

from collections.abc import Callable
from typing import Any

from torch import Tensor


def in_single_precision(f: Callable[..., Any], y: Tensor) -> tuple[Callable[..., Any], Tensor]:
    """Return f and y as they are, but in float32 where y is of half precision.

    There f is still called in the dtype of y, as its weights may be of that, and what it returns
    becomes float32.

    Args:
        f: a map of tensors like y, and of what else it is told.
        y: floats.
    """
    if y.element_size() >= 4:
        return f, y
    dtype = y.dtype

    def wide(x: Tensor, *told: object) -> Any:  # noqa: ANN401 - what f returns is checked later
        value = f(x.to(dtype), *told)
        floats = isinstance(value, Tensor) and value.is_floating_point()
        return value.float() if floats else value

    return wide, y.float()
