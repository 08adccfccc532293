"""What of a covariance was learned: eigenvalues above the noise of the initialisation.

Symbols: λ eigenvalues of the empirical covariance, in units of the initial variance; γ = d / n;
ℓ those of the learned part, population covariance = identity + Σ ℓ_k e_k e_kᵀ.

For ℓ > √γ the empirical eigenvalue tends to (1 + ℓ)(1 + γ/ℓ), which `shrink` inverts; at the edge
of the bulk, (1 + √γ)², it gives √γ, below it 0: such spikes cannot be seen.

The largest eigenvalue of n neurons that learned nothing lies around that edge by the law of Tracy
and Widom, above it in one network of six. `learned_part` therefore asks for more than the largest
of noise is in 99 of 100 networks.

References: Guth, Ménard 2024, arXiv 2409.19460, eqs. 3 and 4; Donoho, Gavish, Johnstone, Annals of
Statistics 2018; Johnstone, Annals of Statistics 2001 (the largest eigenvalue).
"""

import torch
from torch import Tensor

from scorelet.analysis.weight_covariance.spectrum import Spectrum

_TRACY_WIDOM = 2.0234  # its 99th percentile, for real numbers; that of complex ones is smaller


def bulk_edges(gamma: float | int) -> tuple[float, float]:
    """Return (1 - √γ)² and (1 + √γ)², between which eigenvalues of pure noise lie."""
    root = gamma**0.5
    return (1 - root) ** 2, (1 + root) ** 2


def largest_of_noise(neurons: int, inputs: int) -> float:
    """Return what the largest eigenvalue of unit noise exceeds in one of 100 networks."""
    roots = max(neurons - 1, 1) ** 0.5, inputs**0.5
    spread = sum(roots) * (1 / roots[0] + 1 / roots[1]) ** (1 / 3)
    return (sum(roots) ** 2 + _TRACY_WIDOM * spread) / neurons


def shrink(values: Tensor, gamma: float | int) -> Tensor:
    """Return ℓ for empirical eigenvalues λ, 0 where they lie within the bulk.

    ℓ = (λ - 1 - γ)/2 + √(((λ + 1 - γ)/2)² - λ).
    """
    values = values.double()
    radicand = ((values + 1 - gamma) / 2).square() - values
    learned = (values - 1 - gamma) / 2 + radicand.clamp(min=0).sqrt()
    return torch.where(values > bulk_edges(gamma)[1], learned, 0.0)


def learned_part(spectrum: Spectrum) -> Spectrum:
    """Return the spectrum of what was learned: shrunk eigenvalues, without those of noise."""
    seen = spectrum.values > largest_of_noise(spectrum.neurons, spectrum.inputs)
    kept = int(seen.sum())
    values = shrink(spectrum.values, spectrum.gamma)
    return Spectrum(values[:kept], spectrum.vectors[:, :kept], spectrum.neurons)


def effective_rank(values: Tensor) -> float:
    """Return Σ k ℓ_k / Σ ℓ_k, k = 1, 2, ..., of descending eigenvalues; NaN where all are 0.

    e^(-k/s) gives about s + 1/2.
    """
    total = values.sum()
    if not len(values) or not total > 0:
        return float("nan")
    ranks = torch.arange(1, len(values) + 1, dtype=torch.float64)
    return float((ranks * values.double()).sum() / total)
