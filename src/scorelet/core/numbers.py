"""Numbers in arguments: what counts as a whole one, and which ranges annotations ask for."""

import math
from collections.abc import Callable
from numbers import Integral
from typing import Annotated, Any, NamedTuple


class Range(NamedTuple):
    """What an annotation asks of a value of its type; `core.options.checked` looks after it.

    Attributes:
        holds: whether a value will do.
        words: what is expected, type and all, for a sentence.

    Example:
        >>> from typing import Annotated
        >>> from scorelet.core.numbers import at_least
        >>> from scorelet.core.options import checked
        >>> @checked
        ... def halved(side: Annotated[int, at_least(2)]) -> int:
        ...     return side // 2
        >>> halved(1)
        Traceback (most recent call last):
        ...
        scorelet.core.errors.InputError: side is 1: expected a whole number of at least 2.
    """

    holds: Callable[[Any], bool]
    words: str


def at_least(least: int) -> Range:
    """Return the range of whole numbers from `least` on."""
    return Range(lambda value: value >= least, f"a whole number of at least {least}")


def finite_or_none(value: float) -> float | None:
    """Return None for NaN and infinities, which JSON has no names for."""
    return value if math.isfinite(value) else None


Count = Annotated[int, at_least(1)]
"""How many of something there are, at least one."""
Factor = Annotated[float, Range(lambda value: 0 < value < math.inf, "a number above 0")]
"""What something is multiplied by."""


def holds(comparison: Callable[[], Any]) -> bool:
    """Return whether numbers compare so; not where they are none, as texts and lists.

    Example:
        >>> from scorelet.core.numbers import holds
        >>> [holds(lambda: 0 < end < 9) for end in (5, "5", [5])]
        [True, False, False]
    """
    try:
        return bool(comparison())
    except (TypeError, ValueError, RuntimeError):  # what NumPy and torch raise for lists
        return False


def is_whole(value: object, *, least: int = 0) -> bool:
    """Return whether `value` is an integer of at least `least`; True and 2.0 are none."""
    return isinstance(value, Integral) and not isinstance(value, bool) and int(value) >= least
