"""How far an estimate is from a picture: PSNR and SSIM for values in [0, 1]."""

import math

import torch

from scorelet.core.errors import InputError, MissingExtraError
from scorelet.core.typing import Image, PerSample

SMALLEST = 6
"""Smallest side in pixels for `ssim`: half its window, mirrored."""


def decibels(mean_square: float) -> float:
    """Return -10 log10 of a mean squared error, in dB, for a peak of 1; inf where there is none."""
    return -10 * math.log10(mean_square) if mean_square else math.inf


def psnr(estimate: Image, reference: Image) -> PerSample:
    """Return -10 log10(mean squared error) per picture, in dB, for a peak of 1."""
    return -10 * (estimate.double() - reference.double()).square().mean((1, 2, 3)).log10()


def ssim(estimate: Image, reference: Image) -> PerSample:
    """Return the structural similarity per picture, in [-1, 1].

    Gaussian window 11x11 of standard deviation 1.5, K = (0.01, 0.03), mean over channels, by
    torchmetrics; borders are mirrored.

    Raises:
        InputError: a side below 6 pixels.
        MissingExtraError: torchmetrics is not installed.

    References:
        Wang, Bovik, Sheikh, Simoncelli, IEEE Trans. Image Processing 13, 2004.
    """
    try:
        from torchmetrics.functional.image import structural_similarity_index_measure as measure
    except ImportError as error:
        raise MissingExtraError("torchmetrics", "train") from error
    if min(estimate.shape[-2:]) < SMALLEST:
        raise InputError(
            f"SSIM needs pictures of at least {SMALLEST} pixels a side, got "
            f"{estimate.shape[-2]}x{estimate.shape[-1]}."
        )
    value = measure(estimate, reference, data_range=1.0, reduction="none")
    return torch.as_tensor(value).reshape(len(estimate))
