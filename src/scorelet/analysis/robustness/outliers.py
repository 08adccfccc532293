"""Pictures of another kind, told by a log-density.

Symbols: s score of a picture, here log p_σ(y) of y = x + σ z, the higher the more usual.

    AUROC = P(s_in > s_out) + P(s_in = s_out) / 2

1/2 for a score that says nothing. Densities are known up to a constant that depends on σ, so that
only those of one σ can be compared.
"""

import torch
from torch import Tensor

from scorelet.core.errors import InputError
from scorelet.core.random import Noise
from scorelet.core.typing import Image, PerSample
from scorelet.models import JointEnergy


def auroc(usual: Tensor, outliers: Tensor) -> float:
    """Return the probability that a usual picture has the higher score, (n,) and (m,).

    Raises:
        InputError: no scores, or scores that are not finite.
    """
    scores = torch.cat([usual, outliers]).double()
    if not (len(usual) and len(outliers) and bool(scores.isfinite().all())):
        raise InputError("Scores are missing or not finite: give pictures of both kinds.")
    _, place, count = scores.unique(return_inverse=True, return_counts=True)
    ranks = (count.cumsum(0) - (count - 1).double() / 2)[place]  # mean rank of equals
    n, m = len(usual), len(outliers)
    return float((ranks[:n].sum() - n * (n + 1) / 2) / (n * m))


@torch.no_grad()
def log_densities(joint: JointEnergy, x: Image, sigma: int | float, *, seed: int = 0) -> PerSample:
    """Return log p_σ(x + σ z) up to a constant, (batch,); z is a function of (seed, place)."""
    return joint.log_density(with_noise(x, sigma, seed=seed), sigma)


def with_noise(x: Image, sigma: int | float, *, seed: int = 0) -> Image:
    """Return x + σ z; z is a function of (seed, place)."""
    return x + sigma * Noise(seed, range(len(x))).normal(x)
