"""The trainings of the recipe: one network, in which one thing at a time is changed."""

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor

from scorelet.analysis.fisher_profile import FisherProfile, fisher_profile
from scorelet.analysis.ridge import RidgeMoments
from scorelet.data.labelled import LabelledImages
from scorelet.models import Classifier
from scorelet.networks.collapse_block import CollapseBlock
from scorelet.networks.learned_scattering import LearnedScattering
from scorelet.recipes.claims import Measured
from scorelet.recipes.contrasts import least, train_all
from scorelet.recipes.hits import (
    Hits,
    accuracy,
    error_factor,
    mean_of,
    packed,
    quotient,
    unpacked,
)
from scorelet.recipes.layer_tables import (
    LayerTable,
    fisher_without_bias,
    kept_tables,
    layer_tables,
    trace_ratio,
)
from scorelet.recipes.subjects.phase_collapse.comparisons import (
    FROZEN,
    FULL,
    LINEAR,
    PLAIN,
    contrasts,
)
from scorelet.recipes.subjects.phase_collapse.settings import Network, Residual, Settings
from scorelet.recipes.trainings import Trainings

Trainer = Callable[[int], Hits]
"""Trains with so many seeds."""
MORE = 1.5
"""So many times the growth of class means with the soft threshold, that with the modulus has."""
_PENALTY = 1e-1
_PIECE, _SIDE = 500, 32
_VALUES = {"trace ratio": trace_ratio, "Fisher ratio": fisher_without_bias}


def learn(
    settings: Settings, trainings: Trainings
) -> tuple[dict[str, Measured], dict[str, Measured]]:
    """Train everything; return accuracies in percent by network, and contrasts of them."""
    trainers = scatterings(settings, trainings) | _residual(settings, trainings)
    linear = trainings.steps("linear-pixels", partial(_linear, trainings.train, trainings.test))
    pixels = unpacked(linear["hits"])
    trainers[LINEAR] = lambda seeds: pixels.expand(seeds, -1)
    hits = train_all(trainers, contrasts(settings), settings.budget.seeds)
    return {name: accuracy(h) for name, h in hits.items()}, compared(settings, hits)


def scatterings(settings: Settings, trainings: Trainings) -> dict[str, Trainer]:
    """Return how learned scatterings are trained: by ρ, with and without skip, by depth, frozen."""
    network = settings.network
    run = partial(partial, _scattering, network, trainings)
    found = {FULL: run(), PLAIN: run(skip=False), FROZEN: run(learned=False)}
    found |= {f"{rho} with skip": run(amplitude=rho) for rho in network.kept}
    found |= {f"{rho} without skip": run(amplitude=rho, skip=False) for rho in network.plain}
    return found | {f"depth {depth}": run(depth=depth) for depth in network.depths}


def name_of(amplitude: str = "mod", *, skip: bool = True, learned: bool = True, depth: int) -> str:
    """Return the name of a training's folder."""
    parts = [amplitude, "skip" if skip else "plain", *([] if learned else ["frozen"]), str(depth)]
    return "-".join(parts)


def compared(settings: Settings, hits: Mapping[str, Hits]) -> dict[str, Measured]:
    """Return all contrasts in points, the smallest of those that a claim takes together."""
    found = {name: each.measure(hits) for name, each in contrasts(settings).items()}
    if "cst" in settings.network.kept:
        found["collapse factor"] = error_factor(hits[FULL], hits["cst with skip"])
    for name, start in (("smallest gain", "gain over "), ("rectifiers", "ResNet ")):
        gains = [value for key, value in found.items() if key.startswith(start)]
        found |= {name: least(gains)} if gains else {}
    return found


def kinds(model: Classifier, images: LabelledImages) -> FisherProfile:
    """Return the separation by kind of channel: low pass and bands, before and after ρ.

    Of large pictures means over space are compared: no memory holds variances of all positions,
    and means of each class, in float64.
    """
    network = model.network
    assert isinstance(network, LearnedScattering)
    names: dict[str, list[str]] = {}
    for number, block in enumerate(network.blocks):
        assert isinstance(block, CollapseBlock)
        angles = block.wavelets.angles
        linear = block.project.groups[0].channels
        channels = linear // (1 + angles) if block.skip else linear
        names[f"blocks.{number}.wavelets"] = ["low pass", *["bands"] * angles] * channels
        after = ["ρ(low pass)", *["ρ(bands)"] * angles] if block.skip else ["ρ(bands)"] * angles
        names[f"blocks.{number}.amplitude"] = after * channels
    pool = "flatten" if max(images.size) <= _SIDE else "mean"
    return fisher_profile(network, images, layers=list(names), dimension=16, pool=pool, kinds=names)


