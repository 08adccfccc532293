"""Attacks by name, and what of their results counts.

A picture counts as broken if the network, right on the clean picture, has another label on one that
lies in the ball and in [0, 1], or logits that are not finite and say no label: what an attack
returns is brought there, and judged, by us.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial

import torch
from torch import Tensor, nn

from scorelet.analysis.robustness.auto import apgd, autoattack, square
from scorelet.analysis.robustness.ball import inside
from scorelet.analysis.robustness.nearest import fmn
from scorelet.analysis.robustness.pgd import ascent, pgd
from scorelet.analysis.robustness.pictures import (
    check_labels,
    check_logits,
    check_pictures,
    check_radius,
    is_wrong,
)
from scorelet.analysis.robustness.setup import AttackSetup
from scorelet.core.errors import InputError
from scorelet.core.typing import Image, Labels, Logits
from scorelet.models import Classifier


@dataclass(frozen=True)
class Attack:
    """An attack, and all that tables and warnings have to know of it.

    Attributes:
        run: makes attacked pictures of the network, pictures in [0, 1], their labels, a radius and
            the setup; what it returns is brought into the ball and into [0, 1].
        guided: whether it follows gradients of the network that it attacks.
        blind: whether it, or a part of it, asks for logits only.
        steps: how many it takes where nothing is said; None: the setup's number is not for it.
        queries: whether the setup's number of queries is for it.
        nearest: whether it looks for the nearest picture with another label, whatever the radius.
        probe: name of the attack that goes to the widest radius in its place; None: itself.
    """

    run: Callable[[nn.Module, Image, Labels, int | float, AttackSetup], Image]
    guided: bool
    blind: bool = False
    steps: int | None = None
    queries: bool = False
    nearest: bool = False
    probe: str | None = None


ATTACKS: dict[str, Attack] = {
    "pgd": Attack(pgd, guided=True, steps=40),
    "apgd": Attack(apgd, guided=True, steps=100),
    "autoattack": Attack(autoattack, guided=True, blind=True, probe="apgd"),  # that is quicker
    "square": Attack(square, guided=False, blind=True, queries=True),
    "fmn": Attack(fmn, guided=True, steps=100, nearest=True, probe="pgd"),
}
TRANSFER = "transfer"
"""Name of an attack on another network, whose results are shown to this one."""


class Copied(nn.Module):
    """A network that may write to what it is shown, and whose logits may be written to.

    Logits of half precision are brought to float32, the dtype in which attacks compute, and what it
    is shown to `dtype`, as some attacks compute in float32 whatever they are given.
    """

    def __init__(self, network: nn.Module, dtype: torch.dtype) -> None:
        super().__init__()
        self.network, self.dtype = network, dtype
        self.training = getattr(network, "training", False)  # functions have none

    def forward(self, x: Tensor) -> Logits:
        """Return the logits of a copy of `x`."""
        logits = self.network(x.to(self.dtype, copy=True))
        return logits.float() if logits.element_size() < 4 else logits.clone()


class Reordered(nn.Module):
    """A network with the classes that another one has, in its order.

    Args:
        network: to be attacked in the place of the other one.
        order: (classes,), the network's number of each class of the other one.
    """

    def __init__(self, network: nn.Module, order: Sequence[int]) -> None:
        super().__init__()
        self.network, self.order = network, list(order)
        self.training = network.training

    def forward(self, x: Tensor) -> Logits:
        """Return the logits of the other one's classes."""
        return self.network(x)[:, self.order]


@dataclass(frozen=True)
class Attacked:
    """What an attack has reached.

    Attributes:
        pictures: (batch, channel, height, width): where `broken`, the one with another label;
            elsewhere the best that the attack returned, or the clean picture.
        broken: (batch,), whether the label has changed, or there is none; False where it was wrong
            before.
    """

    pictures: Image
    broken: Tensor


