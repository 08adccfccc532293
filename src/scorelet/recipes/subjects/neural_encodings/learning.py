"""The trainings: networks that learn their filters, and networks whose filters are frozen."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import cache, partial
from typing import Any

import torch
from torch import Tensor, nn

from scorelet.analysis.weight_covariance import universal_filters
from scorelet.core.random import generator
from scorelet.networks.hermite_gaussian import hermite_gaussians
from scorelet.recipes.contrasts import Contrast, train_all
from scorelet.recipes.hits import Hits
from scorelet.recipes.steps import Steps
from scorelet.recipes.subjects.neural_encodings.sets import (
    ALL,
    BESIDE,
    NAMES,
    RANDOM,
    RANDOM_A,
    write_sets,
)
from scorelet.recipes.subjects.neural_encodings.settings import Settings
from scorelet.recipes.trainings import Trainings

JOINT, UNIVERSAL, HERMITE, SMOOTH, WHITE = "joint", "universal", "hermite", "smooth", "white"
"""Filters that are learned; frozen ones from a trained network, by formula, and random ones."""
FROZEN = (UNIVERSAL, HERMITE, SMOOTH, WHITE)
LOST, GAINED = 5, 3
"""Bounds in points: what frozen filters may lose, and what universal ones must gain."""
CONTRASTS = {
    "lost": Contrast((JOINT,), (UNIVERSAL,), (LOST,)),
    "gained": Contrast((UNIVERSAL,), (WHITE,), (GAINED,)),
    "gained over smooth": Contrast((UNIVERSAL,), (SMOOTH,), ()),
    "gained over formula": Contrast((UNIVERSAL,), (HERMITE,), ()),
}
_APART = 1000  # between the seeds of two sets: no two networks begin with the same weights


class Networks:
    """Trains networks on sets, each once.

    Args:
        settings: of the run.
        steps: of the run.
        seed: of the run.
    """

    def __init__(self, settings: Settings, steps: Steps, seed: int) -> None:
        self.settings, self.steps, self.seed = settings, steps, seed
        self._paths = write_sets(settings, steps.folder, seed)
        self.on = cache(self._on)

    def _on(self, name: str) -> Trainings:
        """Return the trainings on a set."""
        budget = replace(
            self.settings.budget, source=str(self._paths[name]), images=None, held_out=None
        )
        if name in RANDOM:
            budget = replace(budget, padding=0, flip=False, epochs=self.settings.random.epochs)
        seed = self.seed + _APART * (1 + NAMES.index(name))
        return Trainings(budget, self.steps, seed=seed)

    def joint(self, name: str, seeds: int = 1) -> Hits:
        """Train networks that learn their filters."""
        return self.on(name)(f"{JOINT}-{name}", "VGG", self._options(), seeds=seeds)

    def frozen(self, name: str, seeds: int = 1, filters: str = UNIVERSAL) -> Hits:
        """Train networks of frozen filters."""
        options = self._options() | {"filters": self.filters(filters).tolist()}
        return self.on(name)(f"{filters}-{name}", "FactorizedVGG", options, seeds=seeds)

    def network(self, kind: str, name: str, number: int = 0) -> nn.Module:
        """Return a network that was trained."""
        return self.on(name).model(f"{kind}-{name}", number).network

    def untrained(self, kind: str, name: str, number: int = 0) -> nn.Module:
        """Return a network as it was before its training, with norms of its own signals."""
        pictures = self.settings.comparing.settled
        return self.on(name).settled_start(f"{kind}-{name}", number, pictures=pictures)

    def filters(self, kind: str) -> Tensor:
        """Return frozen filters, (K, k, k); universal ones are those of the joint network."""
        shape = self.settings.shape
        match kind:
            case "universal":
                first, last = self.settings.spatial
                layers = (first, min(last + 1, self.settings.depth))
                net = self.network(JOINT, ALL)
                return universal_filters(net, count=shape.filters, layers=layers)
            case "hermite":
                return hermite_gaussians(shape.kernel)
            case _:
                return random_filters(shape.filters, shape.kernel, self.seed, smooth=kind == SMOOTH)

    def _options(self) -> dict[str, Any]:
        shape = self.settings.shape
        return {"kernel": shape.kernel, "stages": shape.stages, "width": shape.width}


def random_filters(count: int, size: int, seed: int, *, smooth: bool) -> Tensor:
    """Return orthonormal filters of white noise, (count, size, size), or of noise that is blurred.

    Blurred by a Gaussian of the width of the Hermite-Gaussian filters, size / 5.
    """
    noise = torch.randn(count, size, size, generator=generator(seed, 8), dtype=torch.float64)
    if smooth:
        gap = torch.arange(size, dtype=torch.float64)[:, None] - torch.arange(size)
        blur = (-gap.square() / (2 * (size / 5) ** 2)).exp()
        noise = blur @ noise @ blur.mT
    return torch.linalg.qr(noise.flatten(1).mT).Q.mT.reshape(count, size, size)


def learn(networks: Networks) -> dict[str, Hits]:
    """Train all networks; return hits on the set `ALL` by kind of filters, and others by set."""
    networks.joint(ALL)  # the universal filters are its own
    trainers: dict[str, Callable[[int], Hits]] = {JOINT: partial(networks.joint, ALL)}
    trainers |= {kind: partial(networks.frozen, ALL, filters=kind) for kind in FROZEN}
    hits = train_all(trainers, CONTRASTS, networks.settings.budget.seeds)
    if len(hits[UNIVERSAL]) < 2:
        hits[UNIVERSAL] = networks.frozen(ALL, seeds=2)
    for name in (BESIDE, RANDOM_A):
        hits[f"{JOINT} {name}"] = networks.joint(name)
    for name in NAMES[1:]:
        hits[f"{UNIVERSAL} {name}"] = networks.frozen(name)
    return hits


def compared(hits: Mapping[str, Hits]) -> dict[str, Any]:
    """Return contrasts in points."""
    return {name: each.measure(hits) for name, each in CONTRASTS.items()}
