"""The two halves and the held-out pictures of the twins."""

from scorelet.analysis.memorization import disjoint_halves, find_copies
from scorelet.core.errors import InputError
from scorelet.recipes.drawn_sets import drawn
from scorelet.recipes.faces import FACES, Arrays, faces_without_copies, thumbnails_of
from scorelet.recipes.subjects.harmonic_generalization.settings import Twins


def load_halves(twins: Twins, seed: int) -> tuple[Arrays, int]:
    """Return first, second and held_out, 8 bits (n, side, side, 1), and how many copies were found.

    Raises:
        InputError: no faces, or too few of them once copies are left out.
    """
    if twins.source == FACES:
        return _faces(twins)
    size = twins.sizes[-1]
    count = 2 * size + twins.held_out
    pictures = drawn(twins.source, count + count // 5, twins.side, seed)
    found = find_copies(thumbnails_of(pictures))
    halves = disjoint_halves(found.kept.numpy(), size, held_out=twins.held_out, seed=seed)
    names = ("first", "second", "held_out")
    return {name: pictures[getattr(halves, name)] for name in names}, len(found.repeated)


def _faces(twins: Twins) -> tuple[Arrays, int]:
    """Persons are in one part only; copies of earlier pictures are left out."""
    left, copies = faces_without_copies(twins.side)
    size = min(twins.sizes[-1], len(left["a"]), len(left["b"]))
    if size < 0.9 * twins.sizes[-1]:
        raise InputError(
            f"{FACES} has {size} different faces in each half: {twins.sizes[-1]} are needed."
        )
    test = left["test"][: twins.held_out]
    return {"first": left["a"], "second": left["b"], "held_out": test}, copies
