"""By how many dB models are better than what is easy, by noise level.

Symbols: P PSNR of a model on training pictures, F the larger one of those of the two linear filters
that were fitted to the pictures of the other model, E the larger one of those of two answers that
need no model: y itself, -20 log10 σ, and the mean gray; each a mean over pictures.

    lead = P - F,   gain = F - E
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

import torch
from torch import Tensor

from scorelet.analysis.image_quality import psnr
from scorelet.analysis.memorization.baseline import linear_filters
from scorelet.analysis.memorization.curves import Levels, at_middle, psnr_by_level
from scorelet.analysis.memorization.verdict import is_behind


@dataclass(frozen=True)
class Lead:
    """What models and linear filters are worth; at each level the better filter counts.

    Attributes:
        values: by noise level, by how many dB the models are better than the filter.
        gains: and by how many the filter is better than doing nothing, or answering with gray.
        each: the same of each model.
    """

    values: tuple[float, ...]
    gains: tuple[float, ...]
    each: tuple["Lead", ...] = ()

    @property
    def at_middle(self) -> tuple[float, float]:
        """Both of the noise level of the verdict."""
        return at_middle(self.values), at_middle(self.gains)

    def fit_levels(self, sigmas: Sequence[float]) -> list[float]:
        """Return the noise levels at which the models are not behind."""
        both = zip(sigmas, self.values, self.gains, strict=True)
        return [sigma for sigma, lead, gain in both if not is_behind(lead, gain)]


def lead_over_filters(
    seen: Sequence[Levels], train: tuple[Tensor, Tensor], sigmas: Sequence[float], *, seed: int
) -> Lead:
    """Compare models with linear filters on training pictures.

    Filters are those of the other training set: one of the same pictures knows the spectra of a
    few by heart. A model that knows others by heart is behind on held-out ones.

    Args:
        seen: PSNR of each model on the first of its own pictures, (levels, n), on the CPU.
        train: all training pictures of each, on the CPU.
        sigmas, seed: as of `seen`.
    """
    parts = []
    for levels, own, other in zip(seen, train, train[::-1], strict=True):
        x = own[: levels.shape[1]]
        found = [psnr_by_level(each, x, sigmas, seed=seed) for each in linear_filters(other)]
        gray = float(psnr(torch.full_like(x, float(other.mean())), x).mean())
        easier = [[max(gray, -20 * math.log10(sigma))] for sigma in sigmas]
        parts.append((levels, torch.stack(found), torch.tensor(easier).to(levels)))
    models, filters, easy = (torch.cat(of_both, -1) for of_both in zip(*parts, strict=True))
    return replace(_lead(models, filters, easy), each=tuple(_lead(*part) for part in parts))


def _lead(models: Levels, filters: Tensor, easy: Tensor) -> Lead:
    """Average over pictures.

    Args:
        models: PSNR, (levels, n).
        filters: of each filter, (filters, levels, n).
        easy: of the answers that need no model, (levels, m).
    """
    best = filters.mean(-1).amax(0)  # the better one at each level
    values, gains = models.mean(1) - best, best - easy.mean(1)
    return Lead(tuple(values.tolist()), tuple(gains.tolist()))


def lead_over_half(test: Levels, sigmas: Sequence[float]) -> float:
    """Return by how many dB models take out more than half of the strongest noise.

    Args:
        test: PSNR of held-out pictures, (levels, n).
        sigmas: its levels.
    """
    strongest = max(sigmas)
    gain = test[list(sigmas).index(strongest)].mean() + 20 * math.log10(strongest)
    return float(gain) - 10 * math.log10(2)