def by_depth(
    settings: Settings, trainings: Trainings, images: LabelledImages
) -> tuple[dict[str, LayerTable], dict[str, LayerTable]]:
    """Return tr Σ_B / tr Σ_W and Fisher ratios of channel means at each block, by ρ."""
    depth = len(settings.network.sizes)
    names = ["mod", *(["cst"] if "cst" in settings.network.kept else [])]
    found = {
        rho: kept_tables(
            trainings.steps,
            f"depth-{rho}",
            partial(_tables, trainings.models(name_of(rho, depth=depth)), images, settings),
        )
        for rho in names
    }
    traces, ratios = ({rho: each[key] for rho, each in found.items()} for key in _VALUES)
    return traces, ratios


def _tables(
    models: Sequence[Classifier], images: LabelledImages, settings: Settings
) -> dict[str, LayerTable]:
    layers = [f"blocks.{number}" for number in range(len(settings.network.sizes))]
    networks = [model.network for model in models]
    return layer_tables(networks, images, _VALUES, layers=layers, parts=settings.parts)


def growths(found: Mapping[str, LayerTable]) -> dict[str, Measured]:
    """Return how tr Σ_B / tr Σ_W grows from the first block to the last.

    Not a number where the first block is not above chance, by two errors: nothing grows from there.
    """
    values = {name: _growth(table) for name, table in found.items()}
    measured = {f"growth {name}": value for name, value in values.items()}
    if "cst" in values:
        measured["growth mod over cst"] = _excess(values["mod"], values["cst"])
    return measured


def _growth(table: LayerTable) -> Measured:
    first = mean_of(table[..., 0])
    if not first.value > 2 * (first.error or 0):
        return Measured(float("nan"), note="the first block is not above chance")
    return quotient(table[..., -1], table[..., 0])


def _excess(mod: Measured, cst: Measured) -> Measured:
    """Return the growth with the modulus less `MORE` times that with the soft threshold."""
    error = ((mod.error or 0) ** 2 + (MORE * (cst.error or 0)) ** 2) ** 0.5
    return Measured(
        mod.value - MORE * cst.value, error, f"modulus: {mod.note}, soft threshold: {cst.note}"
    )


def _scattering(
    network: Network,
    trainings: Trainings,
    seeds: int,
    *,
    amplitude: str = "mod",
    skip: bool = True,
    learned: bool = True,
    depth: int | None = None,
) -> Hits:
    depth = depth or len(network.sizes)
    options: dict[str, Any] = {
        "size": trainings.train.size[0],
        "sizes": network.sizes[:depth],
        "width": network.width,
        "factorize": network.factorize,
        "block": {
            "amplitude": amplitude,
            "skip": skip,
            "learned": learned,
            "angles": network.angles,
        },
    }
    name = name_of(amplitude, skip=skip, learned=learned, depth=depth)
    share = features(network, len(network.sizes)) / features(network, depth)
    rate = trainings.budget.rate * min(1.0, share)
    return trainings(name, "LearnedScattering", options, seeds=seeds, rate=rate)


def features(network: Network, depth: int) -> float:
    """Return how many the classifier sees after so many blocks, per pixel of the pictures.

    The steps that its logits take grow with that number, so the rate of a shallow network, which
    has more of them, is lower by as much.
    """
    octaves = min(depth, network.factorize)
    halvings = octaves + (depth - octaves) // 2
    return network.sizes[depth - 1] / 4**halvings


def _residual(settings: Settings, trainings: Trainings) -> dict[str, Trainer]:
    residual = settings.residual
    return {
        f"ResNet {name}": partial(_resnet, residual, trainings, name)
        for name in residual.rectifiers
    }


def _resnet(residual: Residual, trainings: Trainings, rectifier: str, seeds: int) -> Hits:
    options = {
        "blocks": residual.blocks,
        "widths": residual.widths,
        "stem": residual.stem,
        "rectifier": rectifier,
    }
    name = f"resnet-{rectifier.replace(' ', '-')}"
    more = {"rate": residual.rate, "epochs": residual.epochs}
    return trainings(name, "ResNet", options, seeds=seeds, **more)


def _linear(train: LabelledImages, test: LabelledImages) -> dict[str, str]:
    """Classify pixels by least squares with a penalty."""
    train = train.readable()
    moments = RidgeMoments(_pixels(train, 0)[0].numel(), len(train.classes))
    for start in range(0, len(train), _PIECE):
        moments.add(_pixels(train, start), torch.from_numpy(train.y[start : start + _PIECE]))
    (head,) = moments.solve([_PENALTY])
    pieces = range(0, len(test), _PIECE)
    found = torch.cat([head.classify(_pixels(test, start)) for start in pieces])
    return {"hits": packed((found == torch.from_numpy(test.y)).double())}


def _pixels(images: LabelledImages, start: int) -> Tensor:
    """Return a piece of pictures, (n, numbers); large ones as averages, `_SIDE` a side."""
    x = images.images(start, start + _PIECE)
    height, width = x.shape[-2:]
    return F.adaptive_avg_pool2d(x, (min(height, _SIDE), min(width, _SIDE))).flatten(1)
