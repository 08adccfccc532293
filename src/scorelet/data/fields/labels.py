"""What a file of fields says of its numbers: name, unit, and what is not read as it is stored."""

import json
import zipfile
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from scorelet.core.errors import ArrayFileError
from scorelet.data.fields.array_files import (
    HDF5,
    array_suffix,
    choose_fits,
    choose_npz,
    no_objects,
)
from scorelet.data.fields.arrays import split_name
from scorelet.data.fields.hdf5 import open_hdf5
from scorelet.data.fields.unpacking import Unpacked
from scorelet.data.pictures.errors import reading


@dataclass(frozen=True)
class Label:
    """What the numbers of a file are: the name of the array, and its unit; empty if not said."""

    name: str = ""
    unit: str = ""

    def __str__(self) -> str:
        return f"{self.name or 'x'} ({self.unit})" if self.unit else self.name or "x"


def read_label(path: str | Path) -> Label:
    """Return what a file says of an array: HDF5 attributes, FITS headers, our own descriptions.

    Args:
        path: as for `load_fields`; of a folder the first file speaks.

    Raises:
        InputError, ArrayFileError, MissingExtraError: as for `load_fields`.
    """
    file, name = _first_file(path)
    suffix = array_suffix(file)
    if suffix in (None, ".npy"):
        return Label()
    kinds = {".npz": _npz_label, **dict.fromkeys(HDF5, _hdf5_label)}
    with reading(file, kind=ArrayFileError, what="array"), no_objects():
        return kinds.get(suffix, _fits_label)(file, name)


def read_remarks(path: str | Path) -> list[str]:
    """Return what of HDF5 and netCDF-4 files is not read as it is stored: axes, packed numbers.

    Arguments and errors as of `read_label`.
    """
    file, name = _first_file(path)
    if array_suffix(file) not in HDF5:
        return []
    with reading(file, kind=ArrayFileError, what="array"):
        array = Unpacked(file, open_hdf5(file, name))
        with array.file:
            return array.remarks


def _first_file(path: str | Path) -> tuple[Path, str | None]:
    file, name = split_name(path)
    if file.is_dir():
        file = min(p for p in file.iterdir() if array_suffix(p) and not p.name.startswith("."))
    return file, name


def _npz_label(file: Path, name: str | None) -> Label:
    with zipfile.ZipFile(file) as archive, np.load(file, allow_pickle=False) as arrays:
        chosen = choose_npz(file, archive, arrays.files, name)
        said = arrays["description"] if "description" in arrays.files else None
        if said is None or said.dtype.kind != "U" or said.ndim:
            return Label(chosen)
        known = json.loads(str(said))
    return Label(known.get("name") or chosen, known.get("unit") or "")


def _hdf5_label(file: Path, name: str | None) -> Label:
    dataset = open_hdf5(file, name)
    with dataset.file:
        units = {key.lower(): value for key, value in dataset.attrs.items()}
        unit = next((units[key] for key in ("unit", "units", "bunit") if key in units), "")
        text = unit.decode(errors="replace") if isinstance(unit, bytes) else str(unit)
        return Label(dataset.name.rpartition("/")[2], text)


def _fits_label(file: Path, name: str | None) -> Label:
    from astropy.io import fits

    with fits.open(file, memmap=False) as units:
        image = choose_fits(file, units, name)
        header = image.header
        called = image.name if image.name != "PRIMARY" else header.get("OBJECT", "")
        return Label(str(called), str(header.get("BUNIT", "")))
