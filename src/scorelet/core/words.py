"""Words of sentences that depend on a number, and names that are no text."""

from collections.abc import Sequence

_NAMED = 5  # of many


def counted(count: int, noun: str) -> str:
    """Return a number with its noun, in the plural except of one."""
    return f"{count} {noun}" if count == 1 else f"{count} {noun}s"


def too_few(count: int, noun: str, *, of: int | None = None) -> str:
    """Return that so many are too few, of all where there are more.

    >>> too_few(1, "picture", of=2)
    '1 of 2 pictures is too few'
    """
    shown = counted(count, noun) if of in (None, count) else f"{count} of {counted(of, noun)}"
    return f"{shown} {'is' if count == 1 else 'are'} too few"


def readable(name: str) -> str:
    r"""Return the name of a file with what is no UTF-8 in it written out, which no text may hold.

    >>> readable("caf\udce9.png")
    'caf\\udce9.png'
    """
    return name.encode("utf-8", "backslashreplace").decode("utf-8")


def often(count: int) -> str:
    """Return how often something is done, in words: once, 2 times."""
    return "once" if count == 1 else f"{count} times"


def listed(names: Sequence[str]) -> str:
    """Return names with commas, of many the first five and how many more there are."""
    more = f" and {len(names) - _NAMED} more" if len(names) > _NAMED else ""
    return ", ".join(names[:_NAMED]) + more


def colours_last(sides: tuple[int, ...]) -> str:
    """Return what is said first where the last axis of pictures looks like that of colours.

    Args:
        sides: what was taken for (height, width), or for a length.
    """
    if len(sides) < 2 or sides[-1] not in (3, 4) or sides[-2] <= 4:
        return ""
    return "if the last axis is of colours, bring it in front by x.movedim(-1, -3); otherwise "
