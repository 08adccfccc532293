"""Kernels of blurs: what is one, and which are symmetric.

A blur is a convolution, (k * x)[i] = Σ_a k[a] x[i + c - a] in each direction, with the middle
c = n // 2 of n weights: the one of an odd number, the later one of the two of an even number. It is
what `scipy.ndimage.convolve` computes.
"""

import numpy as np
import torch
from torch import Tensor

from scorelet.core.arrays import plain_array
from scorelet.core.errors import InputError

_SYMMETRIC = 1e-6
"""Parts of the largest weight up to which mirrored weights are the same: rounding."""
_SUM = 1e-3
"""Error of a sum of 1."""


def checked_kernel(given: Tensor | np.ndarray, size: tuple[int, int] | None = None) -> Tensor:
    """Return a kernel in double precision.

    Raises:
        InputError: one that is no kernel of sum 1, or larger than images of this size, if one is
            given.
    """
    array = plain_array(given, what="kernel")
    if array.dtype.kind == "c" or not np.isfinite(array).all():
        raise InputError("The kernel has complex or infinite numbers, or NaN: expected weights.")
    kernel = torch.from_numpy(array).double()
    if kernel.ndim != 2 or not kernel.numel():
        raise InputError(
            f"The kernel has the shape {tuple(kernel.shape)}: expected (rows, columns)."
        )
    if size is not None and any(k > n for k, n in zip(kernel.shape, size, strict=True)):
        raise InputError(
            f"The kernel of {kernel.shape[0]}x{kernel.shape[1]} is larger than the picture of "
            f"{size[0]}x{size[1]} (height x width)."
        )
    if not abs(float(kernel.sum()) - 1) <= _SUM:
        raise InputError(f"The kernel has the sum {float(kernel.sum()):.4g}: divide it by that.")
    return kernel


def is_symmetric(kernel: Tensor) -> bool:
    """Whether a kernel has odd sides and is its own mirror image in both directions."""
    turned = max(float((kernel - kernel.flip(axis)).abs().max()) for axis in (0, 1))
    odd = all(side % 2 for side in kernel.shape)
    return odd and turned <= _SYMMETRIC * float(kernel.abs().max())
