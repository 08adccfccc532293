"""How long work tells whoever waits how far it has come."""

import itertools
from collections.abc import Callable, Generator, Sequence
from typing import TypeVar

Unit = TypeVar("Unit")
Progress = Callable[[int, int], None]
"""Called from time to time with (units done, units in all)."""
Say = Callable[[str], None]
"""Called with sentences for the user."""


def told(units: Sequence[Unit], progress: Progress | None) -> Generator[Unit]:
    """Yield units of work one by one, and tell after each how many are done."""
    for done, unit in enumerate(units, 1):
        yield unit
        if progress:
            progress(done, len(units))


def teller(progress: Progress | None, total: int) -> Callable[[], None]:
    """Return what is called after each of `total` units, and tells how many are done."""
    done = itertools.count(1)

    def tell() -> None:
        if progress:
            progress(next(done), total)

    return tell
