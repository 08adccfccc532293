"""Short texts of results."""

from dataclasses import fields
from pathlib import Path
from typing import Any

import numpy as np

_MOST = 100
"""Letters of a value."""


class Brief:
    """A dataclass, with `repr=False`, whose text says shapes and dtypes instead of all numbers.

    Fields that are None or empty are left out.

    Example:
        >>> from dataclasses import dataclass
        >>> @dataclass(repr=False)
        ... class Found(Brief):
        ...     image: np.ndarray
        ...     sigma: float
        ...     warnings: tuple[str, ...] = ()
        >>> Found(np.zeros((4, 6)), 0.123456789)
        Found(image=<array of 4x6, float64>, sigma=0.12346)
    """

    def __repr__(self) -> str:
        values = {field.name: getattr(self, field.name) for field in fields(self)}  # ty: ignore[invalid-argument-type]
        said = [f"{name}={brief(value)}" for name, value in values.items() if not _nothing(value)]
        return f"{type(self).__name__}({', '.join(said)})"


def brief(value: Any) -> str:  # noqa: ANN401
    """Return a text of a value, of numbers five digits; of what is long the beginning."""
    tensor = type(value).__module__.startswith("torch") and hasattr(value, "dtype")
    if isinstance(value, np.ndarray) or tensor:  # pictures do without torch
        kind = "tensor" if tensor else "array"
        sides = "x".join(map(str, value.shape))
        return f"<{kind} of {sides}, {str(value.dtype).removeprefix('torch.')}>"
    if isinstance(value, float):
        return f"{value:.5g}"
    if isinstance(value, tuple):
        text = f"({', '.join(map(brief, value))}{',' if len(value) == 1 else ''})"
    else:
        text = repr(str(value)) if isinstance(value, Path) else " ".join(repr(value).split())
    return text if len(text) <= _MOST else f"{text[:_MOST].rstrip()} ..."


def _nothing(value: Any) -> bool:  # noqa: ANN401
    return value is None or (isinstance(value, tuple | dict) and not value)
