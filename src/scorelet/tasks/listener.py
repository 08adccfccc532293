"""Who is told how a job over files goes on."""

from typing import Protocol, runtime_checkable


@runtime_checkable
class Listener(Protocol):
    """What is told as a job goes on."""

    def files(self, count: int) -> None:
        """Hear the number of files, before the first is worked on."""

    def part(self, done: int, count: int) -> None:
        """Hear how much of a page is done, of how much: tiles, or network calls."""

    def left_out(self, text: str) -> None:
        """Hear a sentence without a full stop about what is not worked on."""


class Repeated:
    """Tells a listener of one of several passes over the tiles of a page.

    Args:
        listener: who is told.
        index: of this pass, from 0.
        passes: how many there are.
    """

    def __init__(self, listener: Listener, index: int, passes: int) -> None:
        self._listener, self._index, self._passes = listener, index, passes

    def files(self, count: int) -> None:
        """Pass it on."""
        self._listener.files(count)

    def part(self, done: int, count: int) -> None:
        """Count what earlier passes did."""
        self._listener.part(self._index * count + done, self._passes * count)

    def left_out(self, text: str) -> None:
        """Pass it on."""
        self._listener.left_out(text)


class Nobody:
    """Listens to nothing."""

    def files(self, count: int) -> None:
        """Ignore it."""

    def part(self, done: int, count: int) -> None:
        """Ignore it."""

    def left_out(self, text: str) -> None:
        """Ignore it."""


NOBODY = Nobody()
"""The default."""
