"""Labels of classes: whole numbers 0, 1, ..., one for a batch or one for each image; or a name."""

from collections.abc import Sequence

import torch
from torch import Tensor

from scorelet.core.errors import InputError
from scorelet.core.typing import Labels

LabelLike = int | str | Tensor
"""What a user may give as label: a whole number, the name of a class, or a tensor of one number
per image."""

_NO_NUMBER = "label is {!r}: it must be a whole number, the number of a class, or a tensor of them."


def class_labels(
    label: LabelLike, y: Tensor, *, classes: int, names: Sequence[str] | None = None
) -> Labels:
    """Return `label` as a (batch,) tensor of int64 on the device of `y`.

    Values are not checked where they cannot be read: inside torch.compile, and for a `label` that
    torch.vmap maps over.

    Args:
        label: a whole number, or a 0-d or (batch,) tensor of an integer dtype; or a text: one of
            `names`, else a whole number unless some of the names are whole numbers themselves.
        y: any tensor with the batch on its first axis.
        classes: how many classes there are; labels are 0 to classes - 1.
        names: of the classes, if they have any.

    Raises:
        InputError: no whole numbers, a wrong length, values out of range, or an unknown name.
    """
    if isinstance(label, str):
        label = _number(label, classes, names or ())
    given = label if isinstance(label, Tensor) else _as_tensor(label)
    if given.is_floating_point() or given.is_complex() or given.dtype == torch.bool:
        raise InputError(_NO_NUMBER.format(label))
    if given.ndim > 1 or (given.ndim == 1 and len(given) != len(y)):
        raise InputError(
            f"label has shape {tuple(given.shape)} for a batch of {len(y)}: "
            "give one label, or one per image."
        )
    if not _in_range(given, classes):
        raise InputError(f"label is {label}: this model has classes 0 to {classes - 1}.")
    return given.to(device=y.device, dtype=torch.int64).expand(len(y))


def _in_range(label: Tensor, classes: int) -> bool:
    if torch.compiler.is_compiling():
        return True
    try:
        return bool(((label >= 0) & (label < classes)).all())
    except RuntimeError:  # under torch.vmap a tensor has no single value
        return True


def _number(label: str, classes: int, names: Sequence[str]) -> int:
    if label in names:
        return names.index(label)
    known = f"use {', '.join(names)}" if names else f"its classes are 0 to {classes - 1}"
    unknown = InputError(f"The model has no class {label!r}: {known}.")
    if any(name.isdecimal() for name in names):
        raise unknown
    try:
        return int(label)
    except ValueError:
        raise unknown from None


def _as_tensor(label: int) -> Tensor:
    try:
        return torch.as_tensor(label)
    except (TypeError, ValueError, RuntimeError) as error:
        raise InputError(_NO_NUMBER.format(label)) from error
