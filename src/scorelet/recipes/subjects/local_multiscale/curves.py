"""What denoisers are worth by noise level: flat ones, cascades, and the low band alone."""

import math
from collections.abc import Mapping, Sequence
from typing import Any

import torch
from torch import Tensor

from scorelet.analysis.memorization import covariance_filter, psnr_by_level, wiener_filter
from scorelet.core.random import Noise
from scorelet.core.typing import Image, Labels, NoiseLevel
from scorelet.models import Denoiser, GaussianDenoiser
from scorelet.models.multiscale import Multiscale
from scorelet.models.multiscale_denoiser import MultiscaleDenoiser
from scorelet.training.multiscale import parts_of

LOW, WIENER = "low band only", "linear filter"
ALL_PIXELS = "linear, all pixels"
"""It knows the mean and the covariance of all pixels; WIENER is the same at every place."""
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


def baselines(train: Image, model: Multiscale[Denoiser]) -> dict[str, Denoiser]:
    """Return what needs no network of its own: one linear filter of the pictures, one low band."""
    return {WIENER: wiener_filter(train), LOW: MultiscaleDenoiser(without_details(model))}


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


def told_share(model: Multiscale[Denoiser], test: Image, seed: int) -> dict[str, float]:
    """Return which share of the finest details strong noise leaves, with the low band and without.

    The share is 1 - E|d̂ - d|²/E|d|² at the largest noise level of the training: less than nothing
    is known of details whose estimate is worse than 0.
    """
    *_, finest = parts_of(model, test)
    assert finest.cond is not None
    sigma = float(model.record["sigma"][-1][1])
    noise = Noise(seed, range(len(test)), scale=1).normal(finest.clean)
    noisy, found = finest.clean + sigma * noise, {}
    for name, cond in (("told", finest.cond), ("not told", torch.zeros_like(finest.cond))):
        with torch.no_grad():
            error = finest.denoiser(noisy, sigma, cond=cond) - finest.clean
        found[name] = 1 - float(error.square().mean() / finest.clean.square().mean())
    return found
