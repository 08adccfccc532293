"""The trainings of the recipe: names, options, what is looked at."""

from collections.abc import Sequence
from typing import Any

from torch import nn

from scorelet.analysis.alignment import registered_layers
from scorelet.core.device import choose_device
from scorelet.networks.rainbow import rainbow_scattering
from scorelet.recipes.hits import Hits
from scorelet.recipes.subjects.rainbow.settings import Family, Residual, Tutorial
from scorelet.recipes.trainings import Trainings

PERCEPTRON, CONVOLUTIONAL = "perceptron", "convolutional"


def train_tutorial(setup: Tutorial, trainings: Trainings, name: str, width: float) -> Hits:
    """Train one of the tutorial's networks, with all seeds at the first width, else once."""
    size = trainings.train.size[0]
    options: dict[str, Any] = {"size": size, "width": width}
    if name == PERCEPTRON:
        architecture, options["sizes"] = "Perceptron", setup.sizes
    else:
        architecture, options["sizes"] = "StridedCNN", setup.convolutions
    seeds = setup.seeds if width == setup.width else 1
    return trainings(at(name, width), architecture, options, seeds=seeds)


def train_scattering(
    family: Family, trainings: Trainings, width: float, *, seeds: int = 1
) -> list[nn.Module]:
    """Train a learned scattering; return the networks of all seeds."""
    words = rainbow_scattering(family.hidden, width, skip=family.skip, norm=family.norm)
    name = at(scattering_name(family), width)
    options = words | {"size": trainings.train.size[0]}
    trainings(name, "LearnedScattering", options, seeds=seeds)
    return networks_of(trainings, name)


def train_resnet(
    setup: Residual, trainings: Trainings, width: float, *, seeds: int = 1
) -> list[nn.Module]:
    """Train a residual network; return the networks of all seeds."""
    options = {
        "norm": "after", "bias_free": True, "width": width, "blocks": setup.blocks,
        "widths": setup.sizes, "stem": setup.stem,
    }  # fmt: skip
    name = at("resnet", width)
    trainings(name, "ResNet", options, seeds=seeds)
    return networks_of(trainings, name)


def networks_of(trainings: Trainings, name: str) -> list[nn.Module]:
    """Return the networks of all seeds of a training, on the device that is used."""
    place = choose_device("auto")
    return [model.network.to(place) for model in trainings.models(name)]


def scattering_name(family: Family) -> str:
    """Return the name of a family: what its networks have alike."""
    parts = ["scattering", str(family.hidden)]
    parts += ["skip"] * family.skip + ["norm"] * family.norm
    return "-".join(parts)


def at(name: str, width: float) -> str:
    """Return the name of a training at a width."""
    return f"{name}-{width:g}".replace(".", "_")


def matrices(net: nn.Module) -> Sequence[str]:
    """Return the names of the matrices of a scattering that are neither first nor last.

    The first reads the pictures; the last one is followed by no non-linearity.
    """
    names = [layer.name for layer in registered_layers(net)]
    return names[1:-2]
