"""One array from a file: npy, npz, HDF5 or FITS, bounded before it is read.

Numbers that are stored packed are unpacked: FITS by BSCALE, BZERO and BLANK, HDF5 and netCDF-4 by
the attributes of the CF conventions, section 8.1, see `Unpacked`.
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
from scorelet.data.pictures.errors import RefusedError, reading

HDF5 = (".h5", ".hdf5", ".nc")
"""Kinds of files that are HDF5, netCDF-4 among them."""
SUFFIXES = (".npy", ".npz", *HDF5, ".fits", ".fit", ".fts", ".fits.gz")
MAX_VALUES = 1 << 33
"""Numbers in one array; more are refused before they are read."""
FREE_BYTES = 1 << 28
"""Memory that an array of any file may take, however small the file is."""
MAX_RATIO = 256
"""Bytes of memory for each byte of the file beyond that; only blank arrays compress so well."""
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


def read_array(file: Path, name: str | None) -> np.ndarray:
    """Read an array of numbers, unpacked and otherwise as stored, maybe mapped into memory.

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
        return Unpacked(file, open_hdf5(file, name))


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
        return _choose(file, stored, name)
    kinds = {n: _kind_of(archive, n) for n in stored}
    return _choose_grid(file, kinds)


def _kind_of(archive: zipfile.ZipFile, name: str) -> str:
    """Return the kind of numbers of a member that has the dimensions of fields, by its header."""
    shape, dtype = _header_of(archive, name)
    return dtype.kind if len(shape) >= 2 else ""


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


def _numbers(kinds: dict[str, str]) -> list[str]:
    return [name for name, kind in kinds.items() if kind and kind in "fciu"]


def _choose_grid(file: Path, kinds: dict[str, str]) -> str:
    """Return the only array of numbers, or the only mask where there are no numbers.

    A mask beside numbers has to be spoken of: nobody applies it.

    Args:
        file: for messages.
        kinds: of the numbers of each array, see `np.dtype.kind`; empty if it has not the dimensions
            of fields.
    """
    names = _numbers(kinds)
    masks = [n for n, kind in kinds.items() if kind == "b"]
    if len(names) == 1 and masks:
        raise InputError(
            f"{file} holds {names[0]} and the mask {masks[0]}, which is not applied: take all "
            f"pixels as {file}:{names[0]}, write NaN into the masked ones, or give the mask to "
            f"`field fit` as --mask {file}:{masks[0]}."
        )
    return _choose(file, names or masks, None)


def _read_hdf5(file: Path, name: str | None) -> np.ndarray:
    dataset = open_hdf5(file, name)
    with dataset.file:
        return Unpacked(file, dataset)[()]


class Unpacked:
    """A data set whose numbers are unpacked where it is indexed.

    value = scale_factor * stored + add_offset, NaN where _FillValue or missing_value is stored, or
    what lies beyond valid_range, or valid_min and valid_max, of stored numbers; _Unsigned = "true"
    makes signed integers unsigned. A netCDF-4 file that names no _FillValue has that of its
    library, but for bytes. Packed integers become float64, as does what is scaled; where nothing
    changes, numbers are as stored.

    Args:
        file: for messages.
        dataset: of h5py.

    Raises:
        InputError: a scale, an offset or a bound is not one number, or not finite, or the scale 0.
    """

    def __init__(self, file: Path, dataset: Any) -> None:  # noqa: ANN401 - h5py
        self._dataset, self.shape = dataset, tuple(dataset.shape)
        self._scale = _one_number(file, dataset, "scale_factor", 1.0)
        self._offset = _one_number(file, dataset, "add_offset", 0.0)
        filler = dataset.attrs.get("_FillValue", _filler_of_netcdf(dataset))
        said = [np.ravel(filler), np.ravel(dataset.attrs.get("missing_value", ()))]
        self._missing = [v for values in said if values.dtype.kind in "fiu" for v in values]
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

    def __getitem__(self, index: Any) -> np.ndarray:  # noqa: ANN401 - of h5py
        stored = np.asarray(self._dataset[index])
        if stored.dtype.kind not in "fiu":
            return stored
        if self._unsigned and stored.dtype.kind == "i":
            stored = stored.view(stored.dtype.str.replace("i", "u"))
        gaps = np.zeros(stored.shape, bool)
        if (self._least, self._most) != (-math.inf, math.inf):
            gaps |= (stored < self._least) | (stored > self._most)
        for value in self._missing:
            gaps |= stored == self._as_stored(value, stored.dtype)
        packed = (self._scale, self._offset) != (1, 0)
        if not packed and not gaps.any():
            return stored
        values = stored.astype(np.float64 if packed or stored.dtype.kind != "f" else stored.dtype)
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


def open_hdf5(file: Path, name: str | None) -> Any:  # noqa: ANN401 - h5py
    """Return a data set; its file is open as long as somebody has it."""
    try:
        import h5py
    except ImportError as error:
        raise MissingExtraError("h5py", "fields") from error
    with file.open("rb") as stream:
        if stream.read(3) == b"CDF":
            raise RefusedError(
                "is netCDF-3: expected netCDF-4, which is HDF5; convert it by `nccopy -k nc4 OLD "
                "NEW`, or save the array as npy."
            )
    tree = h5py.File(file, "r")
    kinds: dict[str, str] = {}
    tree.visititems(lambda n, item: kinds.update({n: _grid_kind(item, h5py.Dataset)}))
    if name is None:
        chosen = _choose_grid(file, kinds)
    else:
        chosen = _choose(file, [n for n, kind in kinds.items() if kind], name.strip("/"))
    dataset = tree[chosen]
    _check_size(file, dataset.shape, dataset.dtype.itemsize)
    return dataset


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
    return images[_choose(file, list(images), wanted, shown=text)]


def _grid_kind(item: Any, dataset: type) -> str:  # noqa: ANN401 - h5py
    """Return the kind of numbers of a data set that has the dimensions of fields."""
    return item.dtype.kind if isinstance(item, dataset) and len(item.shape) >= 2 else ""


def _choose(
    file: Path, names: list[str], name: str | None, *, shown: list[str] | None = None
) -> str:
    """Return the array that was asked for, or the only one.

    Args:
        file: for messages.
        names: of the arrays.
        name: that was asked for.
        shown: how the arrays are listed, if not by name.
    """
    if name in names:
        return name
    if name is None and len(names) == 1:
        return names[0]
    listed = ", ".join(shown or names)
    if not names:
        raise InputError(f"{file} holds no array of numbers with two or more dimensions.")
    if name is None:
        raise InputError(
            f"{file} holds {len(names)} arrays: {listed}; choose one, as {file}:{names[-1]}."
        )
    raise InputError(f"{file} holds no array {name!r}: choose from {listed}.")


def _check_size(file: Path, shape: tuple[int, ...], item: int) -> None:
    """Refuse what claims too many numbers, or far more than its file can hold."""
    count = int(np.prod(shape, dtype=float))
    if count > MAX_VALUES:
        raise ArrayFileError(
            f"{file} claims {count:,} numbers: expected at most {MAX_VALUES:,}; cut it into parts."
        )
    stored = file.stat().st_size
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
