"""What networks see beyond the border, and sides of any length for those that halve them."""

from typing import Literal

import torch
from torch import Tensor

Mode = Literal["zeros", "circular"]

PADDING: dict[str, Mode] = {"zeros": "zeros", "periodic": "circular"}
"""Words of options, and torch's names of them."""


def padding_mode(padding: str) -> Mode:
    """Return torch's name of what stands beyond the border.

    Args:
        padding: "zeros", or "periodic" for fields that go on at the opposite side.

    Raises:
        ValueError: another word.
    """
    if padding not in PADDING:
        raise ValueError(f"padding {padding!r} is none of {', '.join(PADDING)}")
    return PADDING[padding]


def mirrored_to_multiple(y: Tensor, multiple: int) -> Tensor:
    """Extend the last rows and columns of (..., height, width) to multiples of `multiple`.

    The extension is a mirror image that repeats the edge pixel, and goes on periodically where it
    is longer than the side; a tensor that fits already is returned as it is.
    """
    for axis in (-2, -1):
        size = y.shape[axis]
        if size % multiple:
            positions = torch.arange(size + -size % multiple, device=y.device) % (2 * size)
            mirrored = torch.minimum(positions, 2 * size - 1 - positions)
            y = y.index_select(y.ndim + axis, mirrored)
    return y
