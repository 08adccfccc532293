"""The tutorial's networks: trained, aligned, drawn anew, clipped, at other widths."""

from functools import partial
from typing import Any

import torch
from torch import nn

from scorelet.analysis.alignment import align, registered_layers
from scorelet.data.labelled import LabelledImages
from scorelet.recipes.claims import Measured, difference
from scorelet.recipes.contrasts import least
from scorelet.recipes.hits import Hits, accuracy, gain, mean_of_all, unpacked
from scorelet.recipes.subjects.rainbow.measures import Rows, basis, clipped_hits, drawn
from scorelet.recipes.subjects.rainbow.networks import (
    CONVOLUTIONAL,
    PERCEPTRON,
    at,
    networks_of,
    train_tutorial,
)
from scorelet.recipes.subjects.rainbow.settings import Tutorial
from scorelet.recipes.trainings import Trainings

LAWS = {
    "sampled": {},
    "sampled, not aligned": {"aligned": False, "refitted": False},
    "white": {"law": "white", "refitted": False},
}
"""How networks are drawn."""


def tutorial(setup: Tutorial, trainings: Trainings) -> tuple[dict[str, Measured], dict[str, Rows]]:
    """Measure everything about both networks; return numbers by name, and tables."""
    perceptron, convolutional = (
        _trained_and_drawn(setup, trainings, name) for name in (PERCEPTRON, CONVOLUTIONAL)
    )
    fitted = trainings.train.first(setup.fitted)
    networks = networks_of(trainings, at(PERCEPTRON, setup.width))
    cosines = trainings.steps("perceptron-pairs", partial(_pairs, networks, fitted))
    clipped = trainings.steps(
        "perceptron-clipped", partial(_clipped, setup, networks[0], trainings)
    )
    widths, gaps = _widths(setup, trainings)
    measured = _of(perceptron, convolutional, clipped) | gaps
    for layer in (1, 2):
        found = torch.tensor([pair[layer - 1] for pair in cosines], dtype=torch.float64)
        note = f"{len(found)} pairs of seeds"
        measured[f"perceptron cosine {layer}"] = Measured(float(found.mean()), note=note)
    rows = [
        {"network": name} | {key: accuracy(h).value for key, h in found.items()}
        for name, found in ((PERCEPTRON, perceptron), (CONVOLUTIONAL, convolutional))
    ]
    return measured, {"tutorial": rows, "tutorial_widths": widths}


def _trained_and_drawn(setup: Tutorial, trainings: Trainings, name: str) -> dict[str, Hits]:
    """Return the hits of all seeds of a network, and of the networks drawn from each."""
    found: dict[str, list[torch.Tensor]] = {}
    hits = train_tutorial(setup, trainings, name, setup.width)
    fitted = trainings.train.first(setup.fitted)
    for seed, net in enumerate(networks_of(trainings, at(name, setup.width))):
        for law, words in LAWS.items():
            step = f"{name}-{law.replace(', ', '-').replace(' ', '-')}-{seed}"
            work = partial(drawn, net, fitted, trainings.test, seed=seed, **words)
            record = trainings.steps(step, work)
            found.setdefault(law, []).append(unpacked(record["hits"]))
            if record["refit"]:
                found.setdefault("refitted", []).append(unpacked(record["refit"]))
    return {"trained": hits} | {key: torch.stack(each) for key, each in found.items()}


def _of(
    perceptron: dict[str, Hits], convolutional: dict[str, Hits], clipped: dict[str, str]
) -> dict[str, Measured]:
    networks = ((PERCEPTRON, perceptron), (CONVOLUTIONAL, convolutional))
    measured = {
        f"{name} {key}": accuracy(hits) for name, found in networks for key, hits in found.items()
    }
    kept, other = (unpacked(clipped[key])[None] for key in ("weights", "random"))
    first = perceptron["trained"][:1]
    gaps = [found["trained"] - found["sampled"] for found in (convolutional, perceptron)]
    return measured | {
        "perceptron refit gain": gain(perceptron["refitted"], perceptron["sampled"]),
        "perceptron over white": gain(perceptron["sampled"], perceptron["white"]),
        "perceptron clipped": gain(first, kept),
        "perceptron random": gain(first, other),
        "convolutional gap": gain(gaps[0], gaps[1]),
    }


def _pairs(networks: list[nn.Module], fitted: LabelledImages) -> list[list[float]]:
    """Return r² of the signals of both hidden layers, for every two networks."""
    count = len(networks)
    return [
        [layer.rotation.similarity for layer in align(networks[i], networks[j], fitted).layers[1:]]
        for i in range(count)
        for j in range(i + 1, count)
    ]


def _clipped(setup: Tutorial, net: nn.Module, trainings: Trainings) -> dict[str, str]:
    """Keep the leading eigenvectors of both layers; or as many random directions of the first."""
    first, second, _ = registered_layers(net)
    nothing = torch.empty(0)
    kept = {
        layer.name: basis(layer, "weights", nothing, rank, 0)
        for layer, rank in zip((first, second), setup.ranks, strict=True)
    }
    other = {first.name: basis(first, "random", nothing, setup.ranks[0], trainings.seed)}
    return {
        "weights": clipped_hits(net, kept, trainings.test),
        "random": clipped_hits(net, other, trainings.test),
    }


def _widths(setup: Tutorial, trainings: Trainings) -> tuple[Rows, dict[str, Measured]]:
    """Return a row for each width, and what narrow networks lose more than wide ones.

    At each width one network is trained, and as many are drawn from it as the tutorial has seeds.
    """
    fitted = trainings.train.first(setup.fitted)
    rows, losses, cosines = [], [], []
    for width in sorted({*setup.widths, setup.width}):
        own = train_tutorial(setup, trainings, PERCEPTRON, width)[:1]
        (net, *_) = networks_of(trainings, at(PERCEPTRON, width))
        records: list[dict[str, Any]] = []
        for seed in range(setup.seeds):
            work = partial(drawn, net, fitted, trainings.test, seed=seed, refitted=False)
            records.append(trainings.steps(at(f"perceptron-by-width-{seed}", width), work))
        sampled = torch.stack([unpacked(record["hits"]) for record in records])
        losses.append(own - sampled)
        cosines.append(
            torch.tensor([record["similarity"] for record in records], dtype=torch.float64)
        )
        rows.append(
            {
                "width": width,
                "trained": accuracy(own).value,
                "sampled": accuracy(sampled).value,
                "cosines": cosines[-1].mean(0).tolist(),
            }
        )
    return rows, {
        "perceptron gap shrinks": gain(losses[0], losses[-1]),
        "perceptron cosine rises": least_rise(cosines[0], cosines[-1]),
    }


def least_rise(narrow: torch.Tensor, wide: torch.Tensor) -> Measured:
    """Return the smallest rise of the mean cosine of a layer; cosines (network, layer) are given.

    Its error is that of networks drawn independently at both widths.
    """
    rises = [
        difference(mean_of_all(b), mean_of_all(a)) for a, b in zip(narrow.mT, wide.mT, strict=True)
    ]
    return least(rises)
