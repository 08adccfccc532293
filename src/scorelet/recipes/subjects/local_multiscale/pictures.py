"""The pictures: faces, drawn ones, or those of a folder, in two parts."""

import numpy as np

from scorelet.core.errors import InputError
from scorelet.data.fields.ensembles import ENSEMBLES
from scorelet.recipes.drawn_sets import drawn
from scorelet.recipes.faces import FACES, faces_without_copies
from scorelet.recipes.subjects.local_multiscale.settings import Pictures
from scorelet.tasks.picture_arrays import load_picture_array

Arrays = dict[str, np.ndarray]


def load_pictures(wanted: Pictures, seed: int) -> Arrays:
    """Return train and test, (n, side, side, 1).

    Raises:
        InputError: no such data, or too few of them.
    """
    if wanted.source == FACES:
        parts, _ = faces_without_copies(wanted.side)
        whole, test = np.concatenate([parts["a"], parts["b"]]), parts["test"]
    else:
        whole = _whole(wanted, seed)
        test, whole = whole[-wanted.test :], whole[: -wanted.test]
    if len(whole) < wanted.train * 0.9 or len(test) < wanted.test * 0.9:
        raise InputError(
            f"{wanted.source} has {len(whole):,} pictures to learn from and {len(test):,} others: "
            f"{wanted.train:,} and {wanted.test:,} are needed."
        )
    return {"train": whole[: wanted.train], "test": test[: wanted.test]}


def _whole(wanted: Pictures, seed: int) -> np.ndarray:
    if wanted.source in ENSEMBLES:
        return drawn(wanted.source, wanted.train + wanted.test, wanted.side, seed)
    return load_picture_array(wanted.source, side=wanted.side)
