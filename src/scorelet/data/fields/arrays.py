"""Arrays of fields from files: npy, npz, HDF5 and FITS.

A file with several arrays is read as ``FILE:NAME``: ``maps.npz:kappa``, ``run.h5:group/maps``,
``survey.fits:1``. Integers and complex numbers are refused: only the user knows what they mean.
"""

import zipfile
from collections.abc import Callable, Generator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import torch

from scorelet.core.arrays import plain_array
from scorelet.core.errors import ArrayFileError, InputError, MissingExtraError
from scorelet.core.files import check_regular
from scorelet.core.typing import Fields
from scorelet.data.locate import locate
from scorelet.data.pictures.errors import RefusedError, reading

SUFFIXES = (".npy", ".npz", ".h5", ".hdf5", ".fits", ".fit", ".fts", ".fits.gz")
MAX_VALUES = 1 << 33
"""Numbers in one array; more are refused before they are read."""


def load_fields(path: str | Path) -> Fields:
    """Read fields, (n, h, w), from a file or from all files of a folder.

    Args:
        path: a file, ``FILE:NAME`` for one array of several, a folder whose files hold fields of
            one size (read in the order of their names), or a name under ``$SCORELET_DATA``.

    Returns:
        float32 or float64 as in the file; half precision becomes float32. One field (h, w) counts
        as n = 1; (n, 1, h, w) loses its channel.

    Raises:
        InputError: nothing of that name; several arrays and no choice; integers, complex numbers,
            NaN, no field, or other dimensions.
        ArrayFileError: the file is damaged, too large, or of an unknown kind.
        MissingExtraError: h5py or astropy is not installed.
    """
    file, name = split_name(path)
    if file.is_dir():
        return _from_folder(file, name)
    check_regular(file, what="an array file", error=ArrayFileError)
    reader = _reader(file)
    with reading(file, kind=ArrayFileError, what="array"), _no_objects():
        array = reader(file, name)
    return torch.from_numpy(_as_fields(array, path))


def split_name(path: str | Path) -> tuple[Path, str | None]:
    """Split ``FILE:NAME``; a file whose own name has a colon is found first.

    Raises:
        InputError: there is no such file or folder.
    """
    try:
        return locate(path), None
    except InputError:
        file, colon, name = str(path).rpartition(":")
        if not colon or not name:
            raise
        try:
            return locate(file), name
        except InputError:
            pass
        raise


def _from_folder(folder: Path, name: str | None) -> Fields:
    files = sorted(p for p in folder.iterdir() if _suffix(p) and not p.name.startswith("."))
    if not files:
        raise InputError(
            f"{folder} holds no arrays: expected files that end in {', '.join(SUFFIXES)}."
        )
    parts = [load_fields(f"{file}:{name}" if name else file) for file in files]
    for file, part in zip(files, parts, strict=True):
        if part.shape[1:] != parts[0].shape[1:]:
            raise InputError(
                f"{file} has fields of {_size(part)}, {files[0]} of {_size(parts[0])}: expected "
                "one size in a folder; crop or average the larger ones."
            )
    kind = torch.promote_types(*(p.dtype for p in parts[:2])) if parts[1:] else parts[0].dtype
    return torch.cat([part.to(kind) for part in parts])


def _size(fields: Fields) -> str:
    return f"{fields.shape[1]}x{fields.shape[2]} pixels"


def _suffix(path: Path) -> str | None:
    return next((s for s in SUFFIXES if path.name.lower().endswith(s)), None)


def _reader(file: Path) -> Callable[[Path, str | None], np.ndarray]:
    suffix = _suffix(file)
    if suffix is None:
        raise ArrayFileError(
            f"{file} is of no kind that holds fields: expected a name that ends in "
            f"{', '.join(SUFFIXES)}."
        )
    return {".npy": _read_npy, ".npz": _read_npz, ".h5": _read_hdf5, ".hdf5": _read_hdf5}.get(
        suffix, _read_fits
    )


def _read_npy(file: Path, name: str | None) -> np.ndarray:
    if name is not None:
        raise InputError(f"{file} holds one array: leave out :{name}.")
    with file.open("rb") as stream:
        np.lib.format.read_magic(stream)  # else numpy takes any text for Python objects
    array = np.load(file, mmap_mode="r", allow_pickle=False)
    _check_count(file, array.shape)
    return array


