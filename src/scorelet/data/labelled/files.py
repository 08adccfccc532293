"""Labelled sets from files: npz with named arrays, or folders of classes."""

import struct
import zipfile
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Literal, get_args

import numpy as np

from scorelet.core.errors import ArrayFileError, InputError, one_line
from scorelet.core.files import check_regular
from scorelet.data.labelled.folders import (
    is_flat_folder,
    load_class_folders,
    load_flat_folder,
)
from scorelet.data.labelled.images import LabelledImages
from scorelet.data.labelled.picture_files import Seen
from scorelet.data.locate import locate
from scorelet.data.pictures.channel_axis import with_channels_last

Part = Literal["train", "test"]
UNNAMED = 1000
"""Classes without names that a file with fewer pictures may have: its other part may show them."""
_DAMAGES = (
    *(OSError, ValueError, EOFError, KeyError, NotImplementedError, RuntimeError),
    *(zipfile.BadZipFile, zlib.error, struct.error),
)
"""What numpy and zipfile raise on damaged archives, and on encrypted ones."""


def load_labelled(
    source: str | Path,
    *,
    part: Part = "train",
    channels: int = 3,
    fit: Callable[[np.ndarray], np.ndarray] | None = None,
    originals: bool = False,
    labels: bool = True,
    seen: Seen | None = None,
) -> LabelledImages:
    """Read a labelled set.

    A set that is sorted by class, as folders are, is put into an order that mixes the classes
    evenly (`scorelet.data.labelled.mixing`), the same one each time: its first and its last
    pictures are a stratified sample of it. Other files keep their order.

    Args:
        source: a path, or a name below $SCORELET_DATA: a ``.npz`` file with ``x_train, y_train``
            or ``x_test, y_test`` (pictures uint8 (n, height, width[, channels]) or (n,
            channels, height, width), labels integers) and perhaps ``classes`` (names); or a folder
            of folders, one for each class, or of folders ``train`` and ``test`` with such folders
            in them.
        part: which part of it.
        channels: of pictures in folders: 3 repeats gray ones, 1 takes luma.
        fit: brings a picture of a folder, uint8 (height, width, channels), to the common size.
        originals: leave pictures of folders in their files, as those are that memory cannot hold:
            see `scorelet.data.labelled.folders.load_class_folders`.
        labels: False: they are not used, and a folder of pictures without classes will do.
        seen: told each picture of a folder that is read.

    Raises:
        InputError: nothing there, fewer than two classes, pictures of several sizes without
            `fit`, labels out of range, or far beyond the number of pictures without names.
        ArrayFileError: an npz file that is damaged, or lacks the arrays.
    """
    path = locate(source)
    if not labels and path.is_dir() and (is_flat_folder(path) or not _has_classes(path)):
        return load_flat_folder(path, channels=channels, fit=fit, seen=seen)
    if path.is_dir():
        return load_class_folders(
            _part_folder(path, part), channels=channels, fit=fit, originals=originals, seen=seen
        )
    if path.suffix.lower() != ".npz":
        raise InputError(
            f"{path} is no set of {'labelled ' if labels else ''}pictures: give an .npz file, or a "
            f"folder {'that has a folder for each class' if labels else 'of them'}."
        )
    return _load_npz(path, part).mixed()


def has_parts(path: Path) -> bool:
    """Tell whether a set has a part to train and one to test; a folder of classes is both."""
    return path.is_file() or (path / "train").is_dir() or (path / "test").is_dir()


def measured_part(path: Path) -> Path:
    """Return the part `test` of a folder with both parts; of everything else the path itself."""
    both = all(_has_classes(path / part) for part in get_args(Part))
    return path / "test" if both else path


def _has_classes(folder: Path) -> bool:
    return folder.is_dir() and any(below.is_dir() for below in folder.iterdir())


def _part_folder(path: Path, part: Part) -> Path:
    """Return the folder that holds the classes of a part: of a set without parts the whole set.

    Raises:
        InputError: a folder has the name of a part, and this part has no folders of classes.
    """
    if not has_parts(path):
        return path
    folder = path / part
    if _has_classes(folder):
        return folder
    found = next(name for name in get_args(Part) if (path / name).is_dir())
    raise InputError(
        f"{path} has a folder {found}, the name of a part of a set, and {folder} "
        f"{'holds no folders' if folder.is_dir() else 'is no folder'}: name the parts train and "
        "test, each with a folder for every class, and no class so."
    )


def _load_npz(path: Path, part: Part) -> LabelledImages:
    check_regular(path, what="an npz file", error=ArrayFileError)
    names = [f"x_{part}", f"y_{part}"]
    try:
        with path.open("rb") as stream, np.load(stream, allow_pickle=False) as arrays:
            missing = [name for name in names if name not in arrays]
            if missing:
                known = ", ".join(arrays.files) or "nothing"
                raise ArrayFileError(
                    f"{path} has no array {missing[0]}: it holds {known}; name them x_train, "
                    "y_train, x_test, y_test."
                )
            x, y = (arrays[name] for name in names)
            classes = arrays.get("classes")
    except ArrayFileError:
        raise
    except _DAMAGES as error:
        raise ArrayFileError(f"{path} cannot be read as an npz file: {one_line(error)}") from error
    try:
        return _labelled(x, y, classes, part)
    except InputError as error:
        raise InputError(f"{path}, part {part}: {error}") from None


def _labelled(
    x: np.ndarray, y: np.ndarray, classes: np.ndarray | None, part: Part
) -> LabelledImages:
    if y.dtype.kind not in "iu":
        raise InputError(f"The labels are {y.dtype}: expected integers.")
    pictures = np.ascontiguousarray(with_channels_last(x, "The array"))
    if classes is None:
        count = int(y.max()) + 1 if y.size else 0
        if count > max(len(y), UNNAMED):
            raise InputError(
                f"A label is {count - 1}, and there are {len(y)} pictures: number the classes from "
                "0 on, or name all of them in the array classes."
            )
        if part == "train" and count > 2 and np.array_equal(np.unique(y), np.arange(1, count)):
            raise InputError(
                f"Labels are 1 to {count - 1}, so class 0 has no picture: number the classes from "
                "0 on, or name all of them in the array classes."
            )
        named = tuple(str(k) for k in range(count))
    else:
        named = tuple(_text(name) for name in classes.ravel().tolist())
    return LabelledImages(pictures, y.astype(np.int64), named)


def _text(name: object) -> str:
    return name.decode(errors="replace") if isinstance(name, bytes) else str(name)
