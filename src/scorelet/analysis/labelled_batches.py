"""Labelled pictures in whatever form they come, as batches that can be walked more than once."""

from collections.abc import Callable, Iterable, Iterator, Sized
from typing import Any, Protocol, runtime_checkable

import torch
from torch import Tensor

from scorelet.core.arrays import plain_array
from scorelet.core.errors import InputError

Batches = Callable[[], Iterator[tuple[Tensor, Tensor]]]


MOST = 1_000_000
"""The largest label: a table of classes is made from it, and a larger one is a mistake."""


@runtime_checkable
class Labelled(Protocol):
    """Pictures and their classes, as `scorelet.data.labelled.LabelledImages` holds them."""

    @property
    def x(self) -> Any:  # noqa: ANN401 - an array
        """Pictures."""
        ...

    @property
    def y(self) -> Any:  # noqa: ANN401 - an array
        """Numbers of their classes."""
        ...


Source = Labelled | tuple[Any, Any] | Iterable[Any]


def labelled_batches(data: Source, *, batch: int = 128) -> tuple[Tensor, Batches]:
    """Return all labels, and a function that starts the batches anew.

    Args:
        data: a pair (x, y), an object with `x` and `y`, or a loader of pairs that can be walked
            more than once. x: floats as they are, or uint8 (n, height, width, channel), which
            become floats (n, channel, height, width) in [0, 1]. y: whole numbers from 0.
        batch: pictures at a time; a loader has its own.

    Raises:
        InputError: no such thing, nothing in it, numbers that do not match, or labels that are
            no whole numbers from 0.
    """
    if isinstance(data, Labelled):
        return _from_pair(data.x, data.y, batch)
    if isinstance(data, tuple | list) and len(data) == 2 and not isinstance(data[0], tuple | list):
        return _from_pair(data[0], data[1], batch)
    if not isinstance(data, Iterable) or isinstance(data, Iterator | str | bytes | dict):
        raise InputError(
            f"The data are a {type(data).__name__}: expected a pair (x, y), or a loader of "
            "batches (x, y) that can be walked twice (a list of them, not a generator)."
        )
    return _from_loader(data)


def _from_pair(x: Any, y: Any, batch: int) -> tuple[Tensor, Batches]:  # noqa: ANN401 - arrays
    labels = _labels(y)
    if not isinstance(x, Sized) or len(x) != len(labels):
        count = len(x) if isinstance(x, Sized) else "no"
        raise InputError(f"There are {count} pictures and {len(labels)} labels: give as many.")

    def batches() -> Iterator[tuple[Tensor, Tensor]]:
        for start in range(0, len(labels), batch):
            yield _pictures(x[start : start + batch]), labels[start : start + batch]

    return labels, batches


def _from_loader(data: Iterable[Any]) -> tuple[Tensor, Batches]:
    def batches() -> Iterator[tuple[Tensor, Tensor]]:
        for item in data:
            if not isinstance(item, tuple | list) or len(item) != 2:
                raise InputError("The loader's batches are no pairs: expected (x, y).")
            yield _pictures(item[0]), _labels(item[1])

    found = [labels for _, labels in batches()]
    if not found:
        raise InputError("The data hold no pictures: give at least two of each class.")
    return torch.cat(found), batches


def _pictures(x: Any) -> Tensor:  # noqa: ANN401 - an array of any kind
    tensor = x if isinstance(x, Tensor) else torch.from_numpy(plain_array(x, what="pictures"))
    if tensor.dtype == torch.uint8:
        if tensor.ndim != 4 or tensor.shape[3] not in (1, 3):
            raise InputError(
                f"Pictures of 8 bits have shape {tuple(tensor.shape)}: expected (n, height, "
                "width, 1 or 3); other arrays are taken as floats."
            )
        return tensor.permute(0, 3, 1, 2).contiguous().float() / 255
    if not tensor.is_floating_point():
        raise InputError(f"Pictures are {tensor.dtype}: expected uint8 or floats.")
    return tensor


def _labels(y: Any) -> Tensor:  # noqa: ANN401 - an array of any kind
    labels = y if isinstance(y, Tensor) else torch.from_numpy(plain_array(y, what="labels"))
    if labels.ndim != 1 or labels.is_floating_point() or labels.is_complex():
        raise InputError(
            f"Labels are {labels.dtype} of shape {tuple(labels.shape)}: expected whole numbers "
            "(n,), one for each picture."
        )
    if not len(labels):
        raise InputError("The data hold no pictures: give at least two of each class.")
    if int(labels.min()) < 0:
        raise InputError(f"A label is {int(labels.min())}: classes are numbered from 0.")
    if int(labels.max()) > MOST:
        raise InputError(
            f"A label is {int(labels.max())}: number the classes from 0 on, without gaps."
        )
    return labels.long()
