"""Images of any sides for what needs multiples of a number."""

import torch
from torch import Tensor


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
