"""The spatial covariance of the filters of a convolution.

    K = (outputs · inputs)⁻¹ Σ_oi vec(w_oi) vec(w_oi)ᵀ

with w_oi the filter (k, k) from input i to output o.
Its leading eigenvectors are much the same in most layers of most networks of natural images.

Reference: Guth, Ménard 2024, arXiv 2409.19460, section 2.2.
"""

import torch
from torch import Tensor

from scorelet.core.errors import InputError


def spatial_covariance(weight: Tensor) -> Tensor:
    """Return K, (k², k²), float64, of the weights (outputs, inputs, k, k) of a convolution.

    Raises:
        InputError: other shapes.
    """
    if weight.ndim != 4:
        raise InputError(
            f"Weights have shape {tuple(weight.shape)}: expected (outputs, inputs, height, width)."
        )
    filters = weight.detach().to(torch.float64).flatten(2).flatten(0, 1)
    return filters.mT @ filters / len(filters)
