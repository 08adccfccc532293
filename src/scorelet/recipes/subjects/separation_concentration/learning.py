"""The trainings of the recipe: trees, blocks with and without frames, two layers on patches."""

from collections.abc import Callable, Mapping
from dataclasses import asdict, replace
from functools import partial
from typing import Any

import torch
from torch import Tensor, nn

from scorelet.data.labelled import LabelledImages
from scorelet.networks.collapse_block import FOUR_PHASES, CollapseBlock
from scorelet.networks.learned_scattering import LearnedScattering
from scorelet.recipes.claims import Measured
from scorelet.recipes.contrasts import least, train_all
from scorelet.recipes.hits import Hits, accuracy, mean_of
from scorelet.recipes.layer_tables import LayerTable, fisher_without_bias, kept_tables, layer_tables
from scorelet.recipes.steps import Steps
from scorelet.recipes.subjects.separation_concentration.comparisons import (
    ALL,
    BLOCKS,
    FRAMES,
    FREE,
    FUNCTIONS,
    TREE,
    contrasts,
    two_layers,
)
from scorelet.recipes.subjects.separation_concentration.settings import Settings
from scorelet.recipes.trainings import Trainings

Trainer = Callable[[int], Hits]
"""Trains with so many seeds."""
_FOLDERS = {TREE: "tree", ALL: "tree-more", BLOCKS: "blocks", FRAMES: "frames", FREE: "blocks-free"}


def learn(settings: Settings, trainings: Trainings, steps: Steps, seed: int) -> dict[str, Hits]:
    """Train everything; return hits by the names of the networks."""
    trainers = _trees(settings, trainings, steps, seed)
    trainers |= _scatterings(settings, trainings) | _patches(settings, trainings)
    return train_all(trainers, contrasts(settings), settings.budget.seeds)


def compared(settings: Settings, hits: Mapping[str, Hits]) -> dict[str, Measured]:
    """Return accuracies in percent by name, and contrasts in points."""
    found = {name: accuracy(h) for name, h in hits.items()}
    return found | {name: each.measure(hits) for name, each in contrasts(settings).items()}


def profiles(
    settings: Settings, trainings: Trainings, images: LabelledImages
) -> dict[str, LayerTable]:
    """Return the Fisher ratio of channel means at each block of S_P, and of S_C."""
    layers = [f"blocks.{number}" for number in range(len(settings.blocks.sizes))]
    made = partial(_ratios, trainings, images, layers=layers, parts=settings.parts)
    return {
        name: _kept(trainings, _FOLDERS[name], made)
        for name in (BLOCKS, FRAMES)
        if _FOLDERS[name] in trainings.hits
    }


def _kept(
    trainings: Trainings, name: str, made: Callable[[str], dict[str, LayerTable]]
) -> LayerTable:
    return kept_tables(trainings.steps, f"ratios-{name}", partial(made, name))["ratio"]


def _ratios(
    trainings: Trainings,
    images: LabelledImages,
    name: str,
    **options: Any,  # noqa: ANN401
) -> dict[str, LayerTable]:
    networks = [model.network for model in trainings.models(name)]
    return layer_tables(networks, images, {"ratio": fisher_without_bias}, **options)


def of_profiles(found: Mapping[str, LayerTable]) -> dict[str, Measured]:
    """Return the smallest step of the Fisher ratio from block to block, and what frames add."""
    table = found[BLOCKS]
    steps = [mean_of(table[..., k + 1] - table[..., k]) for k in range(table.shape[-1] - 1)]
    measured = {"smallest step": least(steps)}
    if FRAMES in found:
        seeds = min(len(each) for each in found.values())
        last = found[FRAMES][:seeds, :, -1] - table[:seeds, :, -1]
        measured["last ratio gain"] = mean_of(last)
    return measured


def singular_values(trainings: Trainings) -> dict[str, list[list[Tensor]]]:
    """Return those of each matrix of S_P, by seed, trained with Parseval steps and without."""
    return {
        name: [_singular_values(model.network) for model in trainings.models(_FOLDERS[name])]
        for name in (BLOCKS, FREE)
    }


def spreads(values: Mapping[str, list[list[Tensor]]]) -> dict[str, Measured]:
    """Return the largest ratio of singular values of one matrix, of the seed that says least."""
    tight, free = ([spread(seed) for seed in values[name]] for name in (BLOCKS, FREE))
    return {"spread with": Measured(max(tight)), "spread without": Measured(min(free))}


def spread(values: list[Tensor]) -> float:
    """Return the largest ratio of singular values of one matrix."""
    return max(float(s.max() / s.min()) for s in values)


def patch_ratios(
    settings: Settings, trainings: Trainings, images: LabelledImages
) -> dict[str, LayerTable]:
    """Return the Fisher ratio, without bias, of what the classifier of two layers sees."""
    more = {"layers": ["norm"], "parts": settings.parts, "dimension": 256, "pool": "flatten"}
    made = partial(_ratios, trainings, images, **more)
    return {
        FUNCTIONS[name]: _kept(trainings, f"patches-{name}", made) for name in two_layers(settings)
    }


def _trees(settings: Settings, trainings: Trainings, steps: Steps, seed: int) -> dict[str, Trainer]:
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
    found = {TREE: _trainer(trainings, _FOLDERS[TREE], "ScatteringTree", options, words)}
    if tree.images:
        larger = Trainings(replace(settings.budget, images=tree.images), steps, seed=seed)
        found[ALL] = _trainer(larger, _FOLDERS[ALL], "ScatteringTree", options, words)
    return found


def _scatterings(settings: Settings, trainings: Trainings) -> dict[str, Trainer]:
    """Return S_P with Parseval steps and without, and S_C."""
    options: dict[str, Any] = {
        "size": trainings.train.size[0],
        "sizes": settings.blocks.sizes,
        "factorize": None,
        "block": asdict(replace(FOUR_PHASES, angles=settings.blocks.angles)),
    }
    tight = {"parseval": {"beta": settings.beta}}
    made = partial(_trainer, trainings, architecture="LearnedScattering")
    found = {
        BLOCKS: made(_FOLDERS[BLOCKS], options=options, more=tight),
        FREE: made(_FOLDERS[FREE], options=options, more={"parseval": {"beta": 0.0}}),
    }
    if settings.blocks.concentrated:
        framed = options | {"atoms": settings.blocks.atoms}
        found[FRAMES] = made(_FOLDERS[FRAMES], options=framed, more=tight)
    return found


def _patches(settings: Settings, trainings: Trainings) -> dict[str, Trainer]:
    patches = settings.patches
    options = {
        "size": trainings.train.size[0],
        "patch": patches.patch,
        "stride": patches.stride,
        "atoms": patches.atoms,
        "features": patches.features,
    }
    more = {"rate": patches.rate, "parseval": {"beta": settings.beta}}
    return {
        network: _trainer(
            trainings, f"patches-{name}", "PatchFrame", options | {"shrinkage": name}, more
        )
        for name, network in two_layers(settings).items()
    }


def _trainer(
    trainings: Trainings,
    name: str,
    architecture: str,
    options: dict[str, Any],
    more: dict[str, Any],
) -> Trainer:
    """Return what trains a network with so many seeds."""
    return lambda seeds: trainings(name, architecture, options, seeds=seeds, **more)


def _singular_values(network: nn.Module) -> list[Tensor]:
    assert isinstance(network, LearnedScattering)
    blocks = [block for block in network.blocks if isinstance(block, CollapseBlock)]
    with torch.no_grad():
        return [torch.linalg.svdvals(block.project.weight.double()) for block in blocks]
