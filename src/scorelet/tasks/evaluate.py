"""Measure a denoiser on pictures: PSNR and SSIM by noise level.

Protocol: sigma in 8-bit units; noise is added to [0, 1] pixels without clipping, from the seed =
index of the picture; the result is clipped to [0, 1]; figures are means over pictures.
"""

import math
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import nn

from scorelet.analysis.image_quality import SMALLEST, psnr, ssim
from scorelet.core.device import choose_device, inference_dtype
from scorelet.core.errors import InputError
from scorelet.core.random import generator
from scorelet.core.typing import Image
from scorelet.data import Picture, find_pictures, iter_pages, load_pictures, locate, to_unit
from scorelet.models import Denoiser
from scorelet.tasks.inference import TileSide, denoise_array, prepare
from scorelet.zoo import load

Pixels = np.ndarray
Row = dict[str, float | None]
SIGMAS = (15.0, 25.0, 50.0)


def noisy_pairs(pictures: Sequence[Pixels], sigma: float) -> Iterator[tuple[Image, Image]]:
    """Yield (clean, noisy) of the protocol, each (1, channel, height, width)."""
    for index, picture in enumerate(pictures):
        clean = torch.from_numpy(to_unit(picture)).permute(2, 0, 1)[None].contiguous()
        noise = torch.randn(clean.shape, generator=generator(index))
        yield clean, clean + sigma / 255 * noise


def evaluate_pictures(
    denoiser: Denoiser,
    pictures: Sequence[Pixels],
    *,
    sigmas: Sequence[float] = SIGMAS,
    structure: bool = True,
    tile: TileSide = "auto",
) -> list[Row]:
    """Return one row {sigma, psnr, psnr_error, ssim} per noise level.

    Args:
        denoiser: prepared or not.
        pictures: arrays (height, width, channels).
        sigmas: 8-bit units.
        structure: also measure SSIM (needs torchmetrics).
        tile: as in `denoise_tiles`.

    `psnr` is infinite if a result equals its picture. `psnr_error` is the standard error of the
    mean over pictures, None for a single one or an infinite mean. `ssim` is None if a picture is
    smaller than `scorelet.analysis.image_quality.SMALLEST`.

    Raises:
        InputError: the network's numbers overflow its dtype.
    """
    return [_row(denoiser, pictures, sigma, structure=structure, tile=tile) for sigma in sigmas]


def mean_psnr(denoiser: nn.Module, pictures: Sequence[Pixels], sigma: float) -> float:
    """Return the mean PSNR in dB at one noise level, in 8-bit units."""
    assert isinstance(denoiser, Denoiser)
    value = _row(denoiser, pictures, sigma, structure=False, tile=None)["psnr"]
    assert value is not None
    return value


def standard_error(values: Sequence[float]) -> float | None:
    """Return the standard error of a mean, s / sqrt(n) with s² = sum (x - mean)² / (n - 1).

    None where it is unknown: for one value, or if one is infinite.
    """
    if len(values) < 2 or not np.isfinite(values).all():
        return None
    return float(np.std(values, ddof=1) / math.sqrt(len(values)))


def _row(
    denoiser: Denoiser, pictures: Sequence[Pixels], sigma: float, *, structure: bool, tile: TileSide
) -> Row:
    decibels, similarity = [], []
    small = smallest_side(pictures) < SMALLEST
    for clean, noisy in noisy_pairs(pictures, sigma):
        estimate = _denoised(denoiser, noisy, sigma, tile).clamp(0, 1)
        decibels.append(float(psnr(estimate, clean)))
        if structure and not small:
            similarity.append(float(ssim(estimate, clean)))
    row: Row = {"sigma": sigma, "psnr": float(np.mean(decibels))}
    row["psnr_error"] = standard_error(decibels)
    if structure:
        row["ssim"] = None if small else float(np.mean(similarity))
    return row


def smallest_side(pictures: Sequence[Pixels]) -> int:
    """Return the smallest height or width in pixels."""
    return min(min(picture.shape[:2]) for picture in pictures)


def _denoised(denoiser: Denoiser, noisy: Image, sigma: float, tile: TileSide) -> Image:
    pixels = np.ascontiguousarray(noisy[0].permute(1, 2, 0).numpy())
    result = denoise_array(denoiser, pixels, sigma / 255, tile=tile)
    return torch.from_numpy(result).permute(2, 0, 1)[None]


def evaluate(
    data: str | Path,
    *,
    model: str = "photo",
    sigmas: Sequence[float] = SIGMAS,
    channels: int | None = None,
    limit: int | None = None,
    device: str = "auto",
    tile: TileSide = "auto",
) -> dict[str, Any]:
    """Measure a model on a folder of clean pictures.

    Args:
        data: a picture or a folder of them, or the name of one under ``$SCORELET_DATA`` (with or
            without ``photos/``).
        model: built-in name, path or Hub id.
        sigmas: noise levels in 8-bit units.
        channels: 1 makes pictures gray, 3 colour; None takes what the first picture is.
        limit: only the first so many pictures.
        device: auto, cpu, cuda or mps.
        tile: as in `denoise_tiles`.

    Returns:
        model, data, pictures, channels, dtype, rows of `evaluate_pictures`, and warnings:
        sentences without a full stop about what could not be measured.

    Raises:
        InputError: options that cannot be used, or no pictures.
        ImageFileError: a picture that cannot be read.
        MissingExtraError: torchmetrics is not installed.
    """
    if channels not in (None, 1, 3):
        raise InputError(f"channels is {channels}: use 1 for gray or 3 for colour.")
    if limit is not None and limit < 1:
        raise InputError(f"limit is {limit}: at least one picture must be measured.")
    source = _locate_photos(data)
    kind = channels or read_first(source).pixels.shape[2]
    pictures = load_pictures(source, channels=kind, limit=limit)
    denoiser = prepare(load(model), device=device)
    rows = evaluate_pictures(denoiser, pictures, sigmas=sigmas, tile=tile)
    side = smallest_side(pictures)
    return {
        "model": model,
        "data": str(data),
        "pictures": len(pictures),
        "channels": kind,
        "dtype": str(inference_dtype(choose_device(device))).removeprefix("torch."),
        "rows": rows,
        "warnings": [] if side >= SMALLEST else [_too_small(side)],
    }


def read_first(source: Path) -> Picture:
    """Return the first picture of a folder, or a picture."""
    return next(iter_pages(source if source.is_file() else find_pictures(source)[0]))


def _too_small(side: int) -> str:
    return (
        f"SSIM was not measured: it needs at least {SMALLEST} pixels a side, and the smallest "
        f"picture has {side}"
    )


def _locate_photos(data: str | Path) -> Path:
    try:
        return locate(data)
    except InputError:
        try:
            return locate(f"photos/{data}")
        except InputError:
            pass
        raise
