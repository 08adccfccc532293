"""netCDF-3 files as h5py shows netCDF-4 ones, as far as fields ask.

SciPy maps a file into memory. It can be closed only when nobody has its numbers, so that they are
copied where they are indexed.
"""

import warnings
from collections.abc import Iterator
from functools import cached_property
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np


class NetCDF3:
    """The group of all variables.

    Args:
        path: of the file.
    """

    def __init__(self, path: Path) -> None:
        self.filename = str(path)
        self.attrs = {"_NCProperties": "version=1"}  # unwritten numbers are fillers of netCDF
        self.opened = _opened(path)
        self._variables = {name: Variable(self, name) for name in self.opened.variables}

    def __enter__(self) -> "NetCDF3":
        """The group itself."""
        return self

    def __exit__(self, *_error: object) -> None:
        """Close the file."""
        self.opened.close()

    def keys(self) -> list[str]:
        """Names of variables."""
        return list(self._variables)

    def __iter__(self) -> Iterator[str]:
        """Names of variables."""
        return iter(self.keys())

    def __getitem__(self, path: str) -> Any:  # noqa: ANN401 - a variable or itself
        """The variable of a name; of "/" the group itself."""
        return self if path == "/" else self._variables[path]

    def get(self, name: str, *, getlink: bool) -> None:
        """Nothing: there are no links."""


def _opened(path: Path) -> Any:  # noqa: ANN401 - of SciPy
    from scipy.io import netcdf_file  # takes longer to import than the rest of this layer

    class Quiet(netcdf_file):
        """Frees its memory with the last of its numbers, without a warning where that is later."""

        def close(self) -> None:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore", RuntimeWarning)
                super().close()

        __del__ = close

    return Quiet(path, "r", mmap=True)


class Dimension(NamedTuple):
    """A dimension, and the variables of its name: one, of coordinates, or none."""

    label: str
    scales: tuple[Any, ...]

    def values(self) -> tuple[Any, ...]:
        """The variables, as of h5py."""
        return self.scales


class Variable:
    """An array that is read where it is indexed.

    Args:
        file: that holds it.
        name: of the variable.
    """

    is_virtual = False

    def __init__(self, file: NetCDF3, name: str) -> None:
        self.file, self.name = file, name
        stored = file.opened.variables[name]
        self.shape = tuple(map(int, stored.shape))
        self.dtype = stored.data.dtype
        self.size = stored.data.size
        self.maxshape = (None, *self.shape[1:]) if stored.isrec else self.shape
        self.attrs = dict(stored._attributes)
        self._dimensions = tuple(map(str, stored.dimensions))

    @cached_property
    def dims(self) -> list[Dimension]:
        """Dimensions with their coordinates."""
        known = self.file.keys()
        return [Dimension(n, (self.file[n],) if n in known else ()) for n in self._dimensions]

    def __getitem__(self, index: Any) -> np.ndarray:  # noqa: ANN401 - of numpy
        """A copy of numbers."""
        return np.array(self.file.opened.variables[self.name].data[index])
