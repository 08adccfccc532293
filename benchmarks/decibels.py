"""The PSNR of pictures that are arrays."""

import numpy as np
import torch

from scorelet.analysis import psnr


def decibels(estimate: np.ndarray, x: np.ndarray, *, white: float = 1.0) -> float:
    """Return the PSNR of an estimate, in dB; infinite where it is x.

    Args:
        estimate: as many values as x has, in any shape.
        x: the truth.
        white: the value of white, 255 for bytes.
    """
    pair = (
        torch.from_numpy(np.asarray(y, float) / white).reshape(1, 1, 1, -1) for y in (estimate, x)
    )
    return float(psnr(*pair))
