"""Training pictures under noise: what their own model, the other one and a filter make of them."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import torch
from torch import Tensor

from scorelet.analysis.memorization.by_heart import known_by_heart
from scorelet.analysis.memorization.curves import (
    LARGE_GAP,
    Levels,
    at_middle,
    psnr_by_level,
)
from scorelet.analysis.memorization.kinds import measure_kinds
from scorelet.analysis.memorization.lead import Lead, lead_over_filters
from scorelet.analysis.memorization.other_kind import Gaps, Others, gaps_of, gaps_of_both, is_large
from scorelet.analysis.memorization.pair import Pair
from scorelet.core.errors import InputError
from scorelet.core.typing import Image


@dataclass(frozen=True)
class Seen:
    """What was measured of training pictures.

    Attributes:
        psnr: of each model on its own pictures, (levels, n).
        both: gaps of both models together.
        each: of each.
        known: of each, how many of these pictures it knows by heart; None where held-out pictures
            are of another kind and there is no memory, or the other model may have seen them.
        known_of_other: of each, how many of those of the other model; None where held-out pictures
            are of another kind than these.
        lead: over the better one of two linear filters.
    """

    psnr: list[Levels]
    both: Gaps
    each: Sequence[Gaps]
    known: Sequence[int | None]
    known_of_other: Sequence[int | None]
    lead: Lead


def measure_seen(
    pair: Pair,
    held_out: Image,
    tests: Sequence[Levels],
    sigmas: Sequence[float],
    *,
    seed: int,
    device: torch.device,
) -> Seen | None:
    """Measure as many training pictures of each model as were held out; None: none are known.

    Args:
        pair: the models.
        held_out: pictures that neither has seen, on the CPU.
        tests: PSNR of held-out pictures by each model, (levels, n), on the CPU.
        sigmas: the levels, see `curves.psnr_by_level`.
        seed: of the noise, that of `tests`.
        device: of the models.

    Raises:
        InputError: training sets that seem to be given in the other order.
    """
    if pair.train is None:
        return None
    pictures = [train[: tests[0].shape[1]].to(device) for train in pair.train]
    own, other = (
        [
            psnr_by_level(model, x, sigmas, seed=seed).cpu()
            for model, x in zip(models, pictures, strict=True)
        ]
        for models in (pair.models, pair.models[::-1])
    )
    kinds = None
    if not pair.twins:
        kinds = measure_kinds(pair.train, held_out, sigmas, seed=seed)
    if kinds is None or not any(map(is_large, kinds[0].between)):
        _refuse_other_order([at_middle(list(levels)) for levels in (*own, *other)])
    each = [
        replace(
            gaps_of(own[k], other[k], tests[k], tests[1 - k], other[1 - k]),
            kinds=kinds and kinds[k],
        )
        for k in (0, 1)
    ]
    both = replace(gaps_of_both(own, other, tests), kinds=kinds and kinds[0] + kinds[1])
    counted = [pair.twins or gaps.kind is None for gaps in each]
    return Seen(
        own,
        both,
        each,
        [
            _known((own[k], other[k]), (tests[k], tests[1 - k]), each[k], counted=counted[k])
            for k in (0, 1)
        ],
        [
            known_by_heart((other[1 - k], own[1 - k]), (tests[k], tests[1 - k]))
            if counted[1 - k]
            else None
            for k in (0, 1)
        ],
        lead_over_filters(own, pair.train, sigmas, seed=seed),
    )


def _known(
    own: tuple[Levels, Levels], tests: tuple[Others, Others], gaps: Gaps, *, counted: bool
) -> int | None:
    """Count what a model knows by heart, see `Seen.known`."""
    if not counted and gaps.fair is None:
        return None
    return known_by_heart(own, tests) or (0 if counted else None)


def _refuse_other_order(levels: Sequence[Tensor]) -> None:
    """Refuse training sets of which a model knows the other one.

    Both differences are added, so that nothing depends on which set is harder: one is large and the
    other small where a single model knows its pictures by heart. Sets are of one kind.

    Args:
        levels: PSNR of a on what a has learned, of b on b's, of b on a's and of a on b's.
    """
    a_of_a, b_of_b, b_of_a, a_of_b = (float(level.mean()) for level in levels)
    better = a_of_b - a_of_a + b_of_a - b_of_b
    if better >= LARGE_GAP:
        raise InputError(
            f"The models bring training pictures of each other back {better:.1f} dB better than "
            "their own, both differences added: the training sets seem to be given in the other "
            "order; give them in that of the models."
        )
