"""The kernel of a blur, a Gaussian or a given one: symmetric, and of sum 1."""

from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from scorelet.core.arrays import plain_array
from scorelet.core.errors import InputError
from scorelet.core.paths import as_path
from scorelet.models.measurements import gaussian_kernel
from scorelet.tasks.restore.ways.base import Words

_ROUNDING, _ASYMMETRY = 1e-6, 0.03
"""Parts of the largest weight up to which a kernel is symmetric, or is one that was measured."""
_SUM = 1e-3
"""Error of a sum of 1."""


def blur_kernel(words: Words) -> tuple[Tensor, tuple[str, ...]]:
    """Return the kernel, and what was done to it.

    Raises:
        InputError: one that cannot be read, or that is no kernel.
    """
    if words.blur is not None:
        return gaussian_kernel(words.blur), ()
    given = words.kernel
    array = _read(given) if isinstance(given, str | Path) else plain_array(given, what="kernel")
    if array.dtype.kind not in "fiu":
        raise InputError("The kernel is no array of real numbers: expected (rows, columns).")
    array = array.astype(np.float64)
    if not np.isfinite(array).all() or array.sum() == 0:
        raise InputError("The kernel holds NaN, or its sum is 0: expected weights of sum 1.")
    return _mended(array)


def _mended(kernel: np.ndarray) -> tuple[Tensor, tuple[str, ...]]:
    """Return a kernel that is nearly symmetric, or of another sum, as it should be."""
    said, total = [], float(kernel.sum())
    if total > 0 and abs(total - 1) > _SUM:
        kernel = kernel / total
        said.append(f"the kernel has the sum {total:.4g}, and was divided by it")
    if kernel.ndim == 2:
        even = (kernel + kernel[::-1] + kernel[:, ::-1] + kernel[::-1, ::-1]) / 4
        off = float(np.abs(kernel - even).max() / np.abs(kernel).max())
        if _ROUNDING / 2 < off <= _ASYMMETRY:
            kernel = even
            said.append(
                f"the kernel is not symmetric by {off:.2g} of its largest weight: the mean of it "
                "and of its mirror images was taken"
            )
    return torch.from_numpy(np.ascontiguousarray(kernel)), tuple(said)


def _read(kernel: str | Path) -> np.ndarray:
    path = as_path(str(kernel), name="kernel")
    if not path.is_file():
        raise InputError(
            f"There is no file {path}: kernel names an .npy file; of a Gaussian blur give its "
            "standard deviation in pixels, as blur."
        )
    try:
        found = np.load(path, allow_pickle=False)
    except (OSError, ValueError) as error:
        raise InputError(f"{path} cannot be read as an .npy file with a kernel.") from error
    if not isinstance(found, np.ndarray):
        found.close()
        raise InputError(f"{path} may hold several arrays: save the kernel alone, as an .npy file.")
    return found
