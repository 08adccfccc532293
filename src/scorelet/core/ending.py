"""SIGTERM, a polite kill, ends the process as an error would: temporary files are removed.

The exit that the signal raises is dropped where compiled code calls Python back, as in numba's
compiler, which then fails in its own way. So it is remembered that the signal came, and whoever
takes an error for that of one file, or for a bug, asks first.
"""

import signal
import sys
import threading
from collections.abc import Callable, Generator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

STATUS = 128 + signal.SIGTERM
"""Exit status of a process that SIGTERM ends."""

_came = False


class Ended(SystemExit):
    """The exit of SIGTERM, with a sentence on what is kept.

    Args:
        said: the sentence.
    """

    def __init__(self, said: str) -> None:
        super().__init__(STATUS)
        self.said = said


def heed_sigterm() -> None:
    """Let SIGTERM end this process from now on, in the main thread."""
    signal.signal(signal.SIGTERM, _end)


def end_if_told() -> None:
    """Leave the process if the signal has come.

    Raises:
        SystemExit: it has.
    """
    if _came:
        sys.exit(STATUS)


@dataclass
class HeldBack:
    """Whether SIGINT or SIGTERM has come, see `held_back`."""

    came: int | None = None
    """The number of the signal."""
    handlers: dict[int, Callable[[int, Any], Any]] = field(default_factory=dict)
    """Who had them before."""

    def hold(self) -> None:
        """Keep the next signal back, where it would raise."""
        for number in (signal.SIGINT, signal.SIGTERM):
            handler = signal.getsignal(number)
            if callable(handler):
                self.handlers[number] = handler
                signal.signal(number, self._keep)

    def let(self) -> None:
        """Let further signals do what they did before."""
        for number, handler in self.handlers.items():
            signal.signal(number, handler)

    def _keep(self, number: int, _frame: object) -> None:
        self.came = number
        self.let()


@contextmanager
def held_back(*, wanted: bool = True) -> Generator[HeldBack]:
    """Let SIGINT and SIGTERM raise at the end of a block; a second one raises at once.

    Args:
        wanted: False, or outside the main thread: they raise as ever.
    """
    held = HeldBack()
    if wanted and threading.current_thread() is threading.main_thread():
        held.hold()
    try:
        yield held
    finally:
        held.let()
        if held.came is not None:
            held.handlers[held.came](held.came, None)


def _end(*_: object) -> None:
    global _came
    _came = True
    sys.unraisablehook = lambda _: None  # it would print the exit that is dropped
    sys.exit(STATUS)
