"""SIGTERM, a polite kill, ends the process as an error would: temporary files are removed.

The exit that the signal raises is dropped where compiled code calls Python back, as in numba's
compiler, which then fails in its own way. So it is remembered that the signal came, and whoever
takes an error for that of one file, or for a bug, asks first.
"""

import signal
import sys

STATUS = 128 + signal.SIGTERM
"""Exit status of a process that SIGTERM ends."""

_came = False


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


def _end(*_: object) -> None:
    global _came
    _came = True
    sys.unraisablehook = lambda _: None  # it would print the exit that is dropped
    sys.exit(STATUS)
