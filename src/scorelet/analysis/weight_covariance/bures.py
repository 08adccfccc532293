"""Bures-Wasserstein geometry of covariances, by thin factors.

Symbols: C_i = V_i diag(λ_i) V_iᴴ; ‖·‖₁ the nuclear norm.

    d² = tr C₁ + tr C₂ - 2 ‖C₁^½ C₂^½‖₁,     cos = ‖C₁^½ C₂^½‖₁ / √(tr C₁ tr C₂)

‖C₁^½ C₂^½‖₁ is the nuclear norm of diag(√λ₁) V₁ᴴ V₂ diag(√λ₂), (r₁, r₂): no root of a (d, d) matrix
is taken. The cosine lies in [0, 1] and is 1 for proportional covariances only.

Reference: Guth, Ménard 2024, arXiv 2409.19460, eq. 5.
"""

import torch
from torch import Tensor

from scorelet.analysis.weight_covariance.spectrum import Spectrum


def root_overlap(first: Spectrum, second: Spectrum) -> Tensor:
    """Return ‖C₁^½ C₂^½‖₁."""
    inner = first.vectors.mH @ second.vectors.to(first.vectors)
    scaled = first.values.sqrt()[:, None] * inner * second.values.sqrt()
    return torch.linalg.svdvals(scaled).sum() if scaled.numel() else torch.zeros(()).double()


def bures_distance(first: Spectrum, second: Spectrum) -> float:
    """Return d, not negative."""
    power = first.trace + second.trace
    return float((power - 2 * root_overlap(first, second)).clamp(min=0).sqrt())


def bures_cosine(first: Spectrum, second: Spectrum) -> float:
    """Return the cosine; NaN where a covariance is 0."""
    power = first.trace * second.trace
    return float(root_overlap(first, second) / power.sqrt()) if power > 0 else float("nan")
