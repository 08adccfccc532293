"""Whether training pictures of two models and held-out pictures are of one kind, by linear filters.

Symbols: T_k training pictures of model k, T'_k and T''_k their halves, H held-out pictures, F_k a
linear filter that was fitted to T''_k and has seen nothing else, j the other model.

    P(F_k, T'_k) - P(F_k, H),   P(F_j, T'_k) - P(F_j, H)    are 0 if H is of the kind of T_k,
    P(F_k, T'_k) - P(F_k, T'_j)                             is 0 if T_k and T_j are of one kind,

P the PSNR as in `curves`. F_k knows none of T'_k by heart: where it would be counted (`by_heart`),
H is of another kind, too. Filters are those of `linear_filters`; of larger pictures thumbnails are
measured, too, whose covariance is known.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import torch.nn.functional as F
from torch import Tensor

from scorelet.analysis.memorization.baseline import linear_filters
from scorelet.analysis.memorization.by_heart import known_by_heart
from scorelet.analysis.memorization.curves import Gap, psnr_by_level, psnr_gap
from scorelet.core.typing import Image
from scorelet.models.gaussian import LARGEST_COVARIANCE


@dataclass(frozen=True)
class Kinds:
    """Gaps of filters, in dB, by kind of filter.

    Attributes:
        own: P(F_k, T'_k) - P(F_k, H); of a single picture, which has no halves, as others.
        others: P(F_j, T'_k) - P(F_j, H).
        between: P(F_k, T'_k) - P(F_k, T'_j), and the other way round.
        known: how many of T'_k would be counted as known by heart by F_k.
    """

    own: Sequence[Gap]
    others: Sequence[Gap]
    between: Sequence[Gap]
    known: int = 0

    @property
    def gaps(self) -> Sequence[Gap]:
        """Those that say what held-out pictures are."""
        return (*self.own, *self.others)

    @property
    def largest(self) -> float:
        """The largest of own, of either sign."""
        return max((gap.value for gap in self.own), key=abs)

    def __add__(self, other: "Kinds") -> "Kinds":
        """Return those of both models together."""
        return Kinds(
            (*self.own, *other.own),
            (*self.others, *other.others),
            (*self.between, *other.between),
            self.known + other.known,
        )


def measure_kinds(
    train: tuple[Tensor, Tensor], held_out: Image, sigmas: Sequence[float], *, seed: int
) -> tuple[Kinds, Kinds]:
    """Measure both training sets.

    Args:
        train: T_k of each model (n, channel, height, width), in random order, on the CPU.
        held_out: H, as many pictures at most as are measured of a half; on the CPU.
        sigmas, seed: see `curves.psnr_by_level`.
    """
    sets = [(*train, held_out)]
    if held_out[0].numel() > LARGEST_COVARIANCE:
        sets.append(tuple(_thumbnails(x) for x in sets[0]))
    parts = [part for a, b, new in sets for part in _by_filter(a, b, new, sigmas, seed)]
    (first, *rest), (second, *others) = zip(*parts, strict=True)
    return sum(rest, first), sum(others, second)


def _by_filter(
    a: Tensor, b: Tensor, new: Tensor, sigmas: Sequence[float], seed: int
) -> list[tuple[Kinds, Kinds]]:
    """Return what each kind of filter says of both sets."""
    shown = [x[: max(1, len(x) // 2)][: len(new)] for x in (a, b)]
    found = []
    for filters in zip(*(linear_filters(x[len(x) // 2 :]) for x in (a, b)), strict=True):
        on = [[psnr_by_level(f, x, sigmas, seed=seed) for x in (*shown, new)] for f in filters]
        others = [psnr_gap(on[1 - k][k], on[1 - k][2]) for k in (0, 1)]
        own = [
            psnr_gap(on[k][k], on[k][2]) if len(x) > 1 else others[k] for k, x in enumerate((a, b))
        ]
        between = tuple(psnr_gap(on[k][k], on[k][1 - k]) for k in (0, 1))
        known = [
            known_by_heart((on[k][k], on[1 - k][k]), (on[k][2], on[1 - k][2])) if len(x) > 1 else 0
            for k, x in enumerate((a, b))
        ]
        first, second = (Kinds((own[k],), (others[k],), between, known[k]) for k in (0, 1))
        found.append((first, second))
    return found


def _thumbnails(x: Tensor) -> Tensor:
    """Average to the largest size whose covariance is found."""
    shrinkage = math.sqrt(LARGEST_COVARIANCE / x[0].numel())
    height, width = (max(1, math.floor(side * shrinkage)) for side in x.shape[-2:])
    return F.adaptive_avg_pool2d(x, (height, width))
