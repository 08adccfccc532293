"""From denoisers to scores and risks, and back.

Symbols: y = x + sigma z in R^d; p_sigma density of y; f(y) estimate of x; J its Jacobian at y;
s(y) = grad log p_sigma(y) score. For the optimal f: f(y) = y + sigma^2 s(y) (Miyasawa 1961;
Kadkhodaie, Guth, Simoncelli, Mallat 2024, arXiv 2310.02557, eq. 3).
"""

import math
from collections.abc import Callable
from functools import partial

import torch
from torch import Generator, Tensor
from torch.func import jvp, vmap

from scorelet.core.derivatives import differentiating
from scorelet.core.errors import InputError
from scorelet.core.precision import in_single_precision
from scorelet.core.typing import Image, PerSample
from scorelet.models.denoiser import NoiseLike, check_tensor, noise_level
from scorelet.models.labels import LabelLike
from scorelet.models.told import Told, told_denoiser


def score_from_denoised(denoised: Image, y: Image, sigma: NoiseLike) -> Image:
    """Return the score (f(y) - y) / sigma^2 of a denoised image.

    Args:
        denoised: f(y), the shape of `y`.
        y: noisy image.
        sigma: noise level, one number or one per image, unit of `y`, positive.

    Raises:
        InputError: sigma is not positive.

    References: arXiv 2310.02557, eq. 3.
    """
    return (denoised - y) / _variance(sigma, y)


def denoised_from_score(score: Image, y: Image, sigma: NoiseLike) -> Image:
    """Return the denoised image y + sigma^2 s(y): the inverse of `score_from_denoised`."""
    return y + _variance(sigma, y) * score


def score(
    denoiser: Told,
    y: Image,
    sigma: NoiseLike,
    *,
    cond: Tensor | None = None,
    label: LabelLike | None = None,
) -> Image:
    """Return the score (f(y) - y) / sigma^2 of a denoiser f; a blind one ignores sigma in f.

    Of a joint law f denoises over all classes, or within that of a label. Told a condition a,
    f(y, a) = E[x | y, a] gives the conditional score, the gradient in y of log p_sigma(y | a), and
    so does a label.

    Args:
        denoiser: f, a `Denoiser`, which torch may have compiled, a function f(y), f(y, sigma) or
            f(y, sigma, cond=, label=), or a `JointEnergy`.
        y: noisy image.
        sigma: noise level, one number or one per image, unit of `y`, positive.
        cond, label: what f is told, see `Denoiser`.

    Raises:
        InputError: no denoiser, sigma is not positive, or what f refuses.

    References: arXiv 2310.02557, eq. 3; Kadkhodaie, Guth, Mallat, Simoncelli 2023,
    arXiv 2303.02984, section 2.
    """
    found = told_denoiser(denoiser)(y, sigma, cond=cond, label=label)
    return score_from_denoised(found, y, sigma)


def sure(
    denoiser: Told,
    y: Image,
    sigma: NoiseLike,
    *,
    rng: Generator | None = None,
    probes: int = 1,
    exact: bool = False,
    cond: Tensor | None = None,
    label: LabelLike | None = None,
) -> PerSample:
    """Estimate the total squared error ||x - f(y)||^2 of each image without knowing x.

    SURE(y) = ||y - f(y)||^2 - sigma^2 d + 2 sigma^2 tr J(y), whose mean over the noise is that of
    ||x - f(y)||^2 for every weakly differentiable f. The trace is the mean of v^T J v over random
    signs v (Hutchinson), one forward derivative per probe, or exact with d of them.

    Args:
        denoiser: f, as in `score`; each output image may depend on its own input image only.
        y: noisy image with d = channel * height * width numbers per sample.
        sigma: the true noise level, one number or one per image, unit of `y`, positive.
        rng: source of the probes; not needed when `exact`.
        probes: number of probes per image.
        exact: compute the whole trace; for small images.
        cond, label: what f is told, see `Denoiser`.

    Returns:
        The total (not per pixel) error per sample, in squared units of `y`, float32 at least; it
        can be negative.

    Raises:
        InputError: sigma is not positive, there is no probe, neither `rng` nor `exact`, or no
            denoiser.

    References: Stein 1981, Annals of Statistics 9(6); Hutchinson 1990, Communications in
    Statistics 19(2); Ramani, Blu, Unser 2008, IEEE TIP 17(9); arXiv 2310.02557, eq. 7.
    """
    if probes < 1:
        raise InputError(f"probes must be at least 1, got {probes}.")
    if not exact and rng is None:
        raise InputError("sure draws random probes: give rng, or exact=True for small images.")
    check_tensor(y)
    told = partial(told_denoiser(denoiser), sigma=sigma, cond=cond, label=label)
    f, y = in_single_precision(told, y)
    variance = _variance(sigma, y).flatten()
    residual = y - f(y)
    if rng is None or exact:
        trace = _exact_trace(f, y)
    else:
        trace = _probed_trace(f, y, rng=rng, probes=probes)
    return residual.square().flatten(1).sum(1) + variance * (2 * trace - math.prod(y.shape[1:]))


def _variance(sigma: NoiseLike, y: Tensor) -> Tensor:
    return noise_level(sigma, y, positive=True).square()[:, None, None, None]


def _quadratic(f: Callable[[Image], Image], y: Image, v: Tensor) -> PerSample:
    """v^T J(y) v per image."""
    point = y.contiguous()  # forward derivatives refuse expanded tensors
    with differentiating():
        product = jvp(f, (point,), (v.expand_as(y),))[1]
    return (v * product).flatten(1).sum(1)


def _probed_trace(
    f: Callable[[Image], Image], y: Image, *, rng: Generator, probes: int
) -> PerSample:
    total = y.new_zeros(y.shape[0])
    for _ in range(probes):
        signs = 2 * torch.randint(0, 2, y.shape, generator=rng, device=rng.device) - 1
        total = total + _quadratic(f, y, signs.to(y))
    return total / probes


def _exact_trace(f: Callable[[Image], Image], y: Image) -> PerSample:
    size = math.prod(y.shape[1:])
    units = torch.eye(size, dtype=y.dtype, device=y.device).reshape(size, *y.shape[1:])
    with differentiating():
        diagonal = vmap(lambda unit: _quadratic(f, y, unit), chunk_size=64)(units)
    return diagonal.sum(0)
