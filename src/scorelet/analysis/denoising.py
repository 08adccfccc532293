"""How well clean pictures come back from white noise: PSNR and SSIM by noise level.

Protocol: sigma in 8-bit units; noise is added to [0, 1] pixels without clipping, from the seed =
index of the picture; the result is clipped to [0, 1]; figures are means over pictures.
"""

import math
from collections.abc import Callable, Iterator, Sequence

import numpy as np
import torch

from scorelet.analysis.image_quality import SMALLEST, psnr, ssim
from scorelet.core.random import generator
from scorelet.core.typing import Image
from scorelet.data import to_unit

Pixels = np.ndarray
Row = dict[str, float | None]

Estimate = Callable[[Pixels, float, int], Pixels]
"""Maps noisy (height, width, channels) floats, sigma, both in [0, 1] units, and the number of the
picture to clean ones."""

SIGMAS = (15.0, 25.0, 50.0)
"""Noise levels of most published tables, in 8-bit units."""


def noisy_pairs(pictures: Sequence[Pixels], sigma: float) -> Iterator[tuple[Image, Image]]:
    """Yield (clean, noisy) of the protocol, each (1, channel, height, width)."""
    for index, picture in enumerate(pictures):
        clean = torch.from_numpy(to_unit(picture)).permute(2, 0, 1)[None].contiguous()
        noise = torch.randn(clean.shape, generator=generator(index))
        yield clean, clean + sigma / 255 * noise


def quality(
    estimate: Estimate, pictures: Sequence[Pixels], sigma: float, *, structure: bool = True
) -> Row:
    """Return {sigma, psnr, psnr_error, ssim} of a denoiser at one noise level.

    Args:
        estimate: the denoiser.
        pictures: clean arrays (height, width, channels).
        sigma: 8-bit units.
        structure: also measure SSIM (needs torchmetrics).

    `psnr` is infinite if a result equals its picture. `psnr_error` is the standard error of the
    mean over pictures, None for a single one or an infinite mean. `ssim` is None if a picture is
    smaller than `scorelet.analysis.image_quality.SMALLEST`.
    """
    decibels, similarity = [], []
    small = smallest_side(pictures) < SMALLEST
    for number, (clean, noisy) in enumerate(noisy_pairs(pictures, sigma)):
        samples = np.ascontiguousarray(noisy[0].permute(1, 2, 0).numpy())
        answer = torch.from_numpy(estimate(samples, sigma / 255, number))
        result = answer.permute(2, 0, 1)[None].clamp(0, 1)
        decibels.append(float(psnr(result, clean)))
        if structure and not small:
            similarity.append(float(ssim(result, clean)))
    row: Row = {"sigma": sigma, "psnr": float(np.mean(decibels))}
    row["psnr_error"] = standard_error(decibels)
    if structure:
        row["ssim"] = None if small else float(np.mean(similarity))
    return row


def standard_error(values: Sequence[float]) -> float | None:
    """Return the standard error of a mean, s / sqrt(n) with s² = sum (x - mean)² / (n - 1).

    None where it is unknown: for one value, or if one is infinite.
    """
    if len(values) < 2 or not np.isfinite(values).all():
        return None
    return float(np.std(values, ddof=1) / math.sqrt(len(values)))


def smallest_side(pictures: Sequence[Pixels]) -> int:
    """Return the smallest height or width in pixels."""
    return min(min(picture.shape[:2]) for picture in pictures)