def _read_npz(file: Path, name: str | None) -> np.ndarray:
    with zipfile.ZipFile(file) as archive, np.load(file, allow_pickle=False) as arrays:
        sizes = {info.filename.removesuffix(".npy"): info.file_size for info in archive.infolist()}
        names = [n for n in arrays.files if name is not None or _is_array(archive, n)]
        chosen = _choose(file, names, name)
        _check_count(file, (sizes[chosen] // 4,))
        return arrays[chosen]


def _is_array(archive: zipfile.ZipFile, name: str) -> bool:
    """Return whether a member has the dimensions of fields, by its header."""
    with archive.open(f"{name}.npy") as stream:
        version = np.lib.format.read_magic(stream)
        if version > (2, 0):  # records, whose names are not ASCII
            return False
        formats = np.lib.format
        first = version == (1, 0)
        read = formats.read_array_header_1_0 if first else formats.read_array_header_2_0
        shape, _, dtype = read(stream)
    return len(shape) >= 2 and dtype.kind in "fciu"


def _read_hdf5(file: Path, name: str | None) -> np.ndarray:
    try:
        import h5py
    except ImportError as error:
        raise MissingExtraError("h5py", "fields") from error
    with h5py.File(file, "r") as tree:
        names: list[str] = []
        # visititems stops at what is not None, and append returns None
        tree.visititems(lambda n, item: names.append(n) if _is_grid(item, h5py.Dataset) else None)
        chosen = _choose(file, names, name and name.strip("/"))
        _check_count(file, tree[chosen].shape)
        return tree[chosen][()]


def _read_fits(file: Path, name: str | None) -> np.ndarray:
    try:
        from astropy.io import fits
    except ImportError as error:
        raise MissingExtraError("astropy", "fields") from error
    with fits.open(file, memmap=False) as units:
        images = {
            str(i): unit for i, unit in enumerate(units) if unit.is_image and len(unit.shape) >= 2
        }
        wanted = next((i for i, unit in images.items() if name in (i, unit.name)), name)
        text = [f"{i} ({unit.name or 'no name'}, {_by(unit.shape)})" for i, unit in images.items()]
        chosen = _choose(file, list(images), wanted, shown=text)
        _check_count(file, images[chosen].shape)
        return np.asarray(images[chosen].data)


def _is_grid(item: Any, dataset: type) -> bool:  # noqa: ANN401 - h5py
    """Return whether an entry of an HDF5 file has the dimensions of fields."""
    return isinstance(item, dataset) and len(item.shape) >= 2 and item.dtype.kind in "fciu"


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


def _as_fields(array: np.ndarray, path: str | Path) -> np.ndarray:
    """Return (n, h, w) in the byte order of this machine, its own memory."""
    kind = array.dtype.kind
    if kind != "f":
        hint = {
            "c": "save .real and .imag as two arrays",
            "i": "convert them by .astype('float32')",
            "u": "convert them by .astype('float32')",
            "b": "convert them by .astype('float32')",
        }.get(kind, "save numbers")
        raise InputError(f"{path} holds {array.dtype.name}: expected real floating point; {hint}.")
    if array.ndim == 4 and array.shape[1] == 1:
        array = array[:, 0]
    if array.ndim == 2:
        array = array[None]
    if array.ndim != 3 or array.size == 0:
        raise InputError(
            f"{path} has the shape {array.shape}: expected (n, h, w), (n, 1, h, w) or (h, w), none "
            "of them 0; choose a part or reshape it."
        )
    wide = np.float64 if array.dtype.itemsize >= 8 else np.float32
    array = plain_array(array).astype(wide)  # a copy: the file may be mapped into memory
    bad = array.size - int(np.count_nonzero(np.isfinite(array)))
    if bad:
        raise InputError(
            f"{path} holds {bad} of {array.size} values that are NaN or infinite: expected finite "
            "numbers; replace them first."
        )
    return array


def _check_count(file: Path, shape: tuple[int, ...]) -> None:
    count = int(np.prod(shape, dtype=float))
    if count > MAX_VALUES:
        raise ArrayFileError(
            f"{file} claims {count:,} numbers: expected at most {MAX_VALUES:,}; cut it into parts."
        )


def _by(shape: tuple[int, ...]) -> str:
    return "x".join(str(n) for n in shape)


@contextmanager
def _no_objects() -> Generator[None]:
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
