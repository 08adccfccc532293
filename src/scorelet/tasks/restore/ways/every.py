"""Every factor-th pixel of a picture was kept: the others are missing, as those of `inpaint`.

Block means or a kernel would start from rougher guesses: the surface through kept pixels, and what
it is worth, keep smooth pictures (of four photographs up to 8 dB).
"""

import math

import numpy as np
from torch import Tensor

from scorelet.models.measurements import KnownPixels, Observation
from scorelet.sampling import AscentSchedule
from scorelet.tasks.restore.ways.guess import smooth_guess
from scorelet.tasks.restore.ways.inpaint import filling
from scorelet.tasks.restore.ways.known import as_tensor


def between(
    x: Tensor, factor: int, sigma: float
) -> tuple[Observation, Tensor, AscentSchedule, Tensor | None]:
    """Return what is observed of the large picture, a first guess, noise levels, and its share.

    Args:
        x: kept pixels, factor // 2 of each block in both directions, (1, channel, height, width).
        factor: side of a block.
        sigma: level of the noise in them.
    """
    kept = np.s_[factor // 2 :: factor, factor // 2 :: factor]
    large = x.new_zeros((*x.shape[:2], *(factor * side for side in x.shape[2:])))
    large[(..., *kept)] = x
    mask = np.zeros(large.shape[2:], bool)
    mask[kept] = True
    pixels = KnownPixels(mask, noise=sigma)
    guess = smooth_guess(large[0].permute(1, 2, 0).numpy(), mask)
    shared = not sigma or 2 * sigma <= guess.error < math.inf
    schedule = filling(sigma, guess.error if shared else None)
    share = as_tensor(guess.share) if shared else None
    return Observation(pixels, large), as_tensor(guess.pixels), schedule, share
