"""Samples of two models from the same noise, and the training pictures next to them."""

from dataclasses import dataclass, field

import torch
from torch import Tensor

from scorelet.analysis.memorization.by_heart import copy_threshold
from scorelet.analysis.memorization.pair import Pair
from scorelet.analysis.memorization.similarity import nearest, pair_cosines
from scorelet.analysis.memorization.twin_samples import twin_samples
from scorelet.core.progress import Progress
from scorelet.core.typing import Image
from scorelet.sampling.ascent import DivergenceError

Shown = dict[str, Tensor]
"""By name: first, second (samples), near_first, near_second (nearest training pictures)."""

_SHOWN = 6


@dataclass(frozen=True)
class Drawn:
    """Samples, and what they are like; None where it is not known.

    Attributes:
        pairs: cosines of the two samples of one noise.
        nearest: of each model, cosines of samples with the most similar training picture.
        others: the same with training pictures of the other model, which this one has not seen.
        thresholds: of each model, the cosine above which a sample is a copy.
        shown: the samples that are nearest to training pictures; empty without any.
        diverged: why there are no samples, a sentence.
    """

    pairs: Tensor | None = None
    nearest: tuple[Tensor, Tensor] | None = None
    others: tuple[Tensor, Tensor] | None = None
    thresholds: tuple[float, float] | None = None
    shown: Shown = field(default_factory=dict)
    diverged: str | None = None

    @property
    def joined(self) -> Tensor | None:
        """The cosines of `nearest` of both models."""
        return None if self.nearest is None else torch.cat(self.nearest)

    @property
    def copies(self) -> list[int] | None:
        """How many samples of each model are copies."""
        return _count(self.nearest, self.thresholds)

    @property
    def copies_of_other(self) -> list[int] | None:
        """How many samples of each model are copies of training pictures of the other."""
        return _count(self.others, self.thresholds and self.thresholds[::-1])


def _count(
    cosines: tuple[Tensor, Tensor] | None, thresholds: tuple[float, float] | None
) -> list[int] | None:
    if cosines is None or thresholds is None:
        return None
    both = zip(cosines, thresholds, strict=True)
    return [int((of_one > threshold).sum()) for of_one, threshold in both]


def draw(
    pair: Pair,
    clean: Image,
    of_held_out: tuple[Tensor, Tensor] | None,
    count: int,
    *,
    seed: int,
    progress: Progress | None = None,
) -> Drawn:
    """Draw samples and compare them with each other and with training pictures.

    Args:
        pair: the models.
        clean: pictures around whose mean the noise starts.
        of_held_out: cosines of held-out pictures with the most similar training picture of each.
        count: how many pairs of samples; 0: none are drawn.
        seed: of all noise.
        progress: is told of the samples, see `twin_samples`.
    """
    if not count:
        return Drawn()
    mean = clean.mean(0, keepdim=True)
    try:
        found = twin_samples(pair.a, pair.b, mean, count, seed=seed, progress=progress)
    except DivergenceError as error:
        return Drawn(diverged=str(error))
    first, second = found.first.cpu(), found.second.cpu()
    pairs = pair_cosines(first, second)
    if pair.train is None or of_held_out is None:
        return Drawn(pairs, shown={"first": first[:_SHOWN], "second": second[:_SHOWN]})
    a, b = (nearest(x, own) for x, own in zip((first, second), pair.train, strict=True))
    seen_by_first, seen_by_second = pair.train
    others = nearest(first, seen_by_second).cosine, nearest(second, seen_by_first).cosine
    order = torch.maximum(a.cosine, b.cosine).argsort(descending=True, stable=True)[:_SHOWN]
    shown = {
        "first": first[order],
        "second": second[order],
        "near_first": pair.train[0][a.index[order]],
        "near_second": pair.train[1][b.index[order]],
    }
    thresholds = copy_threshold(of_held_out[0]), copy_threshold(of_held_out[1])
    return Drawn(pairs, (a.cosine, b.cosine), others, thresholds, shown)
