"""Words of sentences that depend on a number."""


def counted(count: int, noun: str) -> str:
    """Return a number with its noun, in the plural except of one."""
    return f"{count} {noun}" if count == 1 else f"{count} {noun}s"
