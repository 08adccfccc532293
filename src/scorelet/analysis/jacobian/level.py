"""The noise level of an image, from what a map takes away and its Jacobian, and SURE with it.

Symbols: y noisy image, f(y) the clean one, r = y - f(y), J = ∇f(y), d numbers in y.

Of the best denoiser E r_i² = σ² (1 - E J_ii) at each pixel, so the residual is less than the noise
by what the denoiser keeps. Both are measured in the blocks where f(y) varies least, where hardly
any image is in r.
"""

import math

import numpy as np
from torch import Tensor

from scorelet.analysis.jacobian.trace import Estimate, Traces
from scorelet.analysis.noise_level import BLOCK, ResidualMeter, curve_name
from scorelet.core.blocks import block_means
from scorelet.models import Denoiser

FINDABLE = 8
"""Pixels a side from which on a noise level is found."""
_MOST_KEPT = 0.9
"""Share of the dimensions of flat blocks that counts as kept at most: nearer to 1 the residual says
nothing of σ."""
_NEARLY_ALL = 0.99
"""Share that the error of σ counts with at most."""


def found_level(f: object, y: Tensor, denoised: Tensor, diagonal: Tensor) -> Estimate | None:
    """Return the noise level by the residual in flat blocks; None for what is no image.

    What is calibrated has its level by the curve, and others by J. The error holds the spread over
    blocks, and of the curve its distance from the level by J, too; and where more is kept than
    counts, by how much the level would be larger if all of it did.

    Args:
        f: the map; a denoiser may have curves.
        y, denoised: of one image.
        diagonal: J_ii, as y.
    """
    planes = y.reshape(-1, *y.shape[-2:]) if y.ndim > 1 else None
    if planes is None or planes.shape[0] > 4 or min(y.shape[-2:]) < FINDABLE:
        return None
    noisy, clean, kept = (  # in float64, as squares of large values are beyond float32
        image.reshape(planes.shape).permute(1, 2, 0).cpu().double().numpy()
        for image in (y, denoised, diagonal)
    )
    meter = ResidualMeter(bounded=False)
    meter.add(noisy, clean)
    flattest = meter.flattest()
    if not len(flattest):
        return None
    power, share = (
        block_means(values, BLOCK).mean(-1).ravel()[flattest]
        for values in ((noisy - clean) ** 2, kept)
    )
    by_jacobian, with_all = (
        meter.raw() / math.sqrt(1 - min(float(share.mean()), most))
        for most in (_MOST_KEPT, _NEARLY_ALL)
    )
    curves = f.calibration if isinstance(f, Denoiser) else {}
    curve = curves.get(curve_name(len(planes), bounded=False))
    level = meter.sigma(curve) if curve else by_jacobian
    chance = level * _spread(power, len(planes))
    return Estimate(level, math.hypot(chance, level - by_jacobian, with_all - by_jacobian))


def _spread(power: np.ndarray, channels: int) -> float:
    """Return the relative standard error of the root of a mean over blocks.

    It is at least that of white noise of so many numbers.
    """
    over_blocks = float(power.std()) / float(power.mean()) / math.sqrt(len(power)) / 2
    return max(over_blocks, 1 / math.sqrt(2 * len(power) * BLOCK**2 * channels))


def sure(residual: float, sigma: Estimate, size: int, known: Traces) -> Estimate:
    """Return SURE = ‖r‖² + σ² (2 tr J - d), and by how much it misses ‖x - f(y)‖².

    The mean of (SURE - ‖x - f(y)‖²)² is that of 4 σ² ‖r‖² + 4 σ⁴ tr J² - 2 σ⁴ d (Bellec and Zhang).
    Where this is not positive, as of a σ that is too large, it is 2 σ⁴ d, that of a denoiser which
    is exact. The errors of tr J and of a level that was found come on top.
    """
    level, excess = sigma.value, 2 * known.trace.value - size
    variance = 4 * level**2 * residual + level**4 * (4 * known.of_square - 2 * size)
    chance = variance if variance > 0 else 2 * level**4 * size
    of_trace, of_level = 2 * level**2 * known.trace.error, 2 * level * excess * sigma.error
    return Estimate(residual + level**2 * excess, math.hypot(math.sqrt(chance), of_trace, of_level))
