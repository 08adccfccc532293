"""What networks see beyond the border."""

from typing import Literal

from scorelet.core.errors import InputError

Mode = Literal["zeros", "circular"]

PADDING: dict[str, Mode] = {"zeros": "zeros", "periodic": "circular"}
"""Words of options, and torch's names of them."""


def padding_mode(padding: str) -> Mode:
    """Return torch's name of what stands beyond the border.

    Args:
        padding: "zeros", or "periodic" for fields that go on at the opposite side.

    Raises:
        InputError: another word.
    """
    if padding not in PADDING:
        raise InputError(f"padding {padding!r} is none of {', '.join(PADDING)}.")
    return PADDING[padding]
