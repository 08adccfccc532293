"""How far an estimate is from a picture: PSNR and SSIM for values in [0, 1]."""

import math
from typing import Any

import torch
from torch import Tensor

from scorelet.core.errors import InputError, MissingExtraError
from scorelet.core.typing import PerSample

SMALLEST = 6
"""Smallest side in pixels for `ssim`: half its window, mirrored."""


def decibels(mean_square: float) -> float:
    """Return -10 log10 of a mean squared error, in dB, for a peak of 1; inf where there is none."""
    return -10 * math.log10(mean_square) if mean_square else math.inf


def psnr(estimate: Any, reference: Any) -> PerSample:  # noqa: ANN401 - `_check` looks at them
    """Return -10 log10(mean squared error) per picture, in dB, for a peak of 1.

    Args:
        estimate: pictures, a tensor (batch, channel, height, width) of floats in the unit of the
            peak.
        reference: clean ones, of the same shape.

    Raises:
        InputError: no tensors of floats of one such shape.
    """
    _check(estimate, reference)
    return -10 * (estimate.double() - reference.double()).square().mean((1, 2, 3)).log10()


def ssim(estimate: Any, reference: Any) -> PerSample:  # noqa: ANN401 - likewise
    """Return the structural similarity per picture, in [-1, 1].

    Gaussian window 11x11 of standard deviation 1.5, K = (0.01, 0.03), mean over channels, by
    torchmetrics; borders are mirrored.

    Args:
        estimate, reference: as in `psnr`.

    Raises:
        InputError: a side below 6 pixels, or as `psnr`.
        MissingExtraError: torchmetrics is not installed.

    References:
        Wang, Bovik, Sheikh, Simoncelli, IEEE Trans. Image Processing 13, 2004.
    """
    try:
        from torchmetrics.functional.image import structural_similarity_index_measure as measure
    except ImportError as error:
        raise MissingExtraError("torchmetrics", "train") from error
    _check(estimate, reference)
    if min(estimate.shape[-2:]) < SMALLEST:
        raise InputError(
            f"SSIM needs pictures of at least {SMALLEST} pixels a side, got "
            f"{estimate.shape[-2]}x{estimate.shape[-1]}."
        )
    if not len(estimate):
        return estimate.new_zeros(0)
    value = measure(estimate, reference, data_range=1.0, reduction="none")
    return torch.as_tensor(value).reshape(len(estimate))


def _check(estimate: Any, reference: Any) -> None:  # noqa: ANN401
    """Refuse what has no peak of 1, as integers, or would be compared crosswise."""
    for x in (estimate, reference):
        if not isinstance(x, Tensor):
            raise InputError(f"A picture is {type(x).__name__}: expected a tensor of floats.")
        if not x.is_floating_point():
            raise InputError(
                f"The pictures are {x.dtype}: give floats in [0, 1]; those of 8 bits are divided "
                "by 255."
            )
    if estimate.ndim != 4 or estimate.shape != reference.shape:
        raise InputError(
            f"The pictures have shapes {tuple(estimate.shape)} and {tuple(reference.shape)}: "
            "expected one shape, (batch, channel, height, width)."
        )
