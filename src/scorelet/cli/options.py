"""Options that several commands share, and how results and messages leave the process.

A result is what a command was asked for: a table, a card, the JSON document. It goes to stdout,
with --quiet too. Messages say how the work goes; --quiet silences them. Where the result is a file
(denoise, train) all text is messages. Warnings and errors go to stderr, always.
"""

import contextlib
import errno
import io
import json
import os
import signal
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, TypeVar

from cyclopts import Group, Parameter, Token

from scorelet.core.errors import InputError, ScoreletError
from scorelet.core.paths import as_path

SHARED = Group("Shared options", sort_key=100)

Flag = Annotated[bool, Parameter(negative="")]


LARGEST = (1 << 63) - 1


def whole(_type: type, tokens: Sequence[Token]) -> int:
    """Turn a word into an integer; 1.5 is none, though cyclopts would round it."""
    try:
        number = int(tokens[0].value)
    except ValueError:
        raise ValueError(f"expected a whole number, got {tokens[0].value}.") from None
    if abs(number) > LARGEST:
        raise ValueError(f"expected a whole number up to {LARGEST}, got {tokens[0].value}.")
    return number


Whole = Annotated[int, Parameter(converter=whole)]


def path(_type: type, tokens: Sequence[Token]) -> Path:
    """Turn a word into a path, ~ expanded; an empty one is refused, see `as_path`."""
    token = tokens[0]
    try:
        return as_path(token.value, name=f"value of {token.keyword}" if token.keyword else "path")
    except InputError as error:
        raise ScoreletError(str(error)) from None  # else cyclopts takes it for a conversion


PathLike = Annotated[Path, Parameter(converter=path)]
"""A file or folder: what every command takes for one."""


Fractions = Annotated[str, Parameter(allow_leading_hyphen=True)]
"""A word for numbers and fractions, which may be wrong ones: -1/255 begins as options do."""


def sides(text: str | None) -> tuple[int, int] | None:
    """Return (h, w) of 32 or 32x64; None of None, an option that is left out.

    Raises:
        InputError: something else.
    """
    if text is None:
        return None
    parts = text.lower().split("x")
    if len(parts) > 2 or not all(part.isdecimal() for part in parts):
        raise InputError(f"--size {text}: expected HxW, or the side of a square, as 64x128 or 64.")
    return int(parts[0]), int(parts[-1])


Number = TypeVar("Number", int, float)


def one_or_several(
    text: str | None, option: str, kind: type[Number]
) -> Number | tuple[Number, ...] | None:
    """Return the number of 64, or those of 64,24,24; None of None, an option that is left out.

    Raises:
        InputError: something else.
    """
    if text is None:
        return None
    try:
        numbers = tuple(kind(part) for part in text.split(","))
    except ValueError:
        what = "a whole number" if kind is int else "a number"
        several = "64,24,24" if kind is int else "0.5,0.5,0"
        raise InputError(
            f"{option} {text}: expected {what}, or one for each scale, as {several}."
        ) from None
    return numbers[0] if len(numbers) == 1 else numbers


_CANNOT_WRITE = (errno.ENOSPC, errno.EDQUOT, errno.EIO, errno.EFBIG)

NOBODY_READS = 128 + getattr(signal, "SIGPIPE", 13)
"""Exit status when the reader of a pipe has gone: that of a program which SIGPIPE ends."""


