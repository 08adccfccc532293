"""One array from a file: npy, npz, HDF5, netCDF or FITS, bounded before it is read.

Numbers that are stored packed are unpacked: FITS by BSCALE, BZERO and BLANK, HDF5 and netCDF by
the attributes of the CF conventions, section 8.1, see `Unpacked`, which moves axes of time or
samples to the front, too.
"""

import math
import zipfile
from collections.abc import Callable, Generator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np

from scorelet.core.errors import ArrayFileError, InputError, MissingExtraError
from scorelet.core.files import check_regular
from scorelet.data.fields.array_choice import choose, choose_grid
from scorelet.data.fields.hdf5 import files_of, open_hdf5
from scorelet.data.fields.unpacking import Unpacked
from scorelet.data.pictures.errors import RefusedError, reading

HDF5 = (".h5", ".hdf5", ".nc", ".nc4", ".he5", ".h5nc", ".cdf")
"""Names of files that are HDF5, as netCDF-4 is, or netCDF-3."""
SUFFIXES = (".npy", ".npz", *HDF5, ".fits", ".fit", ".fts", ".fits.gz")
MAX_VALUES = 1 << 33
"""Numbers in one array; more are refused before they are read."""
FREE_BYTES = 1 << 28
"""Memory that an array of any file may take, however small the file is."""
MAX_RATIO = 256
"""Bytes of memory for each byte of the file beyond that; only blank arrays compress so well."""


def read_array(file: Path, name: str | None) -> np.ndarray:
    """Read an array of numbers, unpacked, samples first, else as stored, maybe mapped into memory.

    Args:
        file: of a kind in `SUFFIXES`.
        name: of the array, where a file holds several.

    Raises:
        InputError: several arrays and no choice, or none of that name.
        ArrayFileError: the file is damaged, too large, no regular file or of an unknown kind.
        MissingExtraError: h5py or astropy is not installed.
    """
    check_regular(file, what="an array file", error=ArrayFileError)
    reader = _reader(file)
    with reading(file, kind=ArrayFileError, what="array"), no_objects():
        return reader(file, name)


def open_array(file: Path, name: str | None) -> Any:  # noqa: ANN401 - numpy or `Unpacked`
    """Return an array of an npy or HDF5 file that is read where it is indexed.

    Arguments and errors as in `read_array`.
    """
    check_regular(file, what="an array file", error=ArrayFileError)
    with reading(file, kind=ArrayFileError, what="array"), no_objects():
        if array_suffix(file) == ".npy":
            return _read_npy(file, name)
        return _open_hdf5(file, name)


def moved_axes(file: Path, name: str | None) -> list[str]:
    """Return a sentence on axes of an HDF5 file that were moved, if any were.

    Arguments and errors as in `read_array`.
    """
    if array_suffix(file) not in HDF5:
        return []
    with reading(file, kind=ArrayFileError, what="array"):
        array = _open_hdf5(file, name)
        with array.file:
            return array.moved


def array_suffix(path: Path) -> str | None:
    """The ending of the name, one of `SUFFIXES`; None if it is no array's."""
    return next((s for s in SUFFIXES if path.name.lower().endswith(s)), None)


def _reader(file: Path) -> Callable[[Path, str | None], np.ndarray]:
    suffix = array_suffix(file)
    if suffix is None:
        raise ArrayFileError(
            f"{file} is of no kind that holds fields: expected a name that ends in "
            f"{', '.join(SUFFIXES)}."
        )
    readers = {".npy": _read_npy, ".npz": _read_npz, **dict.fromkeys(HDF5, _read_hdf5)}
    return readers.get(suffix, _read_fits)


def _read_npy(file: Path, name: str | None) -> np.ndarray:
    if name is not None:
        raise InputError(f"{file} holds one array: leave out :{name}.")
    with file.open("rb") as stream:
        np.lib.format.read_magic(stream)  # else numpy takes any text for Python objects
    array = np.load(file, mmap_mode="r", allow_pickle=False)
    _check_size(file, array.shape, array.itemsize)
    return array


