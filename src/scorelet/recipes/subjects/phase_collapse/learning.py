"""The trainings of the recipe: one network, in which one thing at a time is changed."""

from collections.abc import Mapping
from functools import partial
from itertools import pairwise
from typing import Any

import torch

from scorelet.analysis.fisher_profile import FisherProfile, fisher_profile
from scorelet.analysis.ridge import RidgeMoments
from scorelet.data.labelled import LabelledImages
from scorelet.models import Classifier
from scorelet.networks.collapse_block import CollapseBlock
from scorelet.networks.learned_scattering import LearnedScattering
from scorelet.recipes.claims import Measured
from scorelet.recipes.hits import Hits, accuracy, error_factor, gain, packed, unpacked
from scorelet.recipes.subjects.phase_collapse.settings import Network, Settings
from scorelet.recipes.trainings import Trainings

FULL, PLAIN, FROZEN = "mod with skip", "mod without skip", "frozen with skip"
LINEAR = "linear classifier of pixels"
_PENALTY = 1e-1
_LEAST = 1e-4  # of trace ratios: less is chance


def learn(settings: Settings, trainings: Trainings) -> dict[str, Measured]:
    """Train everything; return accuracies in percent, and what claims are about."""
    hits = scatterings(settings, trainings)
    hits |= {f"ResNet {name}": h for name, h in _residual(settings, trainings).items()}
    steps = trainings.steps
    linear = steps("linear-pixels", partial(_linear, trainings.train, trainings.test))
    hits[LINEAR] = unpacked(linear["hits"])[None]
    return {name: accuracy(h) for name, h in hits.items()} | compared(settings, hits)


def scatterings(settings: Settings, trainings: Trainings) -> dict[str, Hits]:
    """Train the learned scatterings: by non-linearity, with and without skip, by depth, frozen."""
    network, seeds = settings.network, settings.budget.seeds
    run = partial(_scattering, network, trainings)
    hits = {FULL: run(seeds=seeds), PLAIN: run(skip=False, seeds=seeds)}
    hits |= {f"{rho} with skip": run(amplitude=rho) for rho in network.kept}
    hits[FROZEN] = run(learned=False)
    hits |= {f"{rho} without skip": run(amplitude=rho, skip=False) for rho in network.kept}
    for depth in network.depths[:-1]:
        hits[f"depth {depth}"] = run(depth=depth)
    hits[f"depth {network.depths[-1]}"] = hits[FULL]
    return hits


def name_of(amplitude: str = "mod", *, skip: bool = True, learned: bool = True, depth: int) -> str:
    """Return the name of a training's folder."""
    parts = [amplitude, "skip" if skip else "plain", *([] if learned else ["frozen"]), str(depth)]
    return "-".join(parts)


def compared(settings: Settings, hits: Mapping[str, Hits]) -> dict[str, Measured]:
    """Return gains in points, pair by pair."""
    kept, depths = settings.network.kept, settings.network.depths
    found = {
        "skip gain": gain(hits[FULL], hits[PLAIN]),
        "learned gain": gain(hits[FULL][:1], hits[FROZEN]),
    }
    if "cst" in kept:
        cst, plain = hits["cst with skip"], hits["cst without skip"]
        found["collapse gain"] = gain(hits[FULL][:1], cst)
        found["collapse factor"] = error_factor(hits[FULL][:1], cst)
        found["collapse gain without skip"] = gain(hits[PLAIN][:1], plain)
        found["gap growth"] = gain(hits[PLAIN][:1] - plain, hits[FULL][:1] - cst)
        found["kept against linear"] = gain(plain, hits[LINEAR])
    others = [gain(hits[FULL][:1], hits[f"{rho} with skip"]) for rho in kept]
    found |= {"smallest gain": least(others)} if others else {}
    for before, after in pairwise(depths):
        found[f"depth {before} to {after}"] = gain(
            hits[f"depth {after}"][:1], hits[f"depth {before}"][:1]
        )
    return found | _rectifiers(settings, hits)


def least(values: list[Measured]) -> Measured:
    """Return the smallest of several, by its value less its error."""
    return min(values, key=lambda m: m.value - 2 * (m.error or 0))


def kinds(model: Classifier, images: LabelledImages) -> FisherProfile:
    """Return the separation by kind of channel: low pass and bands, before and after ρ."""
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
    return fisher_profile(network, images, layers=list(names), pool="mean", kinds=names)


def profiles(
    settings: Settings, trainings: Trainings, images: LabelledImages
) -> dict[str, FisherProfile]:
    """Return the separation of channel means at each block, by the name of the non-linearity."""
    depth = len(settings.network.sizes)
    names = ["mod", *(["cst"] if "cst" in settings.network.kept else [])]
    return {
        rho: fisher_profile(
            trainings.model(name_of(rho, depth=depth)).network,
            images,
            layers=_blocks(depth),
            pool="mean",
        )
        for rho in names
    }


def _blocks(depth: int) -> list[str]:
    return [f"blocks.{number}" for number in range(depth)]


def growths(found: Mapping[str, FisherProfile]) -> dict[str, Measured]:
    """Return how tr Σ_B / tr Σ_W grows from the first block to the last."""
    values = {name: _growth(each) for name, each in found.items()}
    measured = {f"growth {name}": Measured(value) for name, value in values.items()}
    if "cst" in values:
        measured["growth mod over cst"] = Measured(values["mod"] / values["cst"])
    return measured


def _growth(found: FisherProfile) -> float:
    first, last = (found.layers[k].fisher.trace_ratio for k in (0, -1))
    return max(last, _LEAST) / max(first, _LEAST)


def _scattering(
    network: Network,
    trainings: Trainings,
    *,
    amplitude: str = "mod",
    skip: bool = True,
    learned: bool = True,
    depth: int | None = None,
    seeds: int = 1,
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


def _residual(settings: Settings, trainings: Trainings) -> dict[str, Hits]:
    residual = settings.residual
    return {
        name: trainings(
            f"resnet-{name.replace(' ', '-')}",
            "ResNet",
            {
                "blocks": residual.blocks,
                "widths": residual.widths,
                "stem": residual.stem,
                "rectifier": name,
            },
            rate=residual.rate,
            epochs=residual.epochs,
        )
        for name in residual.rectifiers
    }


def _rectifiers(settings: Settings, hits: Mapping[str, Hits]) -> dict[str, Measured]:
    names = settings.residual.rectifiers
    even = [hits[f"ResNet {name}"] for name in names if name in ("relu", "abs")]
    odd = [hits[f"ResNet {name}"] for name in names if name not in ("relu", "abs")]
    found = {"rectifiers": least([gain(a, b) for a in even for b in odd])} if odd else {}
    if len(even) == 2:
        found["relu less abs"] = gain(even[0], even[1])
    return found


def _linear(train: LabelledImages, test: LabelledImages) -> dict[str, str]:
    """Classify pixels by least squares with a penalty."""
    moments = RidgeMoments(train.images(0, 1).numel(), len(train.classes))
    for start in range(0, len(train), 500):
        labels = torch.from_numpy(train.y[start : start + 500])
        moments.add(train.images(start, start + 500).flatten(1), labels)
    (head,) = moments.solve([_PENALTY])
    found = head.classify(test.images(0, len(test)).flatten(1)) == torch.from_numpy(test.y)
    return {"hits": packed(found.double())}
