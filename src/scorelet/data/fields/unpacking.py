"""Data sets of HDF5 and netCDF-4 files as fields: numbers unpacked, axes of space last.

Numbers are packed by the CF conventions, section 8.1.
"""

import math
from pathlib import Path
from typing import Any

import numpy as np

from scorelet.core.errors import InputError
from scorelet.data.fields.axes import axis_names, axis_order, said_of_order

_FILLERS_OF_NETCDF = {
    "f4": 9.969209968386869e36,
    "f8": 9.969209968386869e36,
    "i2": -32767,
    "u2": 65535,
    "i4": -2147483647,
    "u4": 4294967295,
    "i8": -9223372036854775806,
    "u8": 18446744073709551614,
}
"""NC_FILL_* of netCDF 4 by the dtype of what is stored."""


class Unpacked:
    """A data set whose numbers are unpacked, and axes in the order of fields, where it is indexed.

    value = scale_factor * stored + add_offset, NaN where _FillValue or missing_value is stored, or
    what lies beyond valid_range, or valid_min and valid_max, of stored numbers; _Unsigned = "true"
    makes signed integers unsigned. A netCDF-4 file that names no _FillValue has that of its
    library, but for bytes. Packed integers become float64, as does what is scaled; where nothing
    changes, numbers are as stored. Of the order of axes see `axis_order`; an index is of the first
    one.

    Args:
        file: for messages.
        dataset: of h5py.

    Raises:
        InputError: a scale, an offset or a bound is not one number, or not finite, or the scale 0.
    """

    def __init__(self, file: Path, dataset: Any) -> None:  # noqa: ANN401 - h5py
        self._dataset, self.file = dataset, dataset.file
        self._order = axis_order(dataset)
        self.shape = tuple(dataset.shape[k] for k in self._order)
        self._scale = _one_number(file, dataset, "scale_factor", 1.0)
        self._offset = _one_number(file, dataset, "add_offset", 0.0)
        filler = dataset.attrs.get("_FillValue", _filler_of_netcdf(dataset))
        said = [np.ravel(filler), np.ravel(dataset.attrs.get("missing_value", ()))]
        numbers = [v for values in said if values.dtype.kind in "fiu" for v in values]
        self._missing = [v for v in numbers if dataset.dtype.kind == "f" or math.isfinite(v)]
        self._unsigned = dataset.attrs.get("_Unsigned") in ("true", b"true")
        if not (math.isfinite(self._scale) and math.isfinite(self._offset) and self._scale):
            raise InputError(
                f"{file}:{dataset.name.strip('/')} is packed by the scale {self._scale:g} and the "
                f"offset {self._offset:g}: expected finite numbers, and a scale that is not 0."
            )
        both = np.ravel(dataset.attrs.get("valid_range", (-math.inf, math.inf)))
        least, most = both if both.size == 2 else (-math.inf, math.inf)
        self._least = _one_number(file, dataset, "valid_min", float(least))
        self._most = _one_number(file, dataset, "valid_max", float(most))

    @property
    def remarks(self) -> list[str]:
        """What is not read as it is stored, a sentence each."""
        return self.moved + self._said_of_packing() + self._said_of_bounds()

    @property
    def moved(self) -> list[str]:
        """A sentence on axes that were moved, if any were."""
        return said_of_order(self._name, axis_names(self._dataset), self._order)

    @property
    def _name(self) -> str:
        return self._dataset.name.rpartition("/")[2]

    def _said_of_packing(self) -> list[str]:
        if not self._packed:
            return []
        missing = " or ".join(f"{v:g}" for v in self._missing if math.isfinite(v))
        gaps = f", and NaN where that is {missing}" if missing else ""
        return [
            f"{self._name} is packed in {self._dataset.dtype.name}: values are {self._scale:g} "
            f"times what is stored, plus {self._offset:g}{gaps}."
        ]

    def _said_of_bounds(self) -> list[str]:
        bounds = (("below", self._least), ("above", self._most))
        beyond = " or ".join(f"{word} {v:g}" for word, v in bounds if math.isfinite(v))
        return [f"{self._name} is NaN where what is stored is {beyond}."] if beyond else []

    @property
    def _packed(self) -> bool:
        return (self._scale, self._offset) != (1, 0)

    def __getitem__(self, index: Any) -> np.ndarray:  # noqa: ANN401 - of h5py
        place = index if index == () else (*[slice(None)] * self._order[0], index)
        stored = np.asarray(self._dataset[place]).transpose(self._order)
        if stored.dtype.kind not in "fiu":
            return stored
        if self._unsigned and stored.dtype.kind == "i":
            stored = stored.view(stored.dtype.str.replace("i", "u"))
        gaps = np.zeros(stored.shape, bool)
        if (self._least, self._most) != (-math.inf, math.inf):
            gaps |= (stored < self._least) | (stored > self._most)
        for value in self._missing:
            gaps |= stored == self._as_stored(value, stored.dtype)
        if not self._packed and not gaps.any():
            return stored
        values = stored.astype(
            np.float64 if self._packed or stored.dtype.kind != "f" else stored.dtype
        )
        values[gaps] = np.nan
        return values * self._scale + self._offset

    def _as_stored(self, value: Any, dtype: np.dtype) -> Any:  # noqa: ANN401 - a number
        """Return a missing value as data are stored: rounded, or wrapped round where unsigned."""
        if dtype.kind == "f":
            return dtype.type(value)
        wraps = self._unsigned and dtype.kind == "u" and value < 0
        return int(value) + (1 << 8 * dtype.itemsize) if wraps else value


def _filler_of_netcdf(dataset: Any) -> Any:  # noqa: ANN401 - h5py
    """Return what the netCDF library leaves where nothing was written, or nothing."""
    known = "_NCProperties" in dataset.file.attrs
    return _FILLERS_OF_NETCDF.get(dataset.dtype.str[1:], ()) if known else ()


def _one_number(file: Path, dataset: Any, attribute: str, default: float) -> float:  # noqa: ANN401
    value = np.ravel(dataset.attrs.get(attribute, default))
    if value.size != 1 or value.dtype.kind not in "fiu":
        raise InputError(
            f"{file}:{dataset.name.strip('/')} has an attribute {attribute} that is not one "
            "number: unpack the values first, and take the attribute away."
        )
    return float(value[0])
