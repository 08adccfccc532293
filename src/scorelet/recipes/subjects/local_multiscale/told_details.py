"""What the low band tells of details: to a network that is shown it, and to a linear estimate.

Symbols: d details of a place, s the noisy details d + σ z and the low band, less its mean, in the
window around it, 0 beyond the border; means over places and pictures. The best linear estimate is

    d̂ = K s,    K = E[d sᵀ] E[s sᵀ]^-1.
"""

from collections.abc import Iterator

import torch
import torch.nn.functional as F
from torch import Tensor

from scorelet.core.random import Noise
from scorelet.models import Denoiser
from scorelet.models.multiscale import Multiscale
from scorelet.training.multiscale import Part, parts_of

_BATCH = 100
"""Pictures at a time."""


def told_share(
    model: Multiscale[Denoiser], train: Tensor, test: Tensor, window: int, seed: int
) -> dict[str, float]:
    """Return which share of the finest details of test pictures is known under strong noise.

    The share is 1 - E|d̂ - d|²/E|d|² at the largest noise level of the training: less than nothing
    is known of details whose estimate is worse than 0. `told` is the network beside the clean low
    band, `not told` beside one of 0; `linear` the estimate above, of training pictures.

    Args:
        model: a cascade.
        train, test: pictures.
        window: of the linear estimate, in places.
        seed: of the noise.
    """
    sigma = float(model.record["sigma"][-1][1])
    filters = linear_filters(list(_finest(model, train)), sigma, window)
    lost, energy = {"told": 0.0, "not told": 0.0, "linear": 0.0}, 0.0
    for start, (denoiser, clean, low) in zip(_starts(test), _finest(model, test), strict=True):
        assert low is not None
        noise = Noise(seed, range(start, start + len(clean)), scale=1).normal(clean)
        noisy = clean + sigma * noise
        with torch.no_grad():
            found = {
                "told": denoiser(noisy, sigma, cond=low),
                "not told": denoiser(noisy, sigma, cond=torch.zeros_like(low)),
                "linear": linear_estimate(filters, noisy, low, window),
            }
        for name, estimate in found.items():
            lost[name] += float((estimate - clean).square().sum())
        energy += float(clean.square().sum())
    return {name: 1 - error / energy for name, error in lost.items()}


Filters = tuple[Tensor, float]
"""K, (3, numbers of a window), and the mean of the low band."""


def linear_filters(parts: list[Part], sigma: float, window: int) -> Filters:
    """Return K of parts of pictures, details without noise and their low band."""
    lows = torch.cat([low.flatten() for _, _, low in parts if low is not None])
    mean = float(lows.mean())
    squares = products = torch.zeros((), dtype=torch.float64)
    for _, clean, low in parts:
        assert low is not None
        seen = _windows(clean, low - mean, window)
        noisy = sigma**2 * _windows(torch.ones_like(clean), torch.zeros_like(low), window)
        squares = squares + (seen.mT @ seen).double() + torch.diag(noisy.double().sum(0))
        products = products + (clean.movedim(1, -1).flatten(0, 2).mT @ seen).double()
    floor = 1e-9 * squares.diagonal().mean() * torch.eye(len(squares)).to(squares)
    return torch.linalg.solve(squares + floor, products.mT).mT.float(), mean


def linear_estimate(filters: Filters, noisy: Tensor, low: Tensor, window: int) -> Tensor:
    """Return d̂, (n, 3, height, width)."""
    kernel, mean = filters
    found = _windows(noisy, low - mean, window) @ kernel.to(noisy).mT
    return found.unflatten(0, (len(noisy), *noisy.shape[-2:])).movedim(-1, 1)


def _windows(details: Tensor, low: Tensor, window: int) -> Tensor:
    """Return what is seen from each place, (places of all pictures, numbers of a window)."""
    both = torch.cat([details, low], 1)
    return F.unfold(both, window, padding=window // 2).mT.flatten(0, 1)


def _starts(x: Tensor) -> range:
    return range(0, len(x), _BATCH)


def _finest(model: Multiscale[Denoiser], x: Tensor) -> Iterator[Part]:
    for start in _starts(x):
        *_, finest = parts_of(model, x[start : start + _BATCH])
        yield finest
