"""What two training sets have in common: the same pictures, or pictures that look alike.

The correlation of thumbnails tells copies of photographs; pictures with few degrees of freedom, as
digits and discs, exceed its threshold without being copies.
"""

from collections.abc import Sequence

from torch import Tensor

from scorelet.analysis.memorization import shared
from scorelet.analysis.memorization.duplicates import THRESHOLD
from scorelet.core.errors import InputError

ALIKE = f"thumbnails with a correlation above {THRESHOLD}"
_MANY = 0.01  # a share of pictures in both training sets that makes agreement mean nothing


def common_pictures(names: Sequence[Sequence[bytes]], rows: Sequence[Tensor]) -> list[str]:
    """Warn of pictures that are in both training sets, or look alike.

    Args:
        names: of the pictures of both sets, by their pixels.
        rows: their thumbnails.

    Returns:
        Sentences without a full stop.

    Raises:
        InputError: more than one in a hundred are in both.
    """
    return [*_same(*names), *_alike(names, rows)]


def _same(first: Sequence[bytes], second: Sequence[bytes]) -> list[str]:
    places = {name: place for place, name in reversed(list(enumerate(second)))}
    pairs = [(k, places[name]) for k, name in enumerate(first) if name in places]
    if not pairs:
        return []
    which = "picture of the first training set is"
    if len(pairs) > 1:
        which = "pictures of the first training set are"
    said = (
        f"{len(pairs)} {which} in the second, too (the first one: {pairs[0][0]} is {pairs[0][1]})"
    )
    if len(pairs) > _MANY * min(len(first), len(second)):
        raise InputError(
            f"{said}: models that have seen the same pictures agree for that reason; give models "
            "that were trained on different ones."
        )
    return [said]


def _alike(names: Sequence[Sequence[bytes]], rows: Sequence[Tensor]) -> list[str]:
    others = set(names[1])
    kept = [k for k, name in enumerate(names[0]) if name not in others]
    pairs = shared(rows[0][kept], rows[1])
    if not len(pairs):
        return []
    found = (rows[0][kept][pairs[:, 0]] * rows[1][pairs[:, 1]]).sum(1).abs()
    look = "picture of the first training set looks"
    if len(pairs) > 1:
        look = "pictures of the first training set look"
    return [
        f"{len(pairs)} {look} like some of the second ({ALIKE}, "
        f"the first one: {kept[int(pairs[0, 0])]} is like {int(pairs[0, 1])}, "
        f"{float(found[0]):.3f}): if they are copies, models agree for that reason"
    ]
