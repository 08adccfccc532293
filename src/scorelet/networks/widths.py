"""Widths of networks: of their stages, and what the width multiplier does to them."""

from collections.abc import Sequence

from scorelet.core.errors import InputError


def at_width(count: int, width: float) -> int:
    """Return how many of `count` channels a network of this width has: rounded, at least 1."""
    return max(1, round(count * width))


def check_stages(blocks: Sequence[int], widths: Sequence[int]) -> None:
    """Refuse stages of which not each has a number of blocks and a width."""
    if not widths or len(blocks) != len(widths):
        raise InputError(
            f"blocks has {len(blocks)} stages and widths {len(widths)}: give one for each, at "
            "least one."
        )
