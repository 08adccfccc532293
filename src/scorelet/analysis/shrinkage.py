"""Shrinkage in a fixed orthonormal basis by an oracle: what a denoiser's own basis competes with.

Symbols: c_k = <x, e_k> coefficients of the clean image, y = x + σ z. Of all factors λ_k, those that
minimise E Σ (λ_k <y, e_k> - c_k)² = Σ [(1 - λ_k)² c_k² + λ_k² σ²] are

    λ_k = c_k² / (c_k² + σ²),    with the error Σ σ² c_k² / (c_k² + σ²) = σ² Σ λ_k,

which lies between ½ Σ min(c_k², σ²) and Σ min(c_k², σ²).

References: Kadkhodaie et al. 2024, arXiv 2310.02557, eqs. 11 and 12.
"""

import math
from dataclasses import dataclass

import torch
from torch import Tensor

from scorelet.core.errors import InputError
from scorelet.core.typing import Image
from scorelet.models.measurements.cosines import cosine_transform
from scorelet.wavelets import OrthogonalWavelet


@dataclass(frozen=True)
class OracleShrinkage:
    """The best factors in one basis.

    Attributes:
        factors: λ, descending, as many as the image has numbers.
        error: σ² Σ λ_k, the expected total squared error.
    """

    factors: Tensor
    error: float


def oracle_shrinkage(coefficients: Tensor, sigma: float) -> OracleShrinkage:
    """Return the best factors for these coefficients of the clean image.

    Args:
        coefficients: c, of any shape, in an orthonormal basis.
        sigma: noise level, in the unit of the image, positive.

    Raises:
        InputError: sigma is not positive and finite, or no coefficients, or some that are not
            finite.
    """
    if not 0 < sigma < math.inf:
        raise InputError(f"sigma must be positive and finite, got {sigma}.")
    if not coefficients.numel():
        raise InputError("There are no coefficients: give those of an image.")
    if not bool(coefficients.isfinite().all()):
        raise InputError("The coefficients hold NaN or infinite numbers: fill them first.")
    power = coefficients.double().flatten().square()
    factors = (power / (power + sigma**2)).sort(descending=True).values
    return OracleShrinkage(factors, sigma**2 * float(factors.sum()))


def cosine_coefficients(x: Image) -> Tensor:
    """Return the orthonormal two-dimensional cosine transform (DCT-II) of each channel."""
    return cosine_transform(x.double())


def wavelet_coefficients(x: Image, wavelet: str = "db4") -> Tensor:
    """Return all coefficients (batch, d) of as many levels as the sides of the image allow."""
    levels = wavelet_levels(x)
    if levels == 0:
        return x.double().flatten(1)
    pyramid = OrthogonalWavelet(wavelet, levels=levels).analyze(x.double())
    return torch.cat([band.flatten(1) for band in (pyramid.low, *pyramid.details)], 1)


def wavelet_levels(x: Image) -> int:
    """Return how often both sides of images can be halved: the levels that wavelets have there."""
    return min(_halvings(side) for side in x.shape[-2:])


def with_levels(x: Image, levels: int = 3) -> Tensor:
    """Return images without their last rows and columns, if that gives wavelets `levels` levels.

    Sides that are too short for that get as many as they can; those that have them stay.
    """
    fewer = min(levels, min(x.shape[-2:]).bit_length() - 1)
    height, width = (side >> fewer << fewer for side in x.shape[-2:])
    return x[..., :height, :width]


def _halvings(side: int) -> int:
    """Return how often a side can be halved."""
    return (side & -side).bit_length() - 1
