"""Large arrays written piece by piece: npy, or npz with a description."""

import io
import json
import math
import os
import shutil
import zipfile
from collections.abc import Callable, Generator, Iterable, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Literal, Protocol, runtime_checkable

import numpy as np

from scorelet.core.errors import ArrayFileError, InputError, MissingExtraError, ScoreletError
from scorelet.core.files import atomic_path, refuse_other_writer, remove_leftovers
from scorelet.core.paths import as_path
from scorelet.data.fields.labels import Label

SUFFIXES = (".npy", ".npz")

LABELLED = (*SUFFIXES, ".h5", ".hdf5", ".fits")
"""Kinds of files that also hold what the numbers are."""

PAGES = (".html",)
"""Suffixes of reports."""

Pieces = Iterable[np.ndarray]
Kind = Literal["f4", "f8"]


@runtime_checkable
class Writable(Protocol):
    """What bytes can be written to: a file, or a member of an archive."""

    def write(self, data: Any, /) -> int:  # noqa: ANN401 - anything with a buffer
        """Write the bytes."""
        ...


def check_output(
    output: Path,
    *,
    overwrite: bool,
    suffixes: tuple[str, ...] = SUFFIXES,
    source: Path | None = None,
) -> None:
    """Refuse an output before anything is computed.

    Args:
        output: the file.
        overwrite: whether it may be replaced; `source`, what it is made from, never is.
        suffixes: that it may have.
        source: a file, or None.

    Raises:
        InputError: it exists and may not be replaced, is no file, has another suffix or no folder,
            or another job is writing it.
    """
    if output.suffix.lower() not in suffixes:
        raise InputError(f"{output} has an unknown suffix: use {' or '.join(suffixes)}.")
    if output.is_dir():
        raise InputError(f"{output} is a folder: give the name of a file.")
    if output.exists() and not output.is_file():
        raise InputError(f"{output} is a device or a pipe, no file: choose another -o.")
    check_folder(output)
    if source is not None and source.exists() and output.exists() and output.samefile(source):
        raise InputError(f"{output} is what it would be made from: choose another -o.")
    _refuse_existing(output, overwrite=overwrite)
    refuse_other_writer(output)


def check_folder(output: Path) -> None:
    """Refuse a file whose folder is not there and cannot be made, before anything is computed.

    Raises:
        InputError: something else has the name of a folder above, or nothing may be written there.
    """
    place = next(place for place in output.absolute().parents if place.exists())
    if not place.is_dir():
        raise InputError(f"{output} cannot be written: {place} is no folder; choose another -o.")
    if not os.access(place, os.W_OK):
        raise InputError(f"Nothing may be written to {place}: choose another -o than {output}.")


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
    label: Label | None = None,
    overwrite: bool = True,
    kind: Kind = "f4",
) -> None:
    """Write an array that comes in pieces along its first axis, atomically.

    Args:
        output: NAME.npy; NAME.npz, with the array ``fields`` and the JSON text ``description``;
            NAME.h5, a data set with attributes; NAME.fits, an image with a header.
        pieces: together they have `shape`.
        shape: of the whole.
        description: JSON-serialisable.
        extra: other small arrays of a .npz file, by name.
        label: name and unit of the numbers, for NAME.h5 and NAME.fits.
        overwrite: see `writing`.
        kind: f4 or f8, of its numbers.

    Raises:
        InputError: as `writing`.
        ArrayFileError: it cannot be written, or does not fit on the disk.
    """
    check_space(output, np.dtype(kind).itemsize * math.prod(shape))
    members = {**(extra or {}), "description": np.array(json.dumps(description))}
    label = label or Label()
    with writing(output, overwrite=overwrite) as temporary:
        suffix = output.suffix.lower()
        if suffix == ".npz":
            _write_npz(temporary, pieces, shape, kind, members)
        elif suffix in (".h5", ".hdf5"):
            _write_hdf5(temporary, pieces, shape, kind, label, json.dumps(description))
        elif suffix == ".fits":
            _write_fits(temporary, pieces, kind, label)
        else:
            _write_npy(temporary, pieces, shape, kind)


