"""Fields from files and folders: npy, npz, HDF5 (netCDF-4 is), netCDF-3 and FITS.

A file with several arrays is read as ``FILE:NAME``: ``maps.npz:kappa``, ``run.h5:group/maps``,
``survey.fits:1``. Complex numbers are refused: only the user knows what they mean.
"""

from pathlib import Path

import numpy as np
import torch

from scorelet.core.arrays import plain_array
from scorelet.core.errors import InputError
from scorelet.core.typing import Fields
from scorelet.data.fields.array_files import SUFFIXES, array_suffix, moved_axes, read_array
from scorelet.data.locate import locate


class FieldShapeError(InputError):
    """An array is no field, or no set of fields of one channel.

    Args:
        text: the sentence.
        shape: of the array.
    """

    def __init__(self, text: str, shape: tuple[int, ...]) -> None:
        super().__init__(text)
        self.shape = shape


def load_fields(path: str | Path, *, gaps: bool = False) -> Fields:
    """Read fields, (n, h, w), from a file or from all files of a folder.

    Args:
        path: a file, ``FILE:NAME`` for one array of several, a folder whose files hold fields of
            one size (read in the order of their names), or a name under ``$SCORELET_DATA``.
        gaps: let NaN and infinite values pass: the caller decides which are pixels not known.

    Returns:
        float32 or float64 as in the file, float64 of a folder if one of its files is; half
        precision becomes float32, integers float64. One field (h, w) counts as n = 1;
        (n, 1, h, w) loses its channel.

    Raises:
        InputError: nothing of that name; several arrays and no choice; booleans, complex numbers,
            NaN, no field, or other dimensions.
        ArrayFileError: the file is damaged, too large, or of an unknown kind.
        MissingExtraError: h5py or astropy is not installed.
    """
    file, name = split_name(path)
    if file.is_dir():
        return _from_folder(file, name, gaps)
    array = read_array(file, name)
    return torch.from_numpy(as_real_fields(array, path, gaps=gaps))


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


def _from_folder(folder: Path, name: str | None, gaps: bool) -> Fields:
    files = sorted(p for p in folder.iterdir() if array_suffix(p) and not p.name.startswith("."))
    if not files:
        raise InputError(
            f"{folder} holds no arrays: expected files that end in {', '.join(SUFFIXES)}."
        )
    parts = [load_fields(f"{file}:{name}" if name else file, gaps=gaps) for file in files]
    for file, part in zip(files, parts, strict=True):
        if part.shape[1:] != parts[0].shape[1:]:
            raise InputError(
                f"{file} has fields of {_size(part)}, {files[0]} of {_size(parts[0])}: expected "
                "one size in a folder; crop or average the larger ones."
            )
    return torch.cat(parts)  # in the widest dtype of all


def _size(fields: Fields) -> str:
    return f"{fields.shape[1]}x{fields.shape[2]} pixels"


def check_shape(shape: tuple[int, ...], path: str | Path) -> None:
    """Refuse what holds no fields, or more than one channel of them.

    Args:
        shape: of the array.
        path: for messages; how it is stored is said.

    Raises:
        FieldShapeError: it is none of (n, h, w), (n, 1, h, w) and (h, w).
    """
    sizes = shape[:1] + shape[2:] if len(shape) == 4 and shape[1] == 1 else shape
    if len(sizes) in (2, 3) and 0 not in sizes:
        return
    moved = "".join(f" {text}" for text in moved_axes(*split_name(path)))
    raise FieldShapeError(
        f"{path} has the shape {shape}: expected (n, h, w), (n, 1, h, w) or (h, w), none of them "
        f"0; choose a part or reshape it.{moved}",
        shape,
    )


def as_real_fields(array: np.ndarray, path: str | Path, *, gaps: bool) -> np.ndarray:
    """Return (n, h, w) in the byte order of this machine, its own memory.

    Args:
        array: as it is stored.
        path: for messages.
        gaps: let NaN and infinite values pass.

    Raises:
        InputError: booleans, complex numbers, values that may not pass, other dimensions.
    """
    kind = array.dtype.kind
    if kind not in "fiu":
        hint = {
            "c": "save .real and .imag as two arrays",
            "b": "convert them by .astype('float32')",
        }.get(kind, "save numbers")
        raise InputError(f"{path} holds {array.dtype.name}: expected real numbers; {hint}.")
    check_shape(array.shape, path)
    array = array.reshape(-1, *array.shape[-2:])
    wide = np.float64 if kind != "f" or array.dtype.itemsize >= 8 else np.float32
    array = plain_array(array).astype(wide)  # a copy: the file may be mapped into memory
    bad = 0 if gaps else array.size - int(np.count_nonzero(np.isfinite(array)))
    if bad:
        raise InputError(
            f"{path} holds {bad} of {array.size} values that are NaN or infinite: expected finite "
            "numbers; replace them first."
        )
    return array
