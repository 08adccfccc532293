"""What the evidence says: memorised, learned, in between, or nothing; where memorisation ends.

A pair of twins memorises if training pictures come back clearly better than held-out ones, and
samples lie nearer to a training picture than to the twin's sample. It generalises if neither is so,
which both must show; where one says so and the other the opposite, the evidence is contradictory.
Where one was not measured, two models may be the same function, and nobody knows whether they have
it by heart. Two standard errors count against both. Networks that do no better than a linear filter
have not learned enough to be judged: they agree, because they know nothing.

References: the criteria are ours; what they compare is in Kadkhodaie, Guth, Simoncelli, Mallat
2024, arXiv 2310.02557, figures 1, 2 and 15.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

import torch
from torch import Tensor

from scorelet.analysis.memorization.curves import Gap
from scorelet.analysis.memorization.variance import ModelVariance
from scorelet.core.errors import InputError

Verdict = Literal[
    "memorises",
    "one memorises",
    "in between",
    "contradictory",
    "generalises",
    "undertrained",
    "same function",
    "not known",
]

LARGE_GAP, SMALL_GAP = 3.0, 1.5
"""dB: a gap above the first is one of memory; below the second training pictures are no others."""
BEHIND = 0.5
"""dB by which a linear filter may be better on the pictures that networks were trained on: of
Gaussian fields it is the best one, and networks come close to it."""
SAME = 0.2
"""V up to which two denoisers count as the same function; 1 and more are unrelated images."""
_ERRORS = 2.0


@dataclass(frozen=True)
class Evidence:
    """What was measured of a pair of twins; None where it was not.

    Attributes:
        gap: PSNR of training pictures less that of held-out ones.
        variance: V at a medium noise level.
        pair: cosines between the twins' samples.
        nearest: cosines of all samples with the nearest training picture of their own model.
        lead: by how many dB the models are better than what is easy: at that level on training
            pictures than a linear filter of others.
    """

    variance: ModelVariance
    gap: Gap | None = None
    pair: Tensor | None = None
    nearest: Tensor | None = None
    lead: float | None = None


def verdict(evidence: Evidence) -> Verdict:
    """Judge a pair of twins.

    What is not known has no vote. Without the gap, or without samples beside training pictures, a
    pair may be found to memorise; else V says whether it is the same function, and no more is
    known.
    """
    if evidence.lead is not None and evidence.lead < -BEHIND:
        return "undertrained"
    signs = [by_gap(evidence.gap), _by_samples(evidence.pair, evidence.nearest)]
    votes = [sign for sign in signs if sign is not None]
    if {"memorises", "generalises"} <= set(votes):
        return "contradictory"
    level = evidence.variance
    same = level.value + _ERRORS * _known(level.error) <= SAME
    if "memorises" in votes:
        return "memorises"
    if len(votes) < len(signs):
        return "same function" if same else "not known"
    if not same:
        votes.append("in between")
    return "generalises" if set(votes) == {"generalises"} else "in between"


def verdict_of_two(evidence: Evidence, gaps: Sequence[Gap]) -> Verdict:
    """Judge two models that may have been trained in different ways, by `gaps` one by one.

    What is taken of both together says nothing where one of them memorises: half of its gap may
    pass for none, or for that of both.
    """
    if [by_gap(gap) for gap in gaps].count("memorises") != 1:
        return verdict(evidence)
    alike = _by_samples(evidence.pair, evidence.nearest) == "generalises"
    return "contradictory" if alike else "one memorises"


def where_it_ends(verdicts: Mapping[int, Verdict]) -> tuple[int | None, int | None]:
    """Return the largest size that memorises, and the least from which on all generalise.

    Args:
        verdicts: by the size of each half.

    Raises:
        InputError: no size.
    """
    if not verdicts:
        raise InputError("There is no verdict: give at least one size.")
    sizes = sorted(verdicts)
    memorising = [size for size in sizes if verdicts[size] == "memorises"]
    learned: int | None = None
    for size in reversed(sizes):
        if verdicts[size] != "generalises":
            break
        learned = size
    return (memorising[-1] if memorising else None), learned


def median_with_error(values: Tensor) -> tuple[float, float]:
    """Return the median and its standard error, 1.2533 s / sqrt(n), that of a normal law."""
    if len(values) < 2:
        return float(values.median()), 0.0
    return float(values.median()), 1.2533 * float(values.std()) / len(values) ** 0.5


def quartiles(values: Tensor) -> Sequence[float]:
    """Return the three quartiles."""
    return torch.quantile(values.double(), torch.tensor([0.25, 0.5, 0.75]).double()).tolist()


def by_gap(gap: Gap | None) -> Verdict | None:
    """Return what the gap alone says: memorises, generalises or in between; None without one."""
    if gap is None:
        return None
    error = _ERRORS * _known(gap.error)
    if gap.value - error >= LARGE_GAP:
        return "memorises"
    return "generalises" if gap.value + error <= SMALL_GAP else "in between"


def _by_samples(pair: Tensor | None, near: Tensor | None) -> Verdict | None:
    if pair is None or near is None:
        return None
    (alike, error), (copied, other) = median_with_error(pair), median_with_error(near)
    difference, chance = alike - copied, _ERRORS * (error**2 + other**2) ** 0.5
    if difference + chance < 0:
        return "memorises"
    return "generalises" if difference - chance > 0 else "in between"


def _known(error: float) -> float:
    """An error that is not known counts as none."""
    return 0.0 if math.isnan(error) else error
