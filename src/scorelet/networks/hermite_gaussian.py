"""Hermite-Gaussian functions: smooth filters much like those that trained networks share.

Symbols: H_n the Hermite polynomials, σ a width in pixels, t = x / σ:

    h_mn(x, y) = H_m(x/σ) H_n(y/σ) exp(-(x² + y²) / (2 σ²))

Reference: what Guth, Ménard 2024, arXiv 2409.19460, section 2.2 say of spatial filters fits these;
the paper names no formula.
"""

import torch
from torch import Tensor

COUNT = 5
"""Filters: orders (0, 0), (1, 0), (0, 1), (1, 1) and (2, 0) + (0, 2)."""
_SHARE = 0.2  # σ over the side


def hermite_gaussians(size: int) -> Tensor:
    """Return the five filters of lowest order, orthonormalised in that order, σ = size / 5.

    Args:
        size: side in pixels, odd, at least 3.

    Returns:
        (5, size, size), float64; vec(f_i)ᵀ vec(f_j) = δ_ij.
    """
    place = torch.arange(size, dtype=torch.float64) - size // 2
    t = place / (_SHARE * size)
    window = (-t.square() / 2).exp()
    h = [window, 2 * t * window, (4 * t.square() - 2) * window]
    pairs = [((0, 0),), ((0, 1),), ((1, 0),), ((1, 1),), ((2, 0), (0, 2))]
    rows = [torch.stack([torch.outer(h[m], h[n]) for m, n in each]).sum(0) for each in pairs]
    basis, triangle = torch.linalg.qr(torch.stack(rows).flatten(1).mT)
    return (basis * triangle.diagonal().sign()).mT.reshape(COUNT, size, size)
