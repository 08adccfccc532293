"""Attacks on all pictures, some at a time; each piece of work is a part that a run can go on from.

A picture that breaks at a radius is broken at all larger ones, whose balls contain it: it is not
attacked again.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

import torch
from torch import Tensor, nn

from scorelet.analysis.robustness import (
    TRANSFER,
    AttackSetup,
    attack,
    certify,
    check_unnormalised,
    clean_logits,
    widest,
    without_gradient,
)
from scorelet.core.errors import InputError, one_line
from scorelet.core.random import generator
from scorelet.tasks.ready_classifier import check_finite
from scorelet.tasks.robust.parts import Parts, Tensors
from scorelet.tasks.robust.settings import RobustSettings
from scorelet.tasks.robust.shown import Shown, voter

CHUNK = 50
PROBED = 20
"""Pictures that are attacked at the widest radius, where gradients must find something."""
PROBE_STEPS = 20


@dataclass(frozen=True)
class Work:
    """All that the pieces of a run need.

    Attributes:
        network, source: the one that is attacked, and the one that attacks are transferred from.
        shown: pictures with labels.
        settings: how.
    """

    network: nn.Module
    source: nn.Module | None
    shown: Shown
    settings: RobustSettings

    @property
    def attacks(self) -> tuple[str, ...]:
        """Names of the attacks, transfer last."""
        return self.settings.names + ((TRANSFER,) if self.source is not None else ())

    def chunk(self, number: int) -> tuple[Tensor, Tensor]:
        """Return pictures and labels of a chunk, on the network's device."""
        some = slice(number * CHUNK, (number + 1) * CHUNK)
        place = next(self.network.parameters(), torch.empty(0)).device
        return self.shown.x[some].to(place, torch.float32), self.shown.labels[some].to(place)


Piece = tuple[str, Callable[[], Tensors]]


def pieces(work: Work) -> Iterator[Piece]:
    """Yield names and computations: clean pictures first, then attack by attack."""
    chunks = range(-(-len(work.shown.x) // CHUNK))
    for number in chunks:
        yield f"clean-{number:04d}", lambda n=number: _clean(work, n)
    for name in work.attacks:
        for number in chunks:
            yield f"{name}-{number:04d}", lambda n=number, a=name: _attacked(work, a, n)
    if work.settings.guided():
        yield "widest-0000", lambda: _widest(work)
    if work.settings.smoothing is not None:
        for number in chunks:
            yield f"smoothed-{number:04d}", lambda n=number: _certified(work, n)


def gathered(
    work: Work, parts: Parts, progress: Callable[[int, int], None] | None
) -> dict[str, Tensors]:
    """Compute all pieces, or read them; return them by kind, pictures one after the other."""
    todo = list(pieces(work))
    found: dict[str, list[Tensors]] = {}
    for done, (name, compute) in enumerate(todo):
        if progress:
            progress(done, len(todo))
        found.setdefault(name.rpartition("-")[0], []).append(parts.get(name, compute))
    if progress:
        progress(len(todo), len(todo))
    return {
        kind: {key: torch.cat([part[key] for part in several]) for key in several[0]}
        for kind, several in found.items()
    }


def _clean(work: Work, number: int) -> Tensors:
    x, labels = work.chunk(number)
    logits = clean_logits(work.network, x, labels)
    check_finite(logits)
    if number == 0:  # refused here, not after the other attacks
        check_unnormalised(logits)
        if work.source is not None:
            _check_source(work.source, x, classes=logits.shape[1])
    found = {"logits": logits.cpu()}
    if work.settings.guided():
        found["without"] = without_gradient(work.network, x, labels).cpu()
    return found


def _check_source(source: nn.Module, x: Tensor, *, classes: int) -> None:
    """Refuse a network from which attacks cannot be transferred, with its name."""
    labels = torch.zeros(len(x), dtype=torch.long, device=x.device)
    try:
        known = clean_logits(source, x, labels).shape[1]
        without_gradient(source, x, labels)
    except InputError as error:
        raise InputError(f"The model to transfer from: {error}") from error
    except RuntimeError as error:
        raise InputError(
            "The model to transfer from does not take these pictures, of shape "
            f"{tuple(x.shape)}: {one_line(error)}."
        ) from error
    if known < classes:
        raise InputError(
            f"The model to transfer from knows {known} classes, and the one that is attacked "
            f"{classes}: give one that knows the same."
        )


def _attacked(work: Work, name: str, number: int) -> Tensors:
    """Return at which radius (number of it) each picture breaks, and the attacked pictures."""
    x, labels = work.chunk(number)
    radii = work.settings.radii
    level = torch.full((len(x),), len(radii), device=x.device)
    pictures, left = x.clone(), torch.arange(len(x), device=x.device)
    for place, eps in enumerate(radii):
        if not len(left):
            break
        found = attack(
            work.network,
            x[left],
            labels[left],
            eps=eps,
            name=name,
            setup=_seeded(work.settings, name, number, place),
            source=work.source,
        )
        pictures[left] = found.pictures
        level[left[found.broken]] = place
        left = left[~found.broken]
    label = clean_logits(work.network, pictures, labels).argmax(1)
    return {"level": level.cpu(), "pictures": pictures.cpu(), "label": label.cpu()}


def _widest(work: Work) -> Tensors:
    """Attack pictures that are right at the radius where gradients must find something."""
    x, labels = work.chunk(0)
    right = (clean_logits(work.network, x, labels).argmax(1) == labels).nonzero()[:PROBED, 0]
    if not len(right):
        return {"broken": right.cpu() > 0, "labels": labels[right].cpu()}
    name = work.settings.guided()[0]
    name = name if name != "autoattack" else "apgd"
    setup = replace(work.settings.setup(name), steps=PROBE_STEPS)
    eps = widest(setup.norm, x[0].numel())
    found = attack(work.network, x[right], labels[right], eps=eps, name=name, setup=setup)
    return {"broken": found.broken.cpu(), "labels": labels[right].cpu()}


def _certified(work: Work, number: int) -> Tensors:
    x, _ = work.chunk(number)
    votes = work.settings.votes()
    network = voter(work.network, votes.sigma)
    found = [
        certify(network, image, votes, number=number * CHUNK + place)
        for place, image in enumerate(x)
    ]
    return {
        "label": torch.tensor([one.label for one in found]),
        "radius": torch.tensor([one.radius for one in found], dtype=torch.float64),
    }


def _seeded(settings: RobustSettings, name: str, number: int, place: int) -> AttackSetup:
    """Return the setup of an attack, whose seed is a function of its chunk and radius."""
    setup = settings.setup(name)
    seed = generator(settings.seed, number, place).initial_seed() & 0x7FFF_FFFF
    return replace(setup, seed=seed)