@contextmanager
def writing(output: Path, *, overwrite: bool = True) -> Generator[Path]:
    """Yield a temporary path that becomes `output`; turn what the disk refuses into a sentence.

    Args:
        output: the file.
        overwrite: whether it may replace a file that another job has made since this one began.

    Raises:
        InputError: it may not, or another job is writing it.
        ArrayFileError: the disk refuses it.
    """
    try:
        output.parent.mkdir(parents=True, exist_ok=True)
        refuse_other_writer(output)
        remove_leftovers(output)
        with atomic_path(output) as temporary:
            _refuse_existing(output, overwrite=overwrite)
            yield temporary
            _refuse_existing(output, overwrite=overwrite)
    except ScoreletError:
        raise
    except OSError as error:
        raise ArrayFileError(
            f"{output} cannot be written ({error.strerror or error}): choose another place, or "
            "free some space."
        ) from error


def _refuse_existing(output: Path, *, overwrite: bool) -> None:
    if output.exists() and not overwrite:
        raise InputError(f"{output} exists already: choose another -o, or add --overwrite.")


def write_arrays(output: Path, arrays: Mapping[str, np.ndarray]) -> None:
    """Write arrays by name as an npz file, which is there as a whole or not at all.

    Raises:
        ArrayFileError: the disk refuses it.
    """
    with writing(output) as temporary, temporary.open("wb") as stream:
        np.savez(stream, **arrays)  # ty: ignore[invalid-argument-type]


def write_page(output: Path, text: str) -> None:
    """Write a report or another text, whole or not at all.

    Raises:
        ArrayFileError: it cannot be written.
    """
    with writing(output) as temporary:
        temporary.write_text(text, encoding="utf-8")


def save_page(path: str | Path, make: Callable[[], str], *, overwrite: bool) -> None:
    """Write a report, NAME.html; it is made only if the file can be written.

    Raises:
        InputError: another suffix, or a file that exists already.
        ArrayFileError: it cannot be written.
    """
    target = as_path(path)
    check_output(target, overwrite=overwrite, suffixes=PAGES)
    write_page(target, make())


def _write_npy(path: Path, pieces: Pieces, shape: tuple[int, ...], kind: Kind) -> None:
    with path.open("wb") as stream:
        _write_stream(stream, pieces, shape, kind)


def _write_npz(
    path: Path,
    pieces: Pieces,
    shape: tuple[int, ...],
    kind: Kind,
    members: Mapping[str, np.ndarray],
) -> None:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_STORED) as archive:
        with archive.open("fields.npy", "w", force_zip64=True) as stream:
            _write_stream(stream, pieces, shape, kind)
        for name, values in members.items():
            member = io.BytesIO()
            np.save(member, values)
            archive.writestr(f"{name}.npy", member.getvalue())


def _write_hdf5(
    path: Path, pieces: Pieces, shape: tuple[int, ...], kind: Kind, label: Label, description: str
) -> None:
    try:
        import h5py
    except ImportError as error:
        raise MissingExtraError("h5py", "fields") from error
    with h5py.File(path, "w", locking=False) as tree:
        dataset = tree.create_dataset(label.name or "fields", shape, kind)
        dataset.attrs["description"] = description
        if label.unit:
            dataset.attrs["unit"] = label.unit
        first = 0
        for piece in pieces:
            dataset[first : first + len(piece)] = piece
            first += len(piece)


def _write_fits(path: Path, pieces: Pieces, kind: Kind, label: Label) -> None:
    try:
        from astropy.io import fits
    except ImportError as error:
        raise MissingExtraError("astropy", "fields") from error
    image = fits.PrimaryHDU(np.concatenate([np.asarray(p, kind) for p in pieces]))
    for key, text in (("OBJECT", label.name), ("BUNIT", label.unit)):
        if text and text.isascii():  # FITS has no other letters
            image.header[key] = text
    with path.open("wb") as stream:
        image.writeto(stream)


def _write_stream(stream: Writable, pieces: Pieces, shape: tuple[int, ...], kind: Kind) -> None:
    header = {"descr": f"<{kind}", "fortran_order": False, "shape": shape}
    np.lib.format.write_array_header_2_0(stream, header)
    for piece in pieces:
        stream.write(np.ascontiguousarray(piece, f"<{kind}").data)
