"""The argument in miniature: linear denoisers estimated from two sets of Gaussian fields, exactly.

Fields of 16 x 16 pixels with power |k|^-3 at integer frequencies k (that of |k| = 1 at 0), mean 0
and variance 0.06 of the pixels, noise 0.3. One kind of denoiser knows nothing (the second moment
of all pairs of pixels), one knows that places are alike (the power spectrum): what is known
beforehand decides how many fields it takes until two sets give one function.
"""

from typing import Any

import torch
from torch import Tensor

from scorelet.analysis.memorization import gaussian_model_variance
from scorelet.core.random import generator
from scorelet.models import GaussianDenoiser, StationaryGaussianDenoiser
from scorelet.recipes.power_laws import power_law

SIDE, SIGMA = 16, 0.3
KINDS = ("full covariance", "stationary")

Linear = GaussianDenoiser | StationaryGaussianDenoiser


def miniature(counts: tuple[int, ...], seed: int) -> list[dict[str, Any]]:
    """Return for each number of fields and kind of denoiser: V, and PSNR on new and own fields."""
    law, rows = _law(), []
    for count in counts:
        sets = [law.sample(count, rng=generator(seed, k, count)) for k in (0, 1)]
        for kind, fit in zip(KINDS, (_full, _stationary), strict=True):
            a, b = (fit(x) for x in sets)
            own = sets[0].flatten(1)
            rows.append(
                {
                    "fields": count,
                    "kind": kind,
                    "variance": gaussian_model_variance(a, b, law, SIGMA, means=True),
                    "test": _decibels(a, _moment(law)),
                    "train": _decibels(a, own.mT @ own / count),
                }
            )
    return rows


def _law() -> StationaryGaussianDenoiser:
    return StationaryGaussianDenoiser(power_law(SIDE, 3.0))


def _full(x: Tensor) -> GaussianDenoiser:
    rows = x.flatten(1)
    return GaussianDenoiser(torch.zeros_like(x[0]), rows.mT @ rows / len(rows))


def _stationary(x: Tensor) -> StationaryGaussianDenoiser:
    power = torch.fft.fft2(x[:, 0], norm="ortho").abs().square().mean(0)
    return StationaryGaussianDenoiser((power + power.flip(-2, -1).roll((1, 1), (-2, -1))) / 2)


def _moment(law: Linear) -> Tensor:
    J = law.jacobian(SIGMA)  # C (C + σ²)⁻¹
    return SIGMA**2 * torch.linalg.solve(torch.eye(len(J)).to(J) - J, J)


def _decibels(model: Linear, moment: Tensor) -> float:
    """Expected output PSNR on images with this second moment."""
    J = model.jacobian(SIGMA)
    rest = torch.eye(len(J)).to(J) - J
    error = ((rest @ moment) * rest).sum() + SIGMA**2 * J.square().sum()
    return float(-10 * (error / len(J)).log10())
