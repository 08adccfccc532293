"""The objective of a cascade of denoisers: all scales of a batch of whole pictures at once.

Symbols: x_J low band and d_j details of a picture, in the unit of the model; for each of them,
called u, y = u + σ z with its own σ and z, and f(y) or f(y, x_j) its denoiser. With v the mean
square of u around its mean,

    loss = Σ mean over the batch of |f(y) - u|²/d · (1/(σ² + ε² v) + 1/v),   ε = 0.05.

Every term is about one at every noise level if f only scales, so that levels and scales weigh
alike; for every level the minimiser is E[u | y], or E[d_j | y, x_j]. The low band that details are
told has no noise.

References: Kadkhodaie, Guth, Mallat, Simoncelli 2023, arXiv 2303.02984, section 2; Karras, Aittala,
Aila, Laine 2022, arXiv 2206.00364, table 1 (the weight).
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import NamedTuple

import torch
from torch import Tensor, nn

from scorelet.core.random import Noise
from scorelet.core.typing import Image, NoiseLevel, PerSample
from scorelet.models import Denoiser, QuantileLaw
from scorelet.models.multiscale import Multiscale
from scorelet.models.multiscale_denoiser import Levels
from scorelet.training.objectives import Batch, Loss

FLOOR = 0.05
"""ε: levels below this share of √v weigh no more than it."""


@dataclass(frozen=True)
class FactorNoise:
    """How one factor is trained.

    Args:
        law: of its noise levels, in its unit.
        variance: v.
        share: of the whole batch that it sees, from the first sample on, in [0, 1]; with 0 it does
            not learn.
    """

    law: QuantileLaw
    variance: float
    share: float = 1.0


class Part(NamedTuple):
    """What one factor learns from: its denoiser, clean images and what it is told with them."""

    denoiser: Denoiser
    clean: Image
    cond: Image | None

    def only(self, rows: list[int]) -> "Part":
        """Return the part of some of its images."""
        cond = None if self.cond is None else self.cond[rows]
        return Part(self.denoiser, self.clean[rows], cond)


def parts_of(model: Multiscale[Denoiser] | Denoiser, x: Image) -> Iterator[Part]:
    """Yield the low band, then the details of each level, coarse to fine, of pictures x.

    A denoiser of whole pictures is a cascade without details: its low band are the pictures.
    """
    if isinstance(model, Denoiser):
        yield Part(model, x, None)
        return
    for denoiser, (clean, told) in zip(model.factors, Levels.of(model).bands(x), strict=True):
        assert isinstance(denoiser, Denoiser)
        yield Part(denoiser, clean, told)


def factor_error(part: Part, sigma: NoiseLevel, z: Image, variance: float) -> PerSample:
    """Return |f(y) - u|²/d · (1/(σ² + ε² v) + 1/v) of each sample."""
    noisy = part.clean + sigma[:, None, None, None] * z
    estimate = part.denoiser(noisy, sigma, cond=part.cond).float()
    error = (estimate - part.clean).square().mean((1, 2, 3))
    return error * (1 / (sigma.square() + FLOOR**2 * variance) + 1 / variance)


class CascadeObjective:
    """The objective, for batches with `x`.

    Args:
        factors: for the low band, then for the details of each level, coarse to fine.
        batch: samples of a step, in all its parts.
    """

    def __init__(self, factors: list[FactorNoise], batch: int) -> None:
        self.factors, self.batch = factors, batch

    def __call__(self, model: nn.Module, batch: Batch, noise: Noise) -> Loss:
        """Return the sum over factors that learn; terms: `low`, then `detailsJ` to `details1`."""
        assert isinstance(model, Multiscale | Denoiser)
        with torch.no_grad(), torch.autocast(batch["x"].device.type, enabled=False):
            parts = list(parts_of(model, batch["x"]))
        names = factor_names(len(parts))
        terms: dict[str, Tensor] = {}
        for k, (name, part, how) in enumerate(zip(names, parts, self.factors, strict=True)):
            if not how.share:
                continue
            terms[name] = self._term(part, how, replace(noise, scale=k))
        value = torch.stack(list(terms.values())).sum()
        return Loss(value, {name: term.detach() for name, term in terms.items()})

    def _term(self, part: Part, how: FactorNoise, noise: Noise) -> Tensor:
        """Return a number whose mean over the parts of a batch is that of its share's errors."""
        count = max(1, round(how.share * self.batch))
        rows = [row for row, place in enumerate(noise.samples) if place < count]
        if not rows:
            # processes wait for a gradient of each weight
            learnt = (p.sum() for p in part.denoiser.parameters() if p.requires_grad)
            return 0 * sum(learnt, part.clean.new_zeros(()))
        shown, own = part.only(rows), replace(noise, samples=[noise.samples[row] for row in rows])
        sigma = how.law.quantile(own.uniform(shown.clean, use=1))
        errors = factor_error(shown, sigma, own.normal(shown.clean), how.variance)
        return errors.sum() / (count * len(part.clean) / self.batch)


def factor_names(count: int) -> list[str]:
    """Return `low`, `detailsJ`, ..., `details1`, for J + 1 factors."""
    return ["low", *(f"details{j}" for j in range(count - 1, 0, -1))]
