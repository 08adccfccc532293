"""Words of sentences that depend on a number."""


def counted(count: int, noun: str) -> str:
    """Return a number with its noun, in the plural except of one."""
    return f"{count} {noun}" if count == 1 else f"{count} {noun}s"


def often(count: int) -> str:
    """Return how often something is done, in words: once, 2 times."""
    return "once" if count == 1 else f"{count} times"
