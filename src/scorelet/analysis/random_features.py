"""Random features of rectified linear units, and how fast their kernel converges with the width.

Symbols: φ(x) = d^-½ relu(W x), W (d, inputs) with rows of covariance C; z = C^½ x, t the angle
between z and z'. As d grows <φ(x), φ(x')> tends to

    k(x, x') = ‖z‖ ‖z'‖ (sin t + (π - t) cos t) / (2π),

with a mean squared error that falls as 1/d.

References: Cho, Saul, NeurIPS 2009 (arc-cosine kernels); Guth, Ménard, Rochette, Mallat, JMLR 2024,
arXiv 2305.18512, eq. 11 and theorem 1.
"""

import math
from collections.abc import Sequence

import torch
from torch import Tensor

from scorelet.core.errors import InputError


def arc_cosine_kernel(x: Tensor, y: Tensor, root: Tensor | None = None) -> Tensor:
    """Return k(x_i, y_j), (n, m), in the wider precision of both.

    Args:
        x, y: inputs (n, d) and (m, d).
        root: R with R Rᵀ = C, (d, r), so that z = Rᵀ x; None: C is the identity.
    """
    dtype = torch.promote_types(x.dtype, y.dtype)
    first, second = x.to(dtype), y.to(dtype)
    if root is not None:
        first, second = first @ root.to(dtype), second @ root.to(dtype)
    norms = first.norm(dim=1)[:, None] * second.norm(dim=1)
    cosine = (first @ second.mT / norms.clamp(min=torch.finfo(norms.dtype).tiny)).clamp(-1, 1)
    angle = cosine.acos()
    return norms * (angle.sin() + (math.pi - angle) * cosine) / (2 * math.pi)


def random_features(x: Tensor, weights: Tensor) -> Tensor:
    """Return d^-½ relu(W x), (n, d), of inputs (n, inputs) and weights (d, inputs)."""
    return (x @ weights.mT).relu() / len(weights) ** 0.5


def convergence_slope(widths: Sequence[int | float], errors: Sequence[int | float]) -> float:
    """Return the slope of log error over log width, by least squares; kernels have -1.

    Raises:
        InputError: fewer than two widths that differ, or numbers that are not positive.
    """
    if len(widths) != len(errors) or len(set(widths)) < 2 or min(*widths, *errors) <= 0:
        raise InputError("Give as many errors as widths, at least two that differ, all positive.")
    x, y = (
        torch.tensor([math.log(v) for v in values], dtype=torch.float64)
        for values in (widths, errors)
    )
    x = x - x.mean()
    return float((x * y).sum() / x.square().sum())
