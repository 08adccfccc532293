"""Pictures in whatever form they come, with labels or without, as batches to be walked often."""

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
from torch import Tensor

from scorelet.analysis.labelled_batches import Source, labelled_batches
from scorelet.core.errors import InputError

Pictures = Tensor | np.ndarray | Source
Batches = Callable[[], Iterator[Tensor]]
LARGEST = 128
_PIXELS = 1 << 19  # a batch of 128 pictures of 64 x 64


def picture_batches(data: Pictures, *, batch: int | None = None) -> tuple[int, Batches]:
    """Return how many pictures there are, and a function that starts their batches anew.

    Args:
        data: floats (n, channel, height, width); or, with labels that are not used, all that
            `scorelet.analysis.labelled_batches.labelled_batches` takes.
        batch: pictures at a time; None: 128, fewer of large ones.

    Raises:
        InputError: none of these, or no pictures.
    """
    if isinstance(data, Tensor | np.ndarray):
        data = (data, np.zeros(len(data), np.int64)) if len(data) else data
    size = batch or _batch(data)
    labels, batches = labelled_batches(data, batch=size)

    def pictures() -> Iterator[Tensor]:
        for x, _ in batches():
            yield x

    return len(labels), pictures


def _batch(data: Any) -> int:  # noqa: ANN401 - whatever holds pictures
    x = data[0] if isinstance(data, tuple) else getattr(data, "x", None)
    shape = getattr(x, "shape", ())
    if len(shape) != 4:
        return LARGEST
    pixels = max(int(np.prod(shape[1:])) // min(shape[1:]), 1)
    return max(4, min(LARGEST, _PIXELS // pixels))


def first_pictures(batches: Batches, count: int = 2) -> Tensor:
    """Return a few pictures.

    Raises:
        InputError: there are none.
    """
    for x in batches():
        return x[:count]
    raise InputError("The data hold no pictures: give some.")
