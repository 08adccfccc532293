"""Concentration: a non-linearity inside a tight frame, Fᵀ ρ_λ(F u), at every pixel.

Rows of F have the norm √(min(C, p)/p), so that F u has coefficients of about 1/√p where |u| = 1:
the unit of the threshold λ.

References: Zarka, Guth, Mallat 2021, arXiv 2012.10424.
"""

import math

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from scorelet.core.errors import InputError

THRESHOLDS = {"soft": 1.5, "relu": 1.0, "relu0": 0.0, "abs": 0.0, "identity": 0.0}
"""λ √p by name; relu subtracts λ first, relu0 is without bias."""


class Concentration(nn.Module):
    """u → Fᵀ ρ_λ(F u) with one F of `atoms` rows for both directions.

    Args:
        channels: C, of the image.
        atoms: p, rows of F.
        shrinkage: a name of `THRESHOLDS`.

    Rows are brought to their norm in each call; the weight itself is not changed.
    """

    def __init__(self, channels: int, atoms: int, *, shrinkage: str = "soft") -> None:
        super().__init__()
        if shrinkage not in THRESHOLDS:
            raise InputError(f"Unknown shrinkage {shrinkage!r}: one of {', '.join(THRESHOLDS)}.")
        self.channels, self.atoms, self.shrinkage = channels, atoms, shrinkage
        self.weight = nn.Parameter(nn.init.orthogonal_(torch.empty(atoms, channels)))

    def frame(self) -> Tensor:
        """Return F, (atoms, channels)."""
        norm = math.sqrt(min(self.channels, self.atoms) / self.atoms)
        return self.weight * (norm / self.weight.norm(dim=1, keepdim=True).clamp(min=1e-12))

    def coefficients(self, u: Tensor) -> Tensor:
        """Return ρ_λ(F u), (batch, atoms, h, w)."""
        return shrink(F.conv2d(u, self.frame()[..., None, None]), self.shrinkage, self.threshold)

    @property
    def threshold(self) -> float:
        """λ."""
        return THRESHOLDS[self.shrinkage] / math.sqrt(self.atoms)

    def forward(self, u: Tensor) -> Tensor:
        """Return Fᵀ ρ_λ(F u), the shape of u."""
        return F.conv2d(self.coefficients(u), self.frame().mT[..., None, None])


def shrink(u: Tensor, shrinkage: str, threshold: float) -> Tensor:
    """Return ρ(u): sign(u) max(|u| - λ, 0), max(u - λ, 0), |u| or u.

    Raises:
        InputError: an unknown name.
    """
    match shrinkage:
        case "soft":
            return F.softshrink(u, threshold)
        case "relu" | "relu0":
            return (u - threshold).relu()
        case "abs":
            return u.abs()
        case "identity":
            return u
    raise InputError(f"Unknown shrinkage {shrinkage!r}: one of {', '.join(THRESHOLDS)}.")
