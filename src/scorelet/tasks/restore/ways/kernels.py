"""The kernel of a blur, one with a name or a given one, of sum 1."""

from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from scorelet.core.arrays import plain_array
from scorelet.core.errors import InputError
from scorelet.core.paths import as_path
from scorelet.data import read_picture
from scorelet.models.measurements import named_blur
from scorelet.tasks.restore.ways.base import BlurKernel, Words
from scorelet.tasks.restore.ways.saved import SUFFIX, saved_array

_SUM = 1e-3
"""Error of a sum of 1; and the least sum, over that of the sizes of the weights."""


def blur_kernel(words: Words) -> tuple[Tensor, tuple[str, ...]]:
    """Return the kernel of a blur with a name or of a given one, and what was done to it.

    Raises:
        InputError: one that cannot be read, or that is no kernel.
        ImageFileError: a picture of one that cannot be read.
    """
    if words.blur is not None:
        return named_blur(words.blur), ()
    assert words.kernel is not None
    return given_kernel(words.kernel)


def given_kernel(given: BlurKernel) -> tuple[Tensor, tuple[str, ...]]:
    """Return a kernel divided by its sum, and a word if that is another than one expects."""
    file = isinstance(given, str | Path)
    kernel = _read(given) if file else plain_array(given, what="kernel")
    if kernel.dtype.kind not in "fiu":
        raise InputError("The kernel is no array of real numbers: expected (rows, columns).")
    counts = file and kernel.dtype.kind == "u"  # how white pixels are
    kernel = kernel.astype(np.float64)
    total = float(kernel.sum())
    if not np.isfinite(total) or total <= _SUM * np.abs(kernel).sum():
        raise InputError(
            f"The kernel holds NaN, or its sum is not above 0 ({total:.4g}): expected weights of "
            "sum 1."
        )
    said = f"the kernel has the sum {total:.4g}, and was divided by it"
    other = abs(total - 1) > _SUM
    found = torch.from_numpy(np.ascontiguousarray(kernel / total if other else kernel))
    return found, (said,) if other and not counts else ()


def _read(kernel: str | Path) -> np.ndarray:
    path = as_path(str(kernel), name="kernel")
    if not path.is_file():
        raise InputError(
            f"There is no file {path}: kernel names an .npy file or a picture; a Gaussian blur is "
            "told by its standard deviation in pixels, as blur."
        )
    saved = path.suffix.lower() in (SUFFIX, ".npz")
    return saved_array(path, "kernel") if saved else _read_gray(path)


def _read_gray(path: Path) -> np.ndarray:
    pixels = read_picture(path).pixels
    if (pixels != pixels[..., :1]).any():
        raise InputError(f"{path} has colours: a picture of a kernel is gray, black where it is 0.")
    return pixels[..., 0]