@torch.inference_mode(mode=False)
def attack(
    network: nn.Module,
    x: Tensor,
    labels: Tensor,
    *,
    eps: int | float,
    name: str = "pgd",
    setup: AttackSetup | None = None,
    source: nn.Module | None = None,
) -> Attacked:
    """Attack pictures within a ball.

    Args:
        network: pictures to logits (batch, classes), in evaluation.
        x: (batch, channel, height, width) in [0, 1].
        labels: (batch,), integers.
        eps: radius in the unit of `x`; 0 changes nothing.
        name: one of `ATTACKS`, or transfer: PGD on `source`, each start shown to `network`.
        setup: how; default `AttackSetup()`.
        source: another network, for transfer; of two `scorelet.models.Classifier` classes are
            matched by their names.

    Raises:
        InputError: pictures, labels, a radius or a name that cannot be used, or no logits.
        MissingExtraError: the library of the attack is not installed.
    """
    setup = setup or AttackSetup()
    check_radius(eps, setup.norm)
    x = x.detach()
    right = ~is_wrong(clean_logits(network, x, labels), labels)
    labels = labels.long()
    places = right.nonzero()[:, 0]
    if eps == 0 or not len(places):
        return Attacked(x.clone(), torch.zeros_like(right))
    source = None if source is None else Copied(in_order_of(network, source), x.dtype)
    network, x = Copied(network, x.dtype), x.contiguous()
    found = known_attack(name, source).run(network, x[places], labels[places], eps, setup)
    pictures = x.clone()
    pictures[places] = inside(found.detach(), x[places], eps, setup.norm)
    with torch.no_grad():
        broken = right & is_wrong(network(pictures), labels)
    return Attacked(pictures, broken)


def in_order_of(network: nn.Module, source: nn.Module) -> nn.Module:
    """Return `source` with the classes of `network`, by their names where both have some.

    Raises:
        InputError: it lacks one.
    """
    if not (isinstance(network, Classifier) and isinstance(source, Classifier)):
        return source
    own, known = network.classes, source.classes
    missing = [name for name in own if name not in known]
    if not missing:
        return Reordered(source, [known.index(name) for name in own])
    if any(names == tuple(map(str, range(len(names)))) for names in (own, known)):
        return source  # the classes of one have numbers only
    raise InputError(
        f"The model to transfer from has no class {missing[0]!r}, which the one that is attacked "
        "has: give one that knows all of its classes."
    )


def clean_logits(network: nn.Module, x: Tensor, labels: Tensor) -> Logits:
    """Return the logits of pictures; what cannot be attacked is refused.

    Raises:
        InputError: pictures or labels that cannot be used, or a network that returns no logits.
    """
    check_pictures(x, labels)
    with torch.no_grad():
        logits = network(x.clone())  # which it may write to
    check_logits(logits, len(x))
    check_labels(labels, logits.shape[1])
    return logits


def known_attack(name: str, source: nn.Module | None = None) -> Attack:
    """Return an attack by its name.

    Raises:
        InputError: another name, or transfer without a network.
    """
    if name == TRANSFER and source is not None:
        run = partial(transferred, source)
        return Attack(run, guided=False, steps=ATTACKS["pgd"].steps)
    if name not in ATTACKS:
        raise InputError(
            f"There is no attack {name!r}: use {', '.join(ATTACKS)}, or another model to transfer "
            "from."
        )
    return ATTACKS[name]


def transferred(
    source: nn.Module,
    network: nn.Module,
    x: Image,
    labels: Labels,
    eps: int | float,
    setup: AttackSetup,
) -> Image:
    """Return pictures attacked by PGD on `source`; of several starts the first that works here."""
    kept, open_ = x.clone(), torch.ones(len(x), dtype=torch.bool, device=x.device)
    for start in range(setup.restarts):
        found = inside(ascent(source, x, labels, eps, setup, start=start), x, eps, setup.norm)
        kept[open_] = found[open_]
        with torch.no_grad():
            open_ &= ~is_wrong(network(kept), labels)
    return kept
