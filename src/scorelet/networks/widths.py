"""What the width multiplier of a network does to a number of channels."""


def at_width(count: int, width: float) -> int:
    """Return how many of `count` channels a network of this width has: rounded, at least 1."""
    return max(1, round(count * width))
