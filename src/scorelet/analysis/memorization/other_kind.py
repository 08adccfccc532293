"""Held-out pictures of another kind than training pictures, of which a gap says nothing by itself.

Symbols: P_k(X) mean PSNR of model k on pictures X, averaged over noise levels; T_k what it was
trained on; j the other model; H held-out pictures.

    own    = P_k(T_k) - P_k(H),     what k gains on what it has seen,
    others = P_j(T_k) - P_j(H),     what j gains on the same, which it has not seen,
    over   = own - others.

If held-out pictures are of the kind of training pictures, others is 0 and over is own. Where others
is large, H is harder than T_k, or j has seen T_k; where it is negative, H is easier, or j has
learned pictures of the kind of H. A linear filter of other pictures of the kind of T_k, which knows
none by heart, has a gap there, too (`filter_gaps`). Then only what own has more than both tells
memory; that there is none it does not tell, as j may have seen T_k. Nor is it told of a model that
a filter is better than on T_k: one that knows nothing finds H no easier.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from jaxtyping import Float
from torch import Tensor

from scorelet.analysis.memorization.curves import SMALL_GAP, Gap, Levels, psnr_gap
from scorelet.analysis.memorization.verdict import ERRORS, by_gap, known_error

Kind = Literal["harder", "easier", "other"]
Others = Float[Tensor, "levels m"]


@dataclass(frozen=True)
class Gaps:
    """Gaps of one model, or of both together, in dB.

    Attributes:
        own: of pictures that a model has seen.
        others: of the same pictures by the other model, which has not seen them.
        over: own less others, of the same pictures, whose error is small.
        filters: the same of filters on pictures to which they were not fitted, by kind of filter;
            () where all pictures are of one kind.
        fit: whether the model is not behind filters, see `lead`.
    """

    own: Gap
    others: Gap
    over: Gap
    filters: tuple["Gaps", ...] = ()
    fit: bool = True

    @property
    def kind(self) -> Kind | None:
        """What held-out pictures are beside training pictures; None: of their kind."""
        gaps = [self.others, *(gap for each in self.filters for gap in (each.own, each.others))]
        harder = {gap.value > 0 for gap in gaps if _is_large(gap)}
        if not harder:
            return None
        return "other" if len(harder) > 1 else "harder" if harder == {True} else "easier"

    @property
    def by_filters(self) -> float | None:
        """The largest own of filters, of either sign; None without any."""
        return max((each.own.value for each in self.filters), key=abs, default=None)

    @property
    def others_without_memory(self) -> float:
        """The same of the other model, which has not seen T_k."""
        return max([0.0, *(max(g.others.value, -g.over.value) for g in self.filters)])

    @property
    def without_memory(self) -> float:
        """What filters have of over, which know no picture by heart, or of own; at least 0."""
        return max([0.0, *(max(each.own.value, each.over.value) for each in self.filters)])

    @property
    def fair(self) -> Gap | None:
        """What is memory of own, all of it where pictures are of one kind; None: nobody knows."""
        if self.kind is None:
            return self.own
        memory = min((self.over, *map(self._over_filter, self.filters)), key=lambda gap: gap.value)
        return memory if self.fit and by_gap(memory) == "memorises" else None

    def _over_filter(self, each: "Gaps") -> Gap:
        error = math.hypot(known_error(self.own.error), known_error(each.own.error))
        return Gap(self.own.value - each.own.value, error)


def gaps_of(own: Levels, other: Levels, test: Others, test_of_other: Others) -> Gaps:
    """Compare what was measured of one model with what was measured of the other.

    Args:
        own: PSNR of T_k by k, (levels, n).
        other: PSNR of T_k by j.
        test, test_of_other: PSNR of H by k and by j, (levels, m).
    """
    return Gaps(
        psnr_gap(own, test),
        psnr_gap(other, test_of_other),
        psnr_gap(own - other, test - test_of_other),
    )


def gaps_of_both(own: list[Tensor], other: list[Tensor], tests: Sequence[Tensor]) -> Gaps:
    """Compare both models together: both sets count alike, however many pictures they have.

    Answers of both to the same held-out pictures are averaged, as these are.

    Args:
        own, other: of each training set, by its own model and by the other one, (levels, n).
        tests: of each model, (levels, m).
    """
    test = (tests[0] + tests[1]) / 2
    over = [first - second for first, second in zip(own, other, strict=True)]
    return Gaps(_of_both(own, test), _of_both(other, test), _of_both(over, test - test))


def _of_both(train: list[Tensor], test: Others) -> Gap:
    """Return the mean gap of two training sets to the same held-out pictures."""
    gaps = [psnr_gap(levels, test) for levels in train]
    alone = psnr_gap(test, test).error ** 2 / 2  # the variance that comes from held-out pictures
    of_sets = sum(abs(gap.error**2 - alone) for gap in gaps) / 4
    return Gap(sum(gap.value for gap in gaps) / 2, math.sqrt(of_sets + alone))


def _is_large(gap: Gap) -> bool:
    """Return whether a gap is one beyond chance; of a single picture nobody knows."""
    return abs(gap.value) - ERRORS * gap.error >= SMALL_GAP
