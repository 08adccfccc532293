"""The central window of a page, in which its noise is judged."""

WINDOW = 1024
"""Its largest side, in pixels."""


def central(shape: tuple[int, ...], side: int = WINDOW) -> tuple[slice, slice]:
    """Return rows and columns of the central window of (height, width, ...), at most so large."""
    starts = [max(0, (length - side) // 2) for length in shape[:2]]
    rows, columns = (slice(k, min(k + side, n)) for k, n in zip(starts, shape[:2], strict=True))
    return rows, columns
