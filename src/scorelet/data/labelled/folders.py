"""A folder for each class: pictures in memory or in their files, broken ones named and left out."""

from pathlib import Path

import numpy as np

from scorelet.core.errors import ImageFileError, InputError
from scorelet.data.labelled.images import LabelledImages
from scorelet.data.labelled.picture_files import Fit, PictureFiles, Seen
from scorelet.data.pictures.folders import beside_sentence, list_folder, skipped_sentence


def load_class_folders(
    folder: Path,
    *,
    channels: int = 3,
    fit: Fit | None = None,
    originals: bool = False,
    seen: Seen | None = None,
) -> LabelledImages:
    """Read ``folder/CLASS/NAME.png`` and the like; classes are numbered in the order of names.

    They are mixed evenly, those that cannot be read among them, so that the order of the others is
    the same whether all are read or none. Pictures that fit into memory are read once, and those
    that cannot be read are left out; `notes` of the result names and counts them. Others stay in
    their files, see `PictureFiles`; then `LabelledImages.readable` does so.

    Args:
        folder: the folder of folders.
        channels: 3 repeats gray pictures; 1 takes luma.
        fit: brings a picture, uint8 (height, width, channels), to the common size.
        originals: leave all in their files, where they are as they were before `fit`.
        seen: told what is read.

    Raises:
        InputError: fewer than two classes, a class without a picture, several sizes without `fit`.
    """
    folders = _class_folders(folder)
    contents = [list_folder(path) for path in folders]
    for path, found in zip(folders, contents, strict=True):
        if not found.pictures:
            raise _empty(path, 0)
    paths = [picture for found in contents for picture in found.pictures]
    labels = np.repeat(np.arange(len(folders)), [len(found.pictures) for found in contents])
    foreign = [path for found in contents for path in found.skipped]
    try:
        files = PictureFiles(paths, channels=channels, fit=fit, seen=seen)
    except ImageFileError:
        raise _empty(folders[0], len(contents[0].pictures)) from None
    loose = list_folder(folder, recursive=False).pictures
    said = [skipped_sentence(foreign)] * bool(foreign) + [beside_sentence(loose)] * bool(loose)
    notes = tuple(f"in {folder}, {text}." for text in said)
    images = LabelledImages(files, labels, tuple(path.name for path in folders), notes).mixed()
    return images if originals or not files.fit_memory() else images.readable()


def load_flat_folder(
    folder: Path, *, channels: int = 3, fit: Fit | None = None, seen: Seen | None = None
) -> LabelledImages:
    """Read the pictures of a folder without classes, where labels are not used: all are 0.

    Args, and what is left out: as in `load_class_folders`.

    Raises:
        InputError: no picture that can be read, or several sizes without `fit`.
    """
    found = list_folder(folder, recursive=False)
    try:
        files = PictureFiles(found.pictures, channels=channels, fit=fit, seen=seen)
    except ImageFileError:
        raise InputError(f"{folder} has no picture that can be read: choose another.") from None
    notes = (f"{skipped_sentence(found.skipped)}.",) if found.skipped else ()
    labels = np.zeros(len(files), np.int64)
    images = LabelledImages(files, labels, ("pictures", "none"), notes)
    return images.readable() if files.fit_memory() else images


def is_flat_folder(folder: Path) -> bool:
    """Tell whether pictures lie in a folder itself, and not only in folders within."""
    return folder.is_dir() and bool(list_folder(folder, recursive=False).pictures)


def _empty(folder: Path, tried: int) -> InputError:
    return InputError(
        f"The class {folder.name} has no picture that can be read ({tried} tried): put pictures "
        f"into {folder}, or remove it."
    )


def _class_folders(folder: Path) -> list[Path]:
    if not folder.is_dir():
        raise InputError(f"{folder} is no folder; expected a folder that has one for each class.")
    folders = sorted(p for p in folder.iterdir() if p.is_dir() and not p.name.startswith("."))
    if len(folders) < 2:
        got = f"one folder, {folders[0].name}" if folders else "no folders"
        raise InputError(
            f"{folder} holds {got}; expected a folder for each of two or more classes."
        )
    return folders
