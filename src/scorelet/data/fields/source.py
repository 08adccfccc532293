"""Fields that need not fit into memory: rows of an npy or HDF5 file, read when they are asked."""

from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import Any, Protocol, runtime_checkable

import torch

from scorelet.core.typing import Fields
from scorelet.data.fields.array_files import HDF5, array_suffix, open_array
from scorelet.data.fields.arrays import as_real_fields, check_shape, load_fields, split_name

LARGE = 1 << 28
"""Bytes of a file from which on its fields stay there."""


@runtime_checkable
class FieldSource(Protocol):
    """n fields (h, w), of which some are read at a time; NaN where they are not known."""

    @property
    def shape(self) -> tuple[int, int, int]:
        """(n, h, w)."""
        ...

    @property
    def dtype(self) -> torch.dtype:
        """float32 or float64."""
        ...

    def read(self, rows: Sequence[int]) -> Fields:
        """Return the fields of these numbers, which rise."""
        ...


class FieldsInMemory:
    """A tensor (n, h, w)."""

    def __init__(self, fields: Fields) -> None:
        self._fields = fields
        self.shape: tuple[int, int, int] = tuple(fields.shape)  # ty: ignore[invalid-assignment]
        self.dtype = fields.dtype

    def read(self, rows: Sequence[int]) -> Fields:
        """Return the fields of these numbers."""
        return self._fields[_index(rows)]


class FieldsOnDisk:
    """An array (n, h, w) or (n, 1, h, w) in a file.

    Args:
        array: gives a memory map, a new one each time, so that pages that were read are given back;
            or an HDF5 data set.
        path: for messages.

    Raises:
        InputError: booleans, complex numbers, or other dimensions.
    """

    def __init__(self, array: Callable[[], Any], path: str | Path) -> None:
        self._open, self._path = array, path
        check_shape(array().shape, path)
        first = torch.from_numpy(as_real_fields(array()[:1], path, gaps=True))
        self.shape = (int(array().shape[0]), int(first.shape[1]), int(first.shape[2]))
        self.dtype = first.dtype

    def read(self, rows: Sequence[int]) -> Fields:
        """Return the fields of these numbers."""
        return torch.from_numpy(as_real_fields(self._open()[_index(rows)], self._path, gaps=True))


def open_fields(path: str | Path) -> FieldSource:
    """Return the fields of a file or folder, see `load_fields` with gaps.

    Large npy and HDF5 files are read piece by piece, others at once.

    Raises:
        InputError, ArrayFileError, MissingExtraError: as for `load_fields`.
    """
    file, name = split_name(path)
    in_pieces = array_suffix(file) in (".npy", *HDF5)
    if file.is_file() and in_pieces and file.stat().st_size >= LARGE:
        array = open_array(file, name)
        if len(array.shape) > 2:
            maps = array_suffix(file) == ".npy"
            return FieldsOnDisk(partial(open_array, file, name) if maps else lambda: array, path)
    return FieldsInMemory(load_fields(path, gaps=True))


def _index(rows: Sequence[int]) -> slice | list[int]:
    if isinstance(rows, range) and rows.step == 1:
        return slice(rows.start, rows.stop)
    return list(rows)
