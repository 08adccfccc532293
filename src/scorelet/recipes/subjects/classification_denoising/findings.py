"""Numbers that claims are about, from what was measured picture by picture."""

import math
from collections.abc import Mapping, Sequence
from typing import Any

import torch
from torch import Tensor

from scorelet.analysis.joint_levels import label_information
from scorelet.analysis.robustness import beaten
from scorelet.recipes.claims import ERRORS, Measured
from scorelet.recipes.contrasts import least
from scorelet.recipes.hits import Hits, accuracy, gain, mean_of, quotient, unpacked
from scorelet.recipes.subjects.classification_denoising.networks import (
    DENOISER,
    JOINT,
    LABELLING,
    NOISY,
    PLAIN,
)
from scorelet.recipes.subjects.classification_denoising.settings import SIGMAS

Records = Sequence[Mapping[str, Any]]
"""One for each seed."""
WORTH = 0.2
"""Noise level at which the law of total variance is looked at."""


def hits_at(records: Records, number: int) -> Hits:
    """Return the hits at a level, (seed, picture)."""
    return torch.stack([unpacked(record["hits"][number]) for record in records])


def labels(found: Mapping[str, Records]) -> dict[str, Measured]:
    """Return accuracies on clean pictures and gains of the joint network; level 0 is clean."""
    clean = {name: hits_at(found[name], 0) for name in LABELLING}
    at = {name: hits_at(found[name], 1 + SIGMAS.index(0.1)) for name in LABELLING}
    measured = {f"accuracy {name}": accuracy(hits) for name, hits in clean.items()}
    return measured | {
        "clean gain": gain(clean[JOINT], clean[PLAIN]),
        "noisy gain": gain(at[JOINT], at[PLAIN]),
        "gain over noisy labels": gain(at[JOINT], at[NOISY]),
    }


def denoisers(found: Mapping[str, Records], key: str = "marginal") -> dict[str, Tensor]:
    """Return squared errors (level, seed, picture) of the joint and of the other denoisers."""
    errors = {
        name: torch.tensor(
            [record[key if name == JOINT else "direct"] for record in records], dtype=torch.float64
        )
        for name, records in found.items()
    }
    return {name: each.transpose(0, 1) for name, each in errors.items()}


def decibels(worse: Tensor, better: Tensor) -> Measured:
    """Return by how many dB the second error is less, (seed, picture) each, to first order."""
    ratio = quotient(worse, better)
    error = None if ratio.error is None else 10 / math.log(10) * ratio.error / ratio.value
    return Measured(10 * math.log10(ratio.value), error, ratio.note)


def denoising(found: Mapping[str, Records]) -> dict[str, Measured]:
    """Return the worst comparison of denoisers over levels, and the least worth of the class."""
    errors = denoisers(found)
    own = denoisers(found, "conditional")[JOINT]
    pairs = zip(errors[DENOISER], errors[JOINT], own, strict=True)
    gains = [(decibels(d, j), decibels(j, c)) for d, j, c in pairs]
    apart = denoisers(found, "apart")[JOINT]
    k = SIGMAS.index(WORTH)
    return {
        "worst denoising": least([each for each, _ in gains]),
        "least worth": least([worth for _, worth in gains], errors=-ERRORS),  # see `NOT_BELOW`
        "variance ratio": quotient(errors[JOINT][k] - own[k], apart[k]),
    }


def information(records: Records, levels: Sequence[float], numbers: int) -> dict[str, Measured]:
    """Return what denoisers say that pictures tell of the class, over what labels say.

    Args:
        records: of `measures.denoising` at the levels.
        levels: increasing.
        numbers: of a picture: errors are means over them.
    """
    parts = {
        key: torch.tensor([record[key] for record in records], dtype=torch.float64).mT * numbers
        for key in ("marginal", "conditional")
    }
    gaps = parts["marginal"] - parts["conditional"]  # (seed, picture, level)
    nll = torch.tensor([record["nll"] for record in records], dtype=torch.float64)
    told = nll[:, -1] - nll[:, 0]
    return {
        "information ratio": quotient(label_information(levels, gaps), told),
        "information of labels": mean_of(told),
    }


def attacks(found: Mapping[str, Sequence[Mapping[str, str]]]) -> dict[str, Measured]:
    """Return robust accuracies and gains of the joint network, of `measures.strongest`."""
    measured = {}
    for norm in found[JOINT][0]:
        hits = {
            name: torch.stack([unpacked(record[norm]) for record in found[name]])
            for name in LABELLING
        }
        measured |= {f"robust {norm} {name}": accuracy(each) for name, each in hits.items()}
        measured[f"robust gain {norm}"] = gain(hits[JOINT], hits[PLAIN])
        measured[f"robust gain over noisy labels {norm}"] = gain(hits[JOINT], hits[NOISY])
    return measured


def better_blind(
    strongest: Mapping[str, Records], others: Mapping[str, Mapping[str, Records]]
) -> list[str]:
    """Return which attacks break more than APGD, which follows the gradient, beyond chance.

    Args:
        strongest: of APGD: network → records by norm.
        others: attack → network → likewise, of the first seeds.
    """
    found = []
    for attack, networks in others.items():
        for name, records in networks.items():
            for norm in records[0]:
                blind, guided = (
                    torch.cat([1 - unpacked(record[norm]) for record in each]).bool()
                    for each in (records, strongest[name][: len(records)])
                )
                if beaten(blind, guided):
                    found.append(f"{name} by {attack} in {norm}")
    return found


def smoother(records: Records) -> dict[str, Measured]:
    """Return by how much attacks are smoother on noisier pictures."""
    strong, weak = (
        torch.tensor([record[key] for record in records], dtype=torch.float64)
        for key in ("strong", "weak")
    )
    return {"smoother": mean_of(strong - weak)}
