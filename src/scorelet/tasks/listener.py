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
