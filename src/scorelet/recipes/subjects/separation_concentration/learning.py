"""The trainings of the recipe: trees, blocks with and without frames, two layers on patches."""

from collections.abc import Mapping
from dataclasses import asdict, replace
from itertools import pairwise
from typing import Any

import torch
from torch import Tensor

from scorelet.analysis.fisher_profile import FisherProfile, LayerSeparation, fisher_profile
from scorelet.data.labelled import LabelledImages
from scorelet.networks.collapse_block import FOUR_PHASES, CollapseBlock
from scorelet.networks.learned_scattering import LearnedScattering
from scorelet.recipes.claims import Measured
from scorelet.recipes.hits import Hits, accuracy, gain
from scorelet.recipes.steps import Steps
from scorelet.recipes.subjects.separation_concentration.settings import Settings
from scorelet.recipes.trainings import Trainings

TREE, ALL, BLOCKS, FRAMES, FREE = "S_T", "S_T, more images", "S_P", "S_C", "S_P, no Parseval step"
"""Names of the networks in tables."""
FUNCTIONS = {
    "identity": "identity",
    "soft": "soft threshold",
    "relu0": "ReLU",
    "abs": "absolute value",
}
"""Names of what two-layer networks apply, by those of `scorelet.networks.concentration`."""
_FOLDERS = {TREE: "tree", ALL: "tree-more", BLOCKS: "blocks", FRAMES: "frames", FREE: "blocks-free"}


def learn(settings: Settings, trainings: Trainings, steps: Steps, seed: int) -> dict[str, Hits]:
    """Train everything; return hits by the names of the networks."""
    seeds, blocks = settings.budget.seeds, settings.blocks
    hits = _trees(settings, trainings, steps, seed)
    options, tight = _options(settings, trainings), {"parseval": {"beta": settings.beta}}
    hits[BLOCKS] = trainings(_FOLDERS[BLOCKS], "LearnedScattering", options, seeds=seeds, **tight)
    if blocks.concentrated:
        framed = options | {"atoms": blocks.atoms}
        hits[FRAMES] = trainings(
            _FOLDERS[FRAMES], "LearnedScattering", framed, seeds=seeds, **tight
        )
    free = {"parseval": {"beta": 0.0}}
    hits[FREE] = trainings(_FOLDERS[FREE], "LearnedScattering", options, seeds=seeds, **free)
    return hits | _patches(settings, trainings, tight)


def compared(settings: Settings, hits: Mapping[str, Hits]) -> dict[str, Measured]:
    """Return accuracies in percent by name, and gains in points, pair by pair."""
    found = {name: accuracy(h) for name, h in hits.items()}
    found["parseval gain"] = gain(hits[BLOCKS], hits[FREE])
    if FRAMES in hits:
        found["concentration gain"] = gain(hits[FRAMES], hits[BLOCKS])
    if TREE in hits:
        found["blocks gain"] = gain(hits[BLOCKS][:1], hits[TREE])
    names = [FUNCTIONS[name] for name in settings.patches.functions if settings.patches.atoms]
    for name in names[1:]:
        found[f"{name} gain"] = gain(hits[f"two layers, {name}"], hits["two layers, identity"])
    if {"soft threshold", "absolute value"} <= set(names):
        relu = hits["two layers, ReLU"]
        found["ReLU over threshold"] = gain(relu, hits["two layers, soft threshold"])
        found["ReLU less absolute"] = gain(relu, hits["two layers, absolute value"])
    return found


def profiles(trainings: Trainings, images: LabelledImages) -> dict[str, FisherProfile]:
    """Return the class separation at the output of each block of S_P, and of S_C."""
    found = {}
    for name in (BLOCKS, FRAMES):
        if _FOLDERS[name] in trainings.hits:
            network = trainings.model(_FOLDERS[name]).network
            assert isinstance(network, LearnedScattering)
            blocks = [f"blocks.{number}" for number in range(len(network.blocks))]
            found[name] = fisher_profile(network, images, layers=blocks, pool="mean")
    return found


def of_profiles(found: Mapping[str, FisherProfile]) -> dict[str, Measured]:
    """Return the smallest step of the Fisher ratio from block to block, and what frames add."""
    ratios = {name: [_ratio(layer) for layer in each.layers] for name, each in found.items()}
    steps = [after - before for before, after in pairwise(ratios[BLOCKS])]
    measured = {"smallest step": Measured(min(steps))}
    if FRAMES in ratios:
        measured["last ratio gain"] = Measured(ratios[FRAMES][-1] - ratios[BLOCKS][-1])
    return measured


def singular_values(trainings: Trainings) -> dict[str, list[Tensor]]:
    """Return those of each matrix of S_P, trained with Parseval steps and without."""
    return {name: _singular_values(trainings, name) for name in (BLOCKS, FREE)}


def spread(values: list[Tensor]) -> float:
    """Return the largest ratio of singular values of one matrix."""
    return max(float(s.max() / s.min()) for s in values)


def patch_ratios(
    settings: Settings, trainings: Trainings, images: LabelledImages
) -> dict[str, float | None]:
    """Return the Fisher ratio, without bias, of what the classifier of two layers sees."""
    found = {}
    for name in settings.patches.functions if settings.patches.atoms else ():
        network = trainings.model(f"patches-{name}").network
        profile = fisher_profile(network, images, layers="norm", dimension=256)
        found[FUNCTIONS[name]] = profile["norm"].fisher.corrected
    return found


def _trees(settings: Settings, trainings: Trainings, steps: Steps, seed: int) -> dict[str, Hits]:
    tree = settings.tree
    if not tree.outputs:
        return {}
    options: dict[str, Any] = {
        "size": trainings.train.size[0],
        "scales": tree.scales,
        "outputs": tree.outputs,
        "pool": tree.pool,
    }
    words = {"cache": tree.cache, "rate": tree.rate}
    hits = {TREE: trainings(_FOLDERS[TREE], "ScatteringTree", options, **words)}
    if tree.images:
        larger = Trainings(replace(settings.budget, images=tree.images), steps, seed=seed)
        hits[ALL] = larger(_FOLDERS[ALL], "ScatteringTree", options, **words)
    return hits


def _options(settings: Settings, trainings: Trainings) -> dict[str, Any]:
    """Return those of S_P."""
    return {
        "size": trainings.train.size[0],
        "sizes": settings.blocks.sizes,
        "factorize": None,
        "block": asdict(replace(FOUR_PHASES, angles=settings.blocks.angles)),
    }


def _patches(settings: Settings, trainings: Trainings, tight: Mapping[str, Any]) -> dict[str, Hits]:
    patches = settings.patches
    options = {
        "size": trainings.train.size[0],
        "patch": patches.patch,
        "stride": patches.stride,
        "atoms": patches.atoms,
        "features": patches.features,
    }
    return {
        f"two layers, {FUNCTIONS[name]}": trainings(
            f"patches-{name}",
            "PatchFrame",
            options | {"shrinkage": name},
            rate=patches.rate,
            **tight,
        )
        for name in (patches.functions if patches.atoms else ())
    }


def _singular_values(trainings: Trainings, name: str) -> list[Tensor]:
    network = trainings.model(_FOLDERS[name]).network
    assert isinstance(network, LearnedScattering)
    blocks = [block for block in network.blocks if isinstance(block, CollapseBlock)]
    with torch.no_grad():
        return [torch.linalg.svdvals(block.project.weight.double()) for block in blocks]


def _ratio(layer: LayerSeparation) -> float:
    value = layer.fisher.corrected
    return float("nan") if value is None else value
