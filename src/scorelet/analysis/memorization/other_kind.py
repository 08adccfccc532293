"""Held-out pictures of another kind than training pictures, of which a gap says nothing by itself.

Symbols: P_k(X) mean PSNR of model k on pictures X, averaged over noise levels; T_k what it was
trained on; j the other model; H held-out pictures.

    own    = P_k(T_k) - P_k(H),     what k gains on what it has seen,
    others = P_j(T_k) - P_j(H),     what j gains on the same, which it has not seen,
    over   = own - others.

If held-out pictures are of the kind of training pictures, others is 0 and over is own. Where others
is large, H is harder than T_k, or j has seen T_k; where it is negative, H is easier. Only over
tells memory then; that there is none it does not tell where j may have seen T_k.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import torch
from jaxtyping import Float
from torch import Tensor

from scorelet.analysis.memorization.curves import SMALL_GAP, Gap, Levels, psnr_gap
from scorelet.analysis.memorization.verdict import ERRORS, by_gap, known_error

Kind = Literal["harder", "easier"]
Others = Float[Tensor, "levels m"]


@dataclass(frozen=True)
class Gaps:
    """Gaps of one model, or of both together, in dB.

    Attributes:
        own: of pictures that a model has seen.
        others: of the same pictures by the other model, which has not seen them.
        over: own less others, of the same pictures, whose error is small.
    """

    own: Gap
    others: Gap
    over: Gap

    @property
    def kind(self) -> Kind | None:
        """What held-out pictures are beside training pictures; None: of their kind."""
        if abs(self.others.value) - ERRORS * known_error(self.others.error) < SMALL_GAP:
            return None
        return "harder" if self.others.value > 0 else "easier"

    @property
    def fair(self) -> Gap | None:
        """The one that tells memory; None: none of them does."""
        if self.kind is None:
            return self.own
        return self.over if self.kind == "easier" or by_gap(self.over) == "memorises" else None


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
    """Compare both models together; their answers to the same held-out pictures are averaged.

    Args:
        own, other: of each training set, by its own model and by the other one, (levels, n).
        tests: of each model, (levels, m).
    """
    both = (tests[0] + tests[1]) / 2
    return gaps_of(torch.cat(own, 1), torch.cat(other, 1), both, both)
