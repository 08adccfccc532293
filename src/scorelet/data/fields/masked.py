"""Fields with a mask of their own: which pixels are no data.

A mask is true, or 1, where a pixel is **no** data, as in NumPy's masked arrays; such pixels become
NaN. It is one picture for all fields, or has one for each field.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

from scorelet.core.arrays import plain_array
from scorelet.core.errors import InputError
from scorelet.core.typing import Fields
from scorelet.data.fields.array_files import read_array
from scorelet.data.fields.arrays import split_name
from scorelet.data.fields.source import FieldSource

_EXPECTED = "expected true, or 1, where a pixel is no data, and false, or 0, elsewhere"


def as_mask(mask: Any) -> Tensor:  # noqa: ANN401 - what users hold
    """Return a mask (1 or n, h, w), true where pixels are no data.

    Args:
        mask: (h, w), (n, h, w) or (n, 1, h, w): an array, a tensor, or a file of one, ``FILE:NAME``
            where it holds several; booleans, or numbers that are 0 or 1.

    Raises:
        InputError: no file of that name; other numbers or dimensions.
        ArrayFileError, MissingExtraError: as for `load_fields`.
    """
    named = f"The mask {mask}" if isinstance(mask, str | Path) else "The mask"
    if isinstance(mask, str | Path):
        array = read_array(*split_name(mask))
    else:
        array = plain_array(mask, what="mask")
    if array.dtype.kind not in "biufc":
        raise InputError(f"{named} holds {array.dtype.name}: {_EXPECTED}.")
    if array.ndim == 4 and array.shape[1] == 1:
        array = array[:, 0]
    if array.ndim == 2:
        array = array[None]
    if array.ndim != 3:
        raise InputError(f"{named} has the shape {array.shape}: expected (h, w) or (n, h, w).")
    marked = np.empty(array.shape, bool)
    for found, part in zip(marked, array, strict=True):  # the file may be mapped into memory
        np.equal(part, 1, out=found)
        if not bool((found | (part == 0)).all()):
            raise InputError(f"{named} holds other values than 0 and 1: {_EXPECTED}.")
    return torch.from_numpy(marked)


class MaskedFields:
    """Fields that are NaN where a mask is true.

    Args:
        source: the fields.
        mask: as of `as_mask`.

    Raises:
        InputError: it does not fit them.
    """

    def __init__(self, source: FieldSource, mask: Tensor) -> None:
        count, *size = mask.shape
        if size != list(source.shape[1:]) or count not in (1, source.shape[0]):
            raise InputError(
                f"The mask has the shape {tuple(mask.shape)}, the fields {source.shape}: expected "
                "one mask of their size, or one for each."
            )
        self._source, self._mask = source, mask
        self.shape, self.dtype = source.shape, source.dtype

    def read(self, rows: Sequence[int]) -> Fields:
        """Return the fields of these numbers."""
        mask = self._mask if len(self._mask) == 1 else self._mask[list(rows)]
        return self._source.read(rows).masked_fill(mask, torch.nan)
