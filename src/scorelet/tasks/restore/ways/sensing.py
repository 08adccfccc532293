"""Of a picture only some random projections are used."""

from scorelet.core.errors import InputError
from scorelet.data import Picture
from scorelet.models.measurements import RandomSensing
from scorelet.tasks.restore.ways.base import Prepared, Task, Words
from scorelet.tasks.restore.ways.part import check_part, prepare_part


def check(words: Words) -> None:
    """Refuse a ratio that is no share, and seeds below 0."""
    check_part("ratio", words)
    if words.projections is not None and not 0 <= words.projections < 1 << 63:
        raise InputError(f"projections is {words.projections}: a seed must be 0 or more.")


def prepare(picture: Picture, words: Words) -> Prepared:
    """Begin with what is measured of the picture, the rest of it gray."""
    ratio, seed = words.ratio, words.projections or 0
    assert ratio is not None
    return prepare_part(
        picture, words, lambda size, noise: RandomSensing(size, ratio, seed=seed, noise=noise)
    )


TASK = Task("sensing", ("ratio", "projections"), prepare, check, ranged=False)
