"""What the evidence says: memorised, learned, in between, or nothing; where memorisation ends.

Two signs, the gap and the samples, each say that a pair of twins memorises, that it does not
("generalises"), or leave it open ("in between"); `ALLOWED` says what both allow. Two standard
errors count against both. Beside them:

- Single pictures that are known by heart are enough for "memorises in part".
- Only one function generalises: V is small.
- Networks that a linear filter is better than are not judged, unless there are signs of memory:
  they agree, because they know nothing, or nothing of such noise.
- Where a sign was not measured, two models may be the same function, and nobody knows whether they
  have it by heart.

References: the criteria are ours; what they compare is in Kadkhodaie, Guth, Simoncelli, Mallat
2024, arXiv 2310.02557, figures 1, 2 and 15.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

import torch
from torch import Tensor

from scorelet.analysis.memorization.curves import LARGE_GAP, SMALL_GAP, Gap
from scorelet.analysis.memorization.variance import ModelVariance
from scorelet.core.errors import InputError

Verdict = Literal[
    "memorises",
    "memorises in part",
    "one memorises",
    "in between",
    "contradictory",
    "generalises",
    "undertrained",
    "same function",
    "not known",
]

BEHIND = 0.5
"""dB by which a linear filter may be better on the pictures that networks were trained on: of
Gaussian fields it is the best one, and networks come close to it."""
_ONE_MAP = 1e-9
"""V of one function and itself; there is rounding."""
SAME = 0.2
"""V up to which two denoisers count as the same function; 1 and more are unrelated images."""
MEMORY: tuple[Verdict, ...] = ("memorises", "memorises in part")
ALLOWED: Mapping[tuple[Verdict, Verdict], Verdict] = {
    ("memorises", "memorises"): "memorises",
    ("memorises", "in between"): "memorises",
    ("memorises", "generalises"): "contradictory",
    ("in between", "memorises"): "memorises",
    ("in between", "in between"): "in between",
    ("in between", "generalises"): "in between",
    ("generalises", "memorises"): "contradictory",
    ("generalises", "in between"): "in between",
    ("generalises", "generalises"): "generalises",
}
"""What (the gap, the samples) allow."""
ERRORS = 2.0
"""Standard errors that count against "memorises" and "generalises"."""

Sign = Literal["gap", "samples", "function"]


@dataclass(frozen=True)
class Evidence:
    """What was measured of a pair of twins; None where it was not.

    Attributes:
        variance: V at a medium noise level.
        gap: PSNR of training pictures less that of held-out ones; of given models the gap that
            counts, see `other_kind`.
        pair: cosines between the twins' samples.
        nearest: cosines of all samples with the nearest training picture of their own model.
        of_held_out: those of held-out pictures: what the set itself has.
        lead: by how many dB the models are better than what is easy: at that level on training
            pictures than a linear filter of others.
        gain: by how many dB that filter is better than what is easier still: to do nothing, or to
            answer with gray.
        by_heart: how many samples are copies, and training pictures are known.
        mostly: whether most samples of both are copies, or most training pictures known.
    """

    variance: ModelVariance
    gap: Gap | None = None
    pair: Tensor | None = None
    nearest: Tensor | None = None
    of_held_out: Tensor | None = None
    lead: float | None = None
    gain: float | None = None
    by_heart: int = 0
    mostly: bool = False


def verdict(evidence: Evidence) -> Verdict:
    """Judge a pair of twins.

    What is not known has no vote. Without the gap, or without samples beside training pictures, a
    pair may be found to memorise; else V says whether it is the same function, and no more is
    known.
    """
    found = _by_signs(evidence)
    if not evidence.by_heart:
        return found
    return "memorises" if evidence.mostly or found == "memorises" else "memorises in part"


def _by_signs(evidence: Evidence) -> Verdict:
    gap, samples = by_gap(evidence.gap), by_samples(evidence)
    if is_behind(evidence.lead, evidence.gain) and gap != "memorises":
        return "undertrained"
    if gap is None or samples is None:
        if "memorises" in (gap, samples):
            return "memorises"
        return "same function" if _is_one(evidence.variance) else "not known"
    found = ALLOWED[gap, samples]
    return "in between" if found == "generalises" and not _is_one(evidence.variance) else found


def verdict_of_two(evidence: Evidence, gaps: Sequence[Gap | None]) -> Verdict:
    """Judge two models that may have been trained in different ways, by `gaps` one by one.

    What is taken of both together says nothing where one of them memorises: half of its gap may
    pass for none, or for that of both. Gaps that differ by less than two standard errors do not
    tell one from the other. A function agrees with itself, which shows nothing.
    """
    if [by_gap(gap) for gap in gaps].count("memorises") != 1 or _are_alike(*gaps):
        found = verdict(evidence)
        one = found == "generalises" and is_one_map(evidence.variance.value)
        return "same function" if one else found
    alike = by_samples(evidence) == "generalises" and not evidence.by_heart
    return "contradictory" if alike else "one memorises"


def is_one_map(variance: float) -> bool:
    """Return whether two functions are one and the same but for rounding."""
    return variance <= _ONE_MAP


def open_signs(evidence: Evidence) -> list[Sign]:
    """Return which of the signs stand between a pair of twins and "generalises"."""
    found: list[Sign] = []
    if by_gap(evidence.gap) == "in between":
        found.append("gap")
    if by_samples(evidence) == "in between":
        found.append("samples")
    if not _is_one(evidence.variance):
        found.append("function")
    return found


def is_behind(lead: float | None, gain: float | None) -> bool:
    """Return whether a linear filter is so much better that a model has not learned its part.

    `BEHIND` may be lost, but not half of what there is to gain: next to nothing in weak noise.
    """
    if lead is None:
        return False
    return lead < -(BEHIND if gain is None else min(BEHIND, max(gain, 0) / 2))


def where_it_ends(verdicts: Mapping[int, Verdict]) -> tuple[int | None, int | None]:
    """Return the largest size that memorises, if in part, and the least of those that generalise.

    From the latter on all do.

    Args:
        verdicts: by the size of each half.

    Raises:
        InputError: no size.
    """
    if not verdicts:
        raise InputError("There is no verdict: give at least one size.")
    sizes = sorted(verdicts)
    memorising = [size for size in sizes if verdicts[size] in MEMORY]
    learned: int | None = None
    for size in reversed(sizes):
        if verdicts[size] != "generalises":
            break
        learned = size
    return (memorising[-1] if memorising else None), learned


def median_with_error(values: Tensor) -> tuple[float, float]:
    """Return the median, as `quartiles`, and its standard error, 1.2533 s / sqrt(n).

    The error is that of a normal law.
    """
    median = float(torch.quantile(values.double(), 0.5))
    if len(values) < 2:
        return median, 0.0
    return median, 1.2533 * float(values.std()) / len(values) ** 0.5


def quartiles(values: Tensor) -> Sequence[float]:
    """Return the three quartiles; between two values of a sample they are interpolated."""
    return torch.quantile(values.double(), torch.tensor([0.25, 0.5, 0.75]).double()).tolist()


def by_gap(gap: Gap | None) -> Verdict | None:
    """Return what the gap alone says: memorises, generalises or in between; None without one."""
    if gap is None:
        return None
    error = ERRORS * known_error(gap.error)
    if gap.value - error >= LARGE_GAP:
        return "memorises"
    return "generalises" if gap.value + error <= SMALL_GAP else "in between"


def by_samples(evidence: Evidence) -> Verdict | None:
    """Return what samples alone say, by their medians; None without training pictures.

    Functions of two kinds of pictures draw different ones, too: samples are near to training
    pictures only if they are nearer than held-out ones are.
    """
    pair, near = evidence.pair, evidence.nearest
    if pair is None or near is None:
        return None
    if _is_above(near, pair):
        beside = evidence.of_held_out
        return "memorises" if beside is None or _is_above(near, beside) else "in between"
    return "generalises" if _is_above(pair, near) else "in between"


def _is_above(first: Tensor, second: Tensor) -> bool:
    """Return whether a median is above another one, beyond chance."""
    (high, error), (low, other) = median_with_error(first), median_with_error(second)
    return high - low > ERRORS * math.hypot(error, other)


def _are_alike(first: Gap | None, second: Gap | None) -> bool:
    if first is None or second is None:
        return False
    error = math.hypot(known_error(first.error), known_error(second.error))
    return abs(first.value - second.value) <= ERRORS * error


def _is_one(level: ModelVariance) -> bool:
    return level.value + ERRORS * known_error(level.error) <= SAME


def known_error(error: float) -> float:
    """An error that is not known counts as none."""
    return 0.0 if math.isnan(error) else error
