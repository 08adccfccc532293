"""What was made for the last few shapes is kept, also where several threads ask at once."""

from typing import TypeVar

Key = TypeVar("Key")
Made = TypeVar("Made")

_KEPT = 4


def remember(kept: dict[Key, Made], key: Key, made: Made) -> Made:
    """Return what was made, kept beside the newest others: a thread may drop it before its use."""
    for old in list(kept)[::-1][_KEPT - 1 :]:
        kept.pop(old, None)
    kept[key] = made
    return made
