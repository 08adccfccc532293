"""How fast the kernel of random features converges to its limit, the arc-cosine kernel.

Symbols: x ~ N(0, diag(1/i)) with 32 numbers, W (d, 32) white; error |k^ - k|² / |k|² over all
pairs of points. It falls as 1/d.
"""

from typing import Any

import torch

from scorelet.analysis.random_features import (
    arc_cosine_kernel,
    convergence_slope,
    random_features,
)
from scorelet.core.random import generator
from scorelet.recipes.subjects.rainbow.settings import Kernel

NUMBERS = 32
"""Of a point."""


def kernel_errors(setup: Kernel, seed: int) -> dict[str, Any]:
    """Return the mean error at each width, and the slope of log error over log width by part."""
    scale = torch.arange(1, NUMBERS + 1, dtype=torch.float64).rsqrt()
    points = torch.randn(setup.inputs, NUMBERS, generator=generator(seed, 0), dtype=torch.float64)
    x = points * scale
    exact = arc_cosine_kernel(x, x)
    power = exact.square().sum()

    def error(width: int, draw: int) -> float:
        rng = generator(seed, 1, width, draw)
        weights = torch.randn(width, NUMBERS, generator=rng, dtype=torch.float64)
        features = random_features(x, weights)
        return float((features @ features.mT - exact).square().sum() / power)

    found = torch.tensor(
        [[error(width, draw) for draw in range(setup.draws)] for width in setup.widths],
        dtype=torch.float64,
    )
    parts = found.unflatten(1, (setup.parts, -1)).mean(2)
    slopes = [convergence_slope(setup.widths, part.tolist()) for part in parts.mT]
    return {"errors": found.mean(1).tolist(), "slopes": slopes}
