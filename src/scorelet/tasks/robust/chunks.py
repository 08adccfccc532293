"""Attacks on all pictures, some at a time; each piece of work is a part that a run can go on from.

A picture that breaks at a radius is broken at all larger ones, whose balls contain it: it is not
attacked again.
"""

from collections.abc import Callable, Iterator
from dataclasses import replace

import torch
from torch import Tensor

from scorelet.analysis.robustness import (
    ATTACKS,
    AttackSetup,
    attack,
    certify,
    clean_logits,
    farthest,
    in_order_of,
    is_wrong,
    size,
    widest,
    without_gradient,
)
from scorelet.analysis.robustness.setup import seeded
from scorelet.core.errors import InputError
from scorelet.core.random import generator
from scorelet.tasks.ready_classifier import SAME, check_answers
from scorelet.tasks.robust.outliers import scores
from scorelet.tasks.robust.parts import Parts, Tensors
from scorelet.tasks.robust.shown import voter
from scorelet.tasks.robust.work import Work, chunks_of, first_of

PROBED = 20
"""Pictures that are attacked at the widest radius, where gradients must find something."""
PROBE_STEPS = 20
UNKNOWN = -1
"""Label of a picture whose logits are not finite."""


_CLEAN, _SOURCE = "clean-{:04d}", "source-0000"
USUAL, OTHERS = "usual", "others"
"""Kinds of pieces with the scores that tell outliers."""
Piece = tuple[str, Callable[[], Tensors]]


def pieces(work: Work, found: dict[str, list[Tensors]]) -> Iterator[Piece]:
    """Yield names and computations: clean pictures first, then attack by attack.

    Those of the widest radius look into what was `found` of clean pictures.
    """
    for number in work.chunks:
        yield _CLEAN.format(number), lambda n=number: _clean(work, n)
    if work.source is not None:
        yield _SOURCE, lambda: _source(work)
    for name, kind in work.attacks.items():
        run = _nearest if kind.nearest else _attacked
        for number in work.chunks:
            yield f"{name}-{number:04d}", lambda n=number, a=name, run=run: run(work, a, n)
    if work.settings.guided():
        yield "widest-0000", lambda: _widest(work, found["clean"])
    if work.settings.smoothing is not None:
        for number in work.chunks:
            yield f"smoothed-{number:04d}", lambda n=number: _certified(work, n)
    yield from _told(work)


def _told(work: Work) -> Iterator[Piece]:
    sets = {} if work.others is None else {USUAL: work.shown.x, OTHERS: work.others}
    for kind, x in sets.items():
        for number in chunks_of(x):
            yield f"{kind}-{number:04d}", lambda n=number, x=x: _scores(work, x, n)


def gathered(
    work: Work, parts: Parts, progress: Callable[[int, int], None] | None
) -> dict[str, Tensors]:
    """Compute all pieces, or read them; return them by kind, pictures one after the other.

    Raises:
        InputError: what was read is that of a model with the same weights and other logits.
    """
    _check_same(work, parts)
    found: dict[str, list[Tensors]] = {}
    seed = work.settings.seed
    todo = list(pieces(work, found))
    for done, (name, compute) in enumerate(todo):
        if progress:
            progress(done, len(todo))
        with seeded(seed, done, device=work.device):  # of networks that draw something themselves
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
    check_answers(logits)
    again = clean_logits(work.network, x, labels)
    found = {"logits": logits.cpu(), "apart": (again - logits).abs().amax(1).cpu()}
    if work.settings.guided():
        found["without"] = without_gradient(work.network, x, labels).cpu()
    return found


def _check_same(work: Work, parts: Parts) -> None:
    """Refuse parts of networks that compute something else, which weights need not show.

    A network whose logits are random cannot be told from another one.
    """
    x, labels = work.chunk(0)
    for name, network in ((_CLEAN.format(0), work.network), (_SOURCE, work.source)):
        before = parts.read(name)
        if before is None or network is None:
            continue
        now, again = (clean_logits(network, x, torch.zeros_like(labels)).cpu() for _ in range(2))
        random = not _alike(now, again)
        if not random and not _alike(before["logits"], now):
            raise parts.refusal()


def _alike(one: Tensor, other: Tensor) -> bool:
    """Whether logits are those of one model, up to rounding."""
    if one.shape != other.shape:
        return False
    one, other = (logits - logits.mean(1, keepdim=True) for logits in (one, other))
    return bool(((one - other).abs() <= SAME * one.abs().max()).all())


