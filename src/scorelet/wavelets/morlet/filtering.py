"""Band-pass filters in Fourier with subsampling: one small matrix for each frequency of the result.

A filter is a product, and subsampling by k the mean over the k x k aliases of a frequency. Both
together map k² aliases to the angles; the products, k² times as many numbers as are left of them,
are never stored.
"""

import numpy as np
import torch
from torch import Tensor


def folding(responses: np.ndarray, step: int) -> np.ndarray:
    """Return filters (angles, height, width) and subsampling by `step` as `filtered` wants them.

    They are (height / step, width / step, angles, step²): weights of the aliases of a frequency.
    """
    angles, height, width = responses.shape
    aliases = responses.reshape(angles, step, height // step, step, width // step)
    weights = aliases.transpose(2, 4, 0, 1, 3) / step**2
    return weights.reshape(height // step, width // step, angles, step**2)


def filtered(spectrum: Tensor, weights: Tensor) -> Tensor:
    """Multiply a spectrum by filters, subsample by folding, and come back to space.

    Args:
        spectrum: (..., height, width), complex.
        weights: from `folding`, (m, n, angles, step²).

    Returns:
        (..., angles, m, n), complex.
    """
    m, n, angles, aliases = weights.shape
    if aliases == 1:
        return torch.fft.ifft2(spectrum[..., None, :, :] * weights[..., 0].permute(2, 0, 1))
    step = spectrum.shape[-1] // n
    parts = spectrum.reshape(-1, step, m, step, n).permute(2, 4, 1, 3, 0)
    parts = torch.view_as_real(parts.reshape(m * n, aliases, -1)).flatten(2)
    sums = weights.reshape(m * n, angles, aliases) @ parts
    folded = torch.view_as_complex(sums.reshape(m, n, angles, -1, 2)).permute(3, 2, 0, 1)
    return torch.fft.ifft2(folded.reshape(*spectrum.shape[:-2], angles, m, n))
