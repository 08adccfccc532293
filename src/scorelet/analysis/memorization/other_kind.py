"""Held-out pictures of another kind than training pictures, of which a gap says nothing by itself.

Symbols: P_k(X) mean PSNR of model k on pictures X, averaged over noise levels; T_k what it was
trained on; j the other model; H held-out pictures.

    own    = P_k(T_k) - P_k(H),     what k gains on what it has seen,
    others = P_j(T_k) - P_j(H),     what j gains on the same, which it has not seen,
    unseen = P_k(T_k) - P_k(T_j),   what k gains over what only j has seen.

If held-out pictures are of the kind of training pictures, others is 0, and so are gaps of linear
filters of this kind (`kinds`). Where they are large, H is harder than T_k, or j has seen T_k; where
they are negative, H is easier, or j has learned pictures of the kind of H. Then T_j is held out
from k, if both sets are of one kind. That unseen is small tells nothing: k may have seen T_j, too.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from jaxtyping import Float
from torch import Tensor

from scorelet.analysis.memorization.curves import SMALL_GAP, Gap, Levels, psnr_gap
from scorelet.analysis.memorization.kinds import Kinds
from scorelet.analysis.memorization.verdict import ERRORS, by_gap

Kind = Literal["harder", "easier", "other"]
Others = Float[Tensor, "levels m"]


@dataclass(frozen=True)
class Gaps:
    """Gaps of one model, or of both together, in dB.

    Attributes:
        own: of pictures that a model has seen.
        others: of the same pictures by the other model, which has not seen them.
        unseen: of pictures that a model has seen to those that only the other one has.
        kinds: what linear filters say of all sets; None: they are of one kind.
    """

    own: Gap
    others: Gap
    unseen: Gap
    kinds: Kinds | None = None

    @property
    def kind(self) -> Kind | None:
        """What held-out pictures are beside training pictures; None: of their kind."""
        gaps = (self.others, *(() if self.kinds is None else self.kinds.gaps))
        harder = {gap.value > 0 for gap in gaps if is_large(gap)}
        if self.kinds is not None and self.kinds.known:
            harder.add(True)
        if not harder:
            return None
        return "other" if len(harder) > 1 else "harder" if harder == {True} else "easier"

    @property
    def fair(self) -> Gap | None:
        """The gap that tells memory; None: none does."""
        if self.kind is None:
            return self.own
        between = () if self.kinds is None else self.kinds.between
        one_kind = not any(math.isnan(gap.error) or is_large(gap) for gap in between)
        return self.unseen if one_kind and by_gap(self.unseen) == "memorises" else None


def gaps_of(
    own: Levels, other: Levels, test: Others, test_of_other: Others, unseen: Tensor
) -> Gaps:
    """Compare what was measured of one model with what was measured of the other.

    Args:
        own: PSNR of T_k by k, (levels, n).
        other: PSNR of T_k by j.
        test, test_of_other: PSNR of H by k and by j, (levels, m).
        unseen: PSNR of T_j by k, (levels, l).
    """
    return Gaps(psnr_gap(own, test), psnr_gap(other, test_of_other), psnr_gap(own, unseen))


def gaps_of_both(own: list[Tensor], other: list[Tensor], tests: Sequence[Tensor]) -> Gaps:
    """Compare both models together: both sets count alike, however many pictures they have.

    Answers of both to the same held-out pictures are averaged, as these are.

    Args:
        own, other: of each training set, by its own model and by the other one, (levels, n).
        tests: of each model, (levels, m).
    """
    test = (tests[0] + tests[1]) / 2
    unseen = [psnr_gap(own[k], other[1 - k]) for k in (0, 1)]
    error = math.hypot(*(gap.error for gap in unseen)) / 2
    return Gaps(
        _of_both(own, test),
        _of_both(other, test),
        Gap(sum(gap.value for gap in unseen) / 2, error),
    )


def _of_both(train: list[Tensor], test: Others) -> Gap:
    """Return the mean gap of two training sets to the same held-out pictures."""
    gaps = [psnr_gap(levels, test) for levels in train]
    alone = psnr_gap(test, test).error ** 2 / 2  # the variance that comes from held-out pictures
    of_sets = sum(abs(gap.error**2 - alone) for gap in gaps) / 4
    return Gap(sum(gap.value for gap in gaps) / 2, math.sqrt(of_sets + alone))


def is_large(gap: Gap) -> bool:
    """Return whether a gap is one beyond chance; of a single picture nobody knows."""
    return abs(gap.value) - ERRORS * gap.error >= SMALL_GAP