def _source(work: Work) -> Tensors:
    """Return logits of the network that attacks are transferred from; refuse one that has none."""
    assert work.source is not None
    (x, labels), source = work.chunk(0), work.source
    classes = clean_logits(work.network, x, labels).shape[1]
    labels = torch.zeros_like(labels)
    try:
        logits = clean_logits(source, x, labels)
        check_answers(logits)
        without_gradient(source, x, labels)
    except InputError as error:
        raise InputError(f"The model to transfer from: {error}") from error
    if (known := logits.shape[1]) < classes:
        raise InputError(
            f"The model to transfer from knows {known} classes, and the one that is attacked "
            f"{classes}: give one that knows the same."
        )
    in_order_of(work.network, source)
    return {"logits": logits.cpu()}


def _attacked(work: Work, name: str, number: int) -> Tensors:
    """Return at which radius (number of it) each picture breaks, and the attacked pictures.

    Their label is `UNKNOWN` where logits are not finite.
    """
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
            setup=_seeded(work, name, number, place),
            source=work.source,
        )
        pictures[left] = found.pictures
        level[left[found.broken]] = place
        left = left[~found.broken]
    return _reached(work, pictures, labels, level)


def _nearest(work: Work, name: str, number: int) -> Tensors:
    """Return what `_attacked` does, of an attack whatever the radius, and how far it went.

    The distance is infinite where it has found nothing, or the clean picture is wrong.
    """
    x, labels = work.chunk(number)
    setup = _seeded(work, name, number, 0)
    eps = farthest(setup.norm, x[0].numel())
    found = attack(work.network, x, labels, eps=eps, name=name, setup=setup)
    distance = size(found.pictures - x, setup.norm).where(found.broken, torch.inf).double()
    radii = torch.tensor(work.settings.radii, dtype=torch.float64, device=x.device)
    level = (distance[:, None] > radii).sum(1)
    return {"distance": distance.cpu(), **_reached(work, found.pictures, labels, level)}


def _reached(work: Work, pictures: Tensor, labels: Tensor, level: Tensor) -> Tensors:
    logits = clean_logits(work.network, pictures, labels)
    label = logits.argmax(1).where(logits.isfinite().all(1), UNKNOWN)
    return {"level": level.cpu(), "pictures": pictures.cpu(), "label": label.cpu()}


def _widest(work: Work, clean: list[Tensors]) -> Tensors:
    """Attack pictures that are right at the radius where gradients must find something."""
    logits, labels = torch.cat([part["logits"] for part in clean]), work.shown.labels
    right = (~is_wrong(logits, labels)).nonzero()[:, 0]
    x, labels = work.placed(right[in_turn(labels[right])[:PROBED]])
    if not len(x):
        return {"broken": labels.cpu() > 0, "labels": labels.cpu()}
    name = work.settings.guided()[0]
    name = ATTACKS[name].probe or name
    setup = replace(work.settings.setup(ATTACKS[name]), steps=PROBE_STEPS)
    eps = widest(setup.norm, x[0].numel())
    found = attack(work.network, x, labels, eps=eps, name=name, setup=setup)
    return {"broken": found.broken.cpu(), "labels": labels.cpu()}


def in_turn(labels: Tensor) -> Tensor:
    """Return places of labels (n,): the first of each class, then the second of each, and so on."""
    turn = torch.zeros_like(labels)
    for number in labels.unique():
        own = labels == number
        turn[own] = torch.arange(int(own.sum()))
    return turn.argsort(stable=True)


def _certified(work: Work, number: int) -> Tensors:
    x, _ = work.chunk(number)
    votes = work.settings.votes()
    network = voter(work.network, votes.sigma)
    found = [
        certify(network, image, votes, number=first_of(number) + place)
        for place, image in enumerate(x)
    ]
    return {
        "label": torch.tensor([one.label for one in found]),
        "radius": torch.tensor([one.radius for one in found], dtype=torch.float64),
    }


def _scores(work: Work, x: Tensor, number: int) -> Tensors:
    start = first_of(number)
    own = x[start : first_of(number + 1)].to(work.device, torch.float32)
    return scores(work.network, own, work.settings, start=start)


def _seeded(work: Work, name: str, number: int, place: int) -> AttackSetup:
    """Return the setup of an attack, whose seed is a function of its chunk and radius."""
    setup = work.settings.setup(work.attacks[name])
    seed = generator(setup.seed, number, place).initial_seed() & 0x7FFF_FFFF
    return replace(setup, seed=seed)
