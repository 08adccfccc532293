"""The two halves and the held-out pictures of the twins."""

from scorelet.analysis.memorization import disjoint_halves, find_copies
from scorelet.core.errors import InputError
from scorelet.data import locate
from scorelet.recipes.drawn_sets import drawn
from scorelet.recipes.faces import Arrays, faces_without_copies, thumbnails_of
from scorelet.recipes.subjects.harmonic_generalization.settings import FACE_SETS, Twins


def load_halves(twins: Twins, seed: int) -> tuple[Arrays, int]:
    """Return first, second and held_out, 8 bits (n, side, side, 1), and how many copies were found.

    Raises:
        InputError: no faces, or too few of them once copies are left out.
    """
    if twins.source in FACE_SETS:
        return _faces(twins)
    size = twins.sizes[-1]
    count = 2 * size + twins.held_out
    pictures = drawn(twins.source, count + count // 5, twins.side, seed)
    found = find_copies(thumbnails_of(pictures))
    halves = disjoint_halves(found.kept.numpy(), size, held_out=twins.held_out, seed=seed)
    names = ("first", "second", "held_out")
    return {name: pictures[getattr(halves, name)] for name in names}, len(found.repeated)


def _faces(twins: Twins) -> tuple[Arrays, int]:
    """Copies of earlier pictures are left out; in `FACES` persons are in one part only."""
    source, wanted = twins.source, twins.sizes[-1]
    needed = (
        f"this scale takes {source}.npz under $SCORELET_DATA, with the arrays a, b and test, "
        f"(n, 80, 80) of 8 bits: {wanted:,} different faces in a and in b, {twins.held_out} "
        "others in test"
    )
    try:
        locate(source)
    except InputError as error:
        raise InputError(f"There is no data {source!r} here: {needed}.") from error
    left, copies = faces_without_copies(twins.side, source)
    size = min(wanted, len(left["a"]), len(left["b"]))
    if size < 0.9 * wanted:
        raise InputError(f"{source} has {size:,} different faces in each half: {needed}.")
    test = left["test"][: twins.held_out]
    return {"first": left["a"], "second": left["b"], "held_out": test}, copies
