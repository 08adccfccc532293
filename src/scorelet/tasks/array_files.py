"""Large arrays written piece by piece: npy, or npz with a description."""

import io
import json
import math
import shutil
import zipfile
from collections.abc import Generator, Iterable, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Protocol, runtime_checkable

import numpy as np

from scorelet.core.errors import ArrayFileError, InputError, ScoreletError
from scorelet.core.files import atomic_path, remove_leftovers

SUFFIXES = (".npy", ".npz")

Pieces = Iterable[np.ndarray]


@runtime_checkable
class Writable(Protocol):
    """What bytes can be written to: a file, or a member of an archive."""

    def write(self, data: Any, /) -> int:  # noqa: ANN401 - anything with a buffer
        """Write the bytes."""
        ...


def check_output(output: Path, *, overwrite: bool, suffixes: tuple[str, ...] = SUFFIXES) -> None:
    """Refuse an output before anything is computed.

    Raises:
        InputError: it exists and may not be replaced, is no file, or has another suffix.
    """
    if output.suffix.lower() not in suffixes:
        raise InputError(f"{output} has an unknown suffix: use {' or '.join(suffixes)}.")
    if output.is_dir():
        raise InputError(f"{output} is a folder: give the name of a file.")
    if output.exists() and not output.is_file():
        raise InputError(f"{output} is a device or a pipe, no file: choose another -o.")
    if output.exists() and not overwrite:
        raise InputError(f"{output} exists already: choose another -o, or add --overwrite.")


def check_space(output: Path, size: int) -> None:
    """Refuse what the disk cannot hold before anything is computed.

    Args:
        output: a file that may not exist yet, nor its folder.
        size: bytes that will be written.

    Raises:
        ArrayFileError: less is free.
    """
    folder = next(place for place in output.absolute().parents if place.exists())
    free = shutil.disk_usage(folder).free
    if size > free:
        raise ArrayFileError(
            f"{output} would take {size / 1e9:.4g} GB, but {free / 1e9:.4g} GB are free there: "
            "choose less, or another place."
        )


def write_array(
    output: Path,
    pieces: Pieces,
    shape: tuple[int, ...],
    *,
    description: dict[str, Any],
    extra: Mapping[str, np.ndarray] | None = None,
) -> None:
    """Write a float32 array that comes in pieces along its first axis, atomically.

    Args:
        output: NAME.npy; or NAME.npz, with the array ``fields`` and the JSON text ``description``.
        pieces: together they have `shape`.
        shape: of the whole.
        description: JSON-serialisable.
        extra: other small arrays of a .npz file, by name.

    Raises:
        ArrayFileError: it cannot be written, or does not fit on the disk.
    """
    check_space(output, 4 * math.prod(shape))
    members = {**(extra or {}), "description": np.array(json.dumps(description))}
    with writing(output) as temporary:
        if output.suffix.lower() == ".npz":
            _write_npz(temporary, pieces, shape, members)
        else:
            _write_npy(temporary, pieces, shape)


@contextmanager
def writing(output: Path) -> Generator[Path]:
    """Yield a temporary path that becomes `output`; turn what the disk refuses into a sentence."""
    try:
        output.parent.mkdir(parents=True, exist_ok=True)
        remove_leftovers(output)
        with atomic_path(output) as temporary:
            yield temporary
    except ScoreletError:
        raise
    except OSError as error:
        raise ArrayFileError(
            f"{output} cannot be written ({error.strerror or error}): choose another place, or "
            "free some space."
        ) from error


def _write_npy(path: Path, pieces: Pieces, shape: tuple[int, ...]) -> None:
    with path.open("wb") as stream:
        _write_stream(stream, pieces, shape)


def _write_npz(
    path: Path, pieces: Pieces, shape: tuple[int, ...], members: Mapping[str, np.ndarray]
) -> None:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_STORED) as archive:
        with archive.open("fields.npy", "w", force_zip64=True) as stream:
            _write_stream(stream, pieces, shape)
        for name, values in members.items():
            member = io.BytesIO()
            np.save(member, values)
            archive.writestr(f"{name}.npy", member.getvalue())


def _write_stream(stream: Writable, pieces: Pieces, shape: tuple[int, ...]) -> None:
    header = {"descr": "<f4", "fortran_order": False, "shape": shape}
    np.lib.format.write_array_header_2_0(stream, header)
    for piece in pieces:
        stream.write(np.ascontiguousarray(piece, "<f4").data)