def _read_npz(file: Path, name: str | None) -> np.ndarray:
    with zipfile.ZipFile(file) as archive, np.load(file, allow_pickle=False) as arrays:
        sizes = {info.filename.removesuffix(".npy"): info.file_size for info in archive.infolist()}
        chosen = choose_npz(file, archive, arrays.files, name)
        _check_size(file, (sizes[chosen] // 4,), 4)
        check_member(archive, chosen)
        return arrays[chosen]


def choose_npz(file: Path, archive: zipfile.ZipFile, stored: list[str], name: str | None) -> str:
    """Return the name of the array that was asked for, or of the only one."""
    if name is not None:
        return choose(file, stored, name)
    headers = {n: _header_of(archive, n) for n in stored}
    kinds = {n: dtype.kind if len(shape) >= 2 else "" for n, (shape, dtype) in headers.items()}
    return choose_grid(file, kinds, {n: math.prod(shape) for n, (shape, _) in headers.items()})


def check_member(archive: zipfile.ZipFile, name: str) -> None:
    """Refuse an array whose header claims more than is stored: numpy would take that memory.

    Raises:
        RefusedError: it does.
    """
    shape, dtype = _header_of(archive, name)
    stored = archive.getinfo(f"{name}.npy").file_size
    if math.prod(shape) * dtype.itemsize > stored:
        raise RefusedError(
            f"is damaged or truncated ({name} claims the shape {shape}, of which {stored:,} bytes "
            "are stored); expected a whole array: copy or export it again."
        )


def _header_of(archive: zipfile.ZipFile, name: str) -> tuple[tuple[int, ...], np.dtype]:
    """Return shape and dtype of an array; of records whose names are not ASCII those of nothing."""
    with archive.open(f"{name}.npy") as stream:
        version = np.lib.format.read_magic(stream)
        if version > (2, 0):
            return (), np.dtype("V0")
        formats = np.lib.format
        first = version == (1, 0)
        read = formats.read_array_header_1_0 if first else formats.read_array_header_2_0
        shape, _, dtype = read(stream)
    return shape, dtype


def _read_hdf5(file: Path, name: str | None) -> np.ndarray:
    dataset = _open_hdf5(file, name)
    with dataset.file:
        return dataset[()]


def _open_hdf5(file: Path, name: str | None) -> Unpacked:
    dataset = open_hdf5(file, name)
    stored = sum(part.stat().st_size for part in files_of(dataset))
    _check_size(Path(dataset.file.filename), dataset.shape, dataset.dtype.itemsize, stored)
    return Unpacked(file, dataset)


def _read_fits(file: Path, name: str | None) -> np.ndarray:
    try:
        from astropy.io import fits
    except ImportError as error:
        raise MissingExtraError("astropy", "fields") from error
    with fits.open(file, memmap=False) as units:
        image = choose_fits(file, units, name)
        _check_size(file, image.shape, abs(image.header["BITPIX"]) // 8)
        return np.asarray(image.data)


def choose_fits(file: Path, units: Any, name: str | None) -> Any:  # noqa: ANN401 - astropy
    """Return the image of an open file that was asked for, or the only one."""
    images = {str(i): unit for i, unit in enumerate(units) if unit.is_image and len(unit.shape) > 1}
    wanted = next((i for i, unit in images.items() if name in (i, unit.name)), name)
    text = [f"{i} ({unit.name or 'no name'}, {_by(unit.shape)})" for i, unit in images.items()]
    sizes = {i: math.prod(unit.shape) for i, unit in images.items()}
    return images[choose(file, list(images), wanted, shown=text, sizes=sizes)]


def _check_size(file: Path, shape: tuple[int, ...], item: int, stored: int | None = None) -> None:
    """Refuse what claims too many numbers, or far more than is stored, the bytes of its file."""
    count = int(np.prod(shape, dtype=float))
    if count > MAX_VALUES:
        raise ArrayFileError(
            f"{file} claims {count:,} numbers: expected at most {MAX_VALUES:,}; cut it into parts."
        )
    stored = file.stat().st_size if stored is None else stored
    if count * item > max(FREE_BYTES, MAX_RATIO * stored):
        raise ArrayFileError(
            f"{file} claims {count * item / 1e6:,.0f} MB in a file of {stored:,} bytes: expected "
            f"at most {MAX_RATIO} times the file; if it is really so blank, save it uncompressed."
        )


def _by(shape: tuple[int, ...]) -> str:
    return "x".join(str(n) for n in shape)


@contextmanager
def no_objects() -> Generator[None]:
    """Say what numpy means by its refusal to unpickle."""
    try:
        yield
    except ValueError as error:
        if not any(word in str(error) for word in ("allow_pickle", "Python objects")):
            raise
        raise RefusedError(
            "holds Python objects, which may run any program when they are read: expected "
            "numbers; save a plain array."
        ) from error
