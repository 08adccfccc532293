"""The variance between two models: how much a function depends on the pictures it was learned from.

Symbols: f_A, f_B denoisers learned from disjoint sets, y = x + σ z with x that neither has seen, P
removes the mean of an image:

    V(σ) = E |P f_A(y) - P f_B(y)|² / [(E |P f_A(y)|² + E |P f_B(y)|²) / 2].

0: the same function; 1 to 2: as far from each other as two unrelated images.

References: Kadkhodaie, Guth, Simoncelli, Mallat 2024, arXiv 2310.02557, section 2 (there of
samples; here of the functions).
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from scorelet.analysis.memorization.curves import BATCH, check_levels, noisy
from scorelet.core.errors import InputError
from scorelet.core.typing import Image
from scorelet.models import Denoiser, GaussianDenoiser, StationaryGaussianDenoiser

Linear = GaussianDenoiser | StationaryGaussianDenoiser


@dataclass(frozen=True)
class ModelVariance:
    """V at one noise level.

    Attributes:
        sigma: σ.
        value: V.
        error: standard error, as the held-out pictures are random; NaN for a single one.
    """

    sigma: float
    value: float
    error: float


def model_variance(
    a: Denoiser,
    b: Denoiser,
    clean: Image,
    sigmas: Sequence[float],
    *,
    seed: int = 0,
    means: bool = False,
) -> list[ModelVariance]:
    """Measure V at each level.

    Args:
        a, b: the denoisers; they are run without gradients.
        clean: pictures that neither has seen.
        sigmas: levels, positive.
        seed: of the noise, which both get.
        means: keep the mean of each image: P is the identity.

    Raises:
        InputError: no picture, levels that are not positive, or denoisers whose answers are flat
            or not finite.
    """
    check_levels(clean, sigmas)
    found = []
    for level, sigma in enumerate(sigmas):
        apart, size = [], []
        for start in range(0, len(clean), BATCH):
            y = noisy(clean[start : start + BATCH], sigma, level, seed, start)
            with torch.no_grad():
                answers = [model(y.clone(), sigma) for model in (a, b)]  # some write over y
            _check_finite(answers, sigma)
            u, v = (_rows(answer, means=means) for answer in answers)
            apart.append((u - v).square().sum(1))
            size.append((u.square().sum(1) + v.square().sum(1)) / 2)
        found.append(_ratio_of_means(torch.cat(apart), torch.cat(size), sigma))
    return found


def gaussian_model_variance(
    a: Linear, b: Linear, law: Linear, sigma: float, *, means: bool = False
) -> float:
    """Return V of two Wiener filters on a Gaussian law, exactly.

    With f(y) = m + J (y - m), y ~ N(μ, Σ + σ² I), D = P (J_A - J_B) and S = Σ + σ² I the numerator
    is tr(D S Dᵀ) + |P (f_A(μ) - f_B(μ))|², and the denominators are of the same form.

    Args:
        a, b: f_A and f_B.
        law: of x: N(μ, Σ).
        sigma: σ, positive.
        means: keep the mean of each image: P is the identity.

    Raises:
        InputError: images of different shapes, or answers that are flat.
    """
    if not a.shape == b.shape == law.shape:
        raise InputError("The denoisers and the law are of images of different shapes.")
    jacobians = [model.jacobian(sigma) for model in (a, b)]
    at_mean = [model(law.mean[None], sigma).flatten() for model in (a, b)]
    power = law.jacobian(sigma)
    size = law.size
    identity = torch.eye(size, dtype=power.dtype, device=power.device)
    noise = sigma**2 * torch.linalg.inv(identity - power)  # J = Σ (Σ + σ²)⁻¹

    def energy(matrix: Tensor, mean: Tensor) -> float:
        if not means:
            matrix, mean = matrix - matrix.mean(0), mean - mean.mean()
        return float(((matrix @ noise) * matrix).sum() + mean.square().sum())

    difference = energy(jacobians[0] - jacobians[1], at_mean[0] - at_mean[1])
    both = sum(energy(j, m) for j, m in zip(jacobians, at_mean, strict=True))
    return _ratio(difference, both / 2)


def _check_finite(answers: Sequence[Image], sigma: float) -> None:
    for which, answer in zip(("first", "second"), answers, strict=True):
        if not bool(answer.isfinite().all()):
            raise InputError(
                f"The {which} denoiser answers with NaN or infinite numbers at noise level "
                f"{sigma:g}: a model that does so cannot be compared."
            )


def _rows(images: Image, *, means: bool) -> Tensor:
    rows = images.flatten(1).double()
    return rows if means else rows - rows.mean(1, keepdim=True)


def _ratio_of_means(above: Tensor, below: Tensor, sigma: float) -> ModelVariance:
    value = _ratio(float(above.mean()), float(below.mean()))
    rest, count = above - value * below, len(above)  # linearised: the error of a ratio of means
    error = float(rest.std() / below.mean()) / math.sqrt(count) if count > 1 else math.nan
    return ModelVariance(sigma, value, error)


def _ratio(above: float, below: float) -> float:
    if not below > 0:
        raise InputError(
            "Both denoisers answer with flat images, so their variance is not defined: give "
            "denoisers of such pictures."
        )
    return above / below