@Parameter(name="*")
@dataclass(frozen=True)
class Shared:
    """What every command understands."""

    json: Annotated[bool, Parameter(negative="", group=SHARED)] = False
    """One JSON document on stdout; messages stay on stderr."""
    quiet: Annotated[bool, Parameter(negative="", group=SHARED)] = False
    """No progress bar and no messages; results, warnings and errors stay."""
    device: Annotated[str, Parameter(group=SHARED)] = "auto"
    """auto, cpu, cuda or mps."""
    own_code: Annotated[
        tuple[str, ...],
        Parameter(name="--import", negative="", show_default=False, group=SHARED),
    ] = ()
    """Your own Python code to run first, a .py file or a module: it registers kinds of model, tasks
    or measures of its own, docs/add_a_model.md."""
    debug: Annotated[bool, Parameter(negative="", group=SHARED)] = False  # read by `run`
    """An error shows where it came from; before the command, too."""

    def say(self, text: str) -> None:
        """Print a message: on stdout, or on stderr beside JSON; nothing when quiet."""
        if not self.quiet:
            print(text, file=sys.stderr if self.json else sys.stdout)

    def warn(self, text: str) -> None:
        """Print a warning on stderr."""
        print(f"warning: {text}", file=sys.stderr)

    def eight_bits(
        self, sigma: float, option: str = "--sigma", *, least: float = 1.0, zero: bool = True
    ) -> float:
        """Return a level of 8-bit units in [0, 1]; warn below `least`: it may have been that.

        Args:
            sigma, option: the level, and how it is called.
            least: see above.
            zero: whether 0 is a level.

        Raises:
            InputError: a level below 0, or NaN, or 0 where it is none.
        """
        if not zero and not sigma > 0:
            raise InputError(f"{option} is {sigma:g}: it must be above 0.")
        if not sigma >= 0:
            raise InputError(f"{option} is {sigma:g}: it must be 0 or more.")
        if 0 < sigma < least:
            self.warn(
                f"{option} {sigma:g} counts in 8-bit units, and is next to nothing: a level of "
                f"{sigma:g} in [0, 1] is {option} {sigma * 255:g}"
            )
        return sigma / 255

    def show(self, document: Any, text: str) -> None:  # noqa: ANN401 - any JSON document
        """Print a result on stdout: the document if JSON was asked for, else the text."""
        if self.json:
            self.emit(document)
        else:
            print(text)

    def emit(self, document: Any) -> None:  # noqa: ANN401 - any JSON document
        """Print the JSON document, if it was asked for: whole or, if it is none, not at all."""
        if self.json:
            print(json.dumps(document, indent=2, allow_nan=False))


DEFAULTS = Shared()


def complain(text: str, *, head: str = "error: ") -> None:
    """Print an error on stderr, if somebody reads it."""
    with contextlib.suppress(OSError):
        print(f"{head}{text}", file=sys.stderr, flush=True)


def prepare_streams() -> None:
    """Make stdout and stderr fit for whatever is printed, wherever it goes.

    What their encoding lacks (a file name that is no text, ± on an old terminal) is written as
    \\xb1; lines are passed on one by one. A stream that was closed swallows everything.
    """
    for name in ("stdout", "stderr"):
        stream = getattr(sys, name)
        if stream is None:
            setattr(sys, name, open(os.devnull, "w"))  # noqa: SIM115 - for the process
        elif isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace", line_buffering=True)


def is_about_output(error: OSError) -> bool:
    """Whether a stream could not be written: the device is full, or broken."""
    return error.filename is None and error.errno in _CANNOT_WRITE


def let_go(status: int) -> int:
    """Return the exit status once all output has left the process.

    If the reader of a pipe has gone, the rest is dropped without a word, and the status of an error
    stays; if the device is full, with one.
    """
    for stream in (sys.stdout, sys.stderr):
        try:
            stream.flush()
        except OSError as error:
            os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())  # Python flushes once more
            if isinstance(error, BrokenPipeError):
                status = status or NOBODY_READS
            elif status == 0:
                complain_about_output(error)
                status = 2
    return status


def complain_about_output(error: OSError) -> None:
    """Say that a stream cannot be written."""
    complain(f"The output cannot be written ({error.strerror}): send it to another place.")


def number(text: str, option: str) -> float:
    """Return what a number or a fraction means, as 0.5 or 2/255."""
    from scorelet.tasks.robust.words import parse_radius

    try:
        return parse_radius(text)
    except ValueError:
        raise InputError(f"{option} {text}: use a number or a fraction, as 0.5 or 2/255.") from None
