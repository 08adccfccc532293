"""Training and held-out pictures under noise: what a denoiser gains on those that it has seen.

Symbols: x picture with values in [0, 1], z standard normal, y = x + σ z, f denoiser,
PSNR = -10 log10 of the mean square error of f(y) per pixel.

References: Kadkhodaie, Guth, Simoncelli, Mallat 2024, arXiv 2310.02557, figures 1 and 15.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeVar

import torch
from jaxtyping import Float
from torch import Tensor

from scorelet.analysis.image_quality import psnr
from scorelet.core.errors import InputError
from scorelet.core.random import Noise
from scorelet.core.typing import Image
from scorelet.models import Denoiser

SIGMAS = (1.0, 0.56, 0.3, 0.18, 0.1)
"""Noise levels, input PSNR 0 to 20 dB."""
BATCH = 64
EXACT = 100.0
"""dB of an answer without any error, and of what is closer."""
LARGE_GAP, SMALL_GAP = 3.0, 1.5
"""dB: a gap above the first is one of memory; below the second training pictures are no others."""

Levels = Float[Tensor, "levels n"]
Value = TypeVar("Value")


@dataclass(frozen=True)
class Curve:
    """PSNR by noise level, in dB.

    Attributes:
        mean: of the PSNR of each picture; `error` is its standard error, NaN for one picture.
        of_mean: PSNR of the mean square error over all pictures, which hard ones decide.
    """

    mean: tuple[float, ...]
    error: tuple[float, ...]
    of_mean: tuple[float, ...]


@dataclass(frozen=True)
class Gap:
    """PSNR of training pictures less that of held-out ones, averaged over noise levels, in dB.

    Attributes:
        value: of the gap.
        error: standard error, as the pictures of both sets are random; NaN for a single picture.
    """

    value: float
    error: float


def noisy(clean: Image, sigma: float, level: int, seed: int, start: int = 0) -> Image:
    """Return x + σ z; z is a function of (seed, start + place in the batch, level)."""
    numbers = range(start, start + len(clean))
    return clean + sigma * Noise(seed, numbers, scale=level).normal(clean)


def psnr_by_level(
    denoiser: Denoiser, clean: Image, sigmas: Sequence[float], *, seed: int = 0
) -> Levels:
    """Return the PSNR of each picture at each level, (levels, n), in dB, `EXACT` at most.

    Args:
        denoiser: f; it is run without gradients.
        clean: x.
        sigmas: levels, positive.
        seed: of the noise, which does not depend on the denoiser.

    Raises:
        InputError: no picture, or levels that are not positive.
    """
    check_levels(clean, sigmas)
    found = clean.new_empty((len(sigmas), len(clean)), dtype=torch.float64)
    for level, sigma in enumerate(sigmas):
        for start in range(0, len(clean), BATCH):
            x = clean[start : start + BATCH]
            with torch.no_grad():
                estimate = denoiser(noisy(x, sigma, level, seed, start), sigma)
            found[level, start : start + BATCH] = psnr(estimate, x).clamp(max=EXACT)
    return found


def curve(levels: Levels) -> Curve:
    """Average what `psnr_by_level` returns over the pictures."""
    mse = 10 ** (-levels / 10)
    return Curve(
        tuple(levels.mean(1).tolist()),
        tuple((levels.std(1) / math.sqrt(levels.shape[1])).tolist())
        if levels.shape[1] > 1
        else (math.nan,) * len(levels),
        tuple((-10 * mse.mean(1).log10()).tolist()),
    )


def psnr_gap(train: Levels, test: Float[Tensor, "other_levels m"]) -> Gap:
    """Return the gap of two answers of `psnr_by_level` at the same levels.

    Raises:
        InputError: different numbers of levels.
    """
    if len(train) != len(test):
        raise InputError(f"{len(train)} and {len(test)} noise levels are compared: give the same.")
    means = [levels.mean(0) for levels in (train, test)]  # one number for each picture
    squares = [float(m.var() / len(m)) if len(m) > 1 else math.nan for m in means]
    return Gap(float(means[0].mean() - means[1].mean()), math.sqrt(sum(squares)))


def at_middle(values: Sequence[Value]) -> Value:
    """Return what belongs to the middle noise level, that of V and the lead in a verdict.

    Args:
        values: by level; of an even number the second of both in the middle is taken.
    """
    return values[len(values) // 2]


def check_levels(clean: Image, sigmas: Sequence[float]) -> None:
    """Raise InputError for no picture or no positive level."""
    if len(clean) == 0:
        raise InputError("There is no picture to measure on: give at least one.")
    if not sigmas or not all(0 < sigma < math.inf for sigma in sigmas):
        raise InputError(f"The noise levels are {list(sigmas)}: expected positive numbers.")
