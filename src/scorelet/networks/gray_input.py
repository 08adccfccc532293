"""What networks of gray images read of colour images: luma of standardised colours.

    u = Σ_c a_c (x_c - m_c) / s_c,    a = (0.2989, 0.587, 0.114),

m and s mean and deviation of ImageNet's colours. Gray images become (x - 0.5) / 0.25.
"""

import torch
from torch import Tensor

from scorelet.networks.learned_scattering import IMAGENET_MEAN, IMAGENET_STD

LUMA = (0.2989, 0.587, 0.114)
"""Weights of torchvision's Grayscale."""


def standard_luma(x: Tensor) -> Tensor:
    """Return u, (batch, 1, h, w), of images (batch, 3 or 1, h, w) with values in [0, 1]."""
    if x.shape[1] == 1:
        return (x - 0.5) / 0.25
    mean, deviation, weight = (
        torch.tensor(values, dtype=x.dtype, device=x.device)[:, None, None]
        for values in (IMAGENET_MEAN, IMAGENET_STD, LUMA)
    )
    return ((x - mean) / deviation * weight).sum(1, keepdim=True)
