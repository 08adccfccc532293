"""Tight frames: matrices W with orthonormal rows (or columns), and how training keeps them so.

    W ← (1 + β) W - β W Wᵀ W:   each singular value moves as s ← (1 + β) s - β s³, towards 1.

References: Cisse et al. 2017, arXiv 1704.08847; Zarka, Guth, Mallat 2021, arXiv 2012.10424.
"""

import torch
from torch import Tensor, nn

from scorelet.core.network import TightFrames


@torch.no_grad()
def parseval_step(weight: Tensor, beta: float = 5e-4) -> None:
    """Take one step in place; the weight is flattened to (rows, all else)."""
    w = weight.flatten(1)
    product = w @ (w.mT @ w) if w.shape[0] > w.shape[1] else (w @ w.mT) @ w
    w.mul_(1 + beta).sub_(product, alpha=beta)
    weight.copy_(w.view_as(weight))


@torch.no_grad()
def polar_retraction(weight: Tensor) -> None:
    """Replace W = U S Vᵀ by U Vᵀ, the nearest matrix with all singular values 1, in place."""
    left, _, right = torch.linalg.svd(weight.flatten(1), full_matrices=False)
    weight.copy_((left @ right).view_as(weight))


def tight_weights(model: nn.Module) -> list[Tensor]:
    """Return the weights that the networks in `model` want to be kept tight."""
    return [w for m in model.modules() if isinstance(m, TightFrames) for w in m.tight_weights()]
