"""The filters that denoisers are at a picture: rows of their Jacobians.

Symbols: f denoiser, y noisy picture, u pixel; ∂f_u/∂y is the window in which pixels are averaged
for u. A bias-free f is f_u(y) = Σ_v (∂f_u/∂y_v) y_v.
"""

import torch
from torch import Tensor

from scorelet.core.typing import Image
from scorelet.models import Denoiser


def filters_at(denoiser: Denoiser, y: Image, sigma: float, places: list[tuple[int, int]]) -> Tensor:
    """Return ∂f_u/∂y of one picture, (len(places), height, width).

    Args:
        denoiser: f.
        y: (1, 1, height, width).
        sigma: its noise level.
        places: u, rows and columns.
    """
    point = y.detach().clone().requires_grad_(True)
    with torch.enable_grad():
        value = denoiser(point, sigma)
        rows = [
            torch.autograd.grad(value[0, 0, i, j], point, retain_graph=True)[0][0, 0]
            for i, j in places
        ]
    return torch.stack(rows)


def far_share(rows: Tensor, places: list[tuple[int, int]], radius: int) -> float:
    """Return which share of the squares of filters lies further away than `radius` pixels."""
    far = []
    for row, (i, j) in zip(rows, places, strict=True):
        near = row[max(0, i - radius) : i + radius + 1, max(0, j - radius) : j + radius + 1]
        far.append(1 - float(near.square().sum() / row.square().sum()))
    return sum(far) / len(far)
