"""What denoisers are worth by noise level: flat ones, cascades, and the low band alone."""

import math
from collections.abc import Mapping, Sequence
from typing import Any

import torch
from torch import Tensor

from scorelet.analysis.memorization import covariance_filter, psnr_by_level, wiener_filter
from scorelet.core.typing import Image, Labels, NoiseLevel
from scorelet.models import Denoiser, GaussianDenoiser
from scorelet.models.multiscale import Multiscale
from scorelet.models.multiscale_denoiser import MultiscaleDenoiser
from scorelet.recipes.subjects.local_multiscale.windows import WindowFilter

LOW, WIENER = "low band only", "linear filter"
ALL_PIXELS = "linear, all pixels"
"""It knows the mean and the covariance of all pixels; WIENER is the same at every place."""
GUIDED = "flat U-Net, guided"
"""It corrects ALL_PIXELS, as low bands of cascades do for theirs."""
OVER_SHIFTS = "over shifts"
"""After the name of a cascade: its mean over four shifts, see `scorelet.models.shifted`."""


class NoDetails(Denoiser):
    """Details 0, whatever is told: what is left of a cascade is its low band."""

    blind = True
    conditional = True

    def _denoise(
        self, y: Image, sigma: NoiseLevel, cond: Tensor | None, label: Labels | None
    ) -> Image:
        return torch.zeros_like(y)


def without_details(model: Multiscale[Denoiser]) -> Multiscale[Denoiser]:
    """Return the same low band, and no details."""
    return Multiscale(
        model.transform,
        model.coarse,
        [NoDetails() for _ in model.details],
        normalization=model.normalization,
        record=model.record,
    )


def linear(field: int) -> str:
    """Return the name of the best linear filter of a window."""
    return f"window {field}, linear"


def level_shown(field: int) -> str:
    """Return the name of the flat network that sees the noise level."""
    return f"flat {field}, level shown"


def baselines(
    train: Image, model: Multiscale[Denoiser], fields: Sequence[int]
) -> dict[str, Denoiser]:
    """Return what needs no network of its own: linear filters of the pictures, one low band."""
    windows = {linear(field): WindowFilter(train, field) for field in fields}
    low = MultiscaleDenoiser(without_details(model))
    return windows | {WIENER: wiener_filter(train), LOW: low}


def filter_of_all(x: Image) -> GaussianDenoiser:
    """Return the Wiener filter of mean and covariance of pictures and their mirror images."""
    return covariance_filter(torch.cat([x, x.flip(-1)])).float()


def psnr_rows(model: Denoiser, test: Image, decibels: Sequence[int], seed: int) -> list[Any]:
    """Return the PSNR of each test picture at each input PSNR, as lists."""
    sigmas = [10 ** (-value / 20) for value in decibels]
    return psnr_by_level(model, test, sigmas, seed=seed).round(decimals=4).tolist()


def table_rows(
    curves: Mapping[str, list[list[float]]], decibels: Sequence[int]
) -> list[dict[str, Any]]:
    """Return mean output PSNR and its standard error by model and input PSNR."""
    rows = []
    for name, levels in curves.items():
        for value, psnr in zip(decibels, torch.tensor(levels, dtype=torch.float64), strict=True):
            error = float(psnr.std()) / math.sqrt(len(psnr))
            rows.append(
                {
                    "model": name,
                    "input": value,
                    "output": round(float(psnr.mean()), 3),
                    "error": round(error, 3),
                }
            )
    return rows
