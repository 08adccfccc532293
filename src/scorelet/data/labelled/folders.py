"""A folder for each class: pictures read one by one, what is broken named and left out."""

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from scorelet.core.errors import ImageFileError, InputError, one_line
from scorelet.data.labelled.images import LabelledImages
from scorelet.data.pictures.files import read_picture
from scorelet.data.pictures.folders import list_folder, skipped_sentence
from scorelet.data.pictures.photographs import with_channels
from scorelet.data.pictures.types import from_unit, to_unit

NAMED = 3
"""How many broken pictures a note names."""

Fit = Callable[[np.ndarray], np.ndarray]


def load_class_folders(
    folder: Path, *, channels: int = 3, fit: Fit | None = None
) -> LabelledImages:
    """Read ``folder/CLASS/NAME.png`` and the like; classes are numbered in the order of names.

    Pictures that cannot be read are left out; `notes` of the result names and counts them.

    Args:
        folder: the folder of folders.
        channels: 3 repeats gray pictures; 1 takes luma.
        fit: brings a picture, uint8 (height, width, channels), to the common size.

    Raises:
        InputError: fewer than two classes, a class without a picture, several sizes without `fit`.
    """
    folders = _class_folders(folder)
    found = _Found()
    for label, path in enumerate(folders):
        found.read(path, label, channels=channels, fit=fit)
    found.check_sizes()
    names = tuple(path.name for path in folders)
    x, y = np.stack(found.pictures), np.array(found.labels, dtype=np.int64)
    return LabelledImages(x, y, names, found.notes())


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


@dataclass
class _Found:
    """Pictures so far, and what was left out."""

    pictures: list[np.ndarray] = field(default_factory=list)
    labels: list[int] = field(default_factory=list)
    paths: list[Path] = field(default_factory=list)
    broken: list[tuple[Path, str]] = field(default_factory=list)
    foreign: list[Path] = field(default_factory=list)

    def read(self, folder: Path, label: int, *, channels: int, fit: Fit | None) -> None:
        """Read the pictures of one class."""
        contents = list_folder(folder)
        self.foreign += contents.skipped
        before = len(self.pictures)
        for path in contents.pictures:
            try:
                pixels = with_channels(read_picture(path), channels)
            except ImageFileError as error:
                self.broken.append((path, one_line(error)))
                continue
            pixels = from_unit(to_unit(pixels), "uint8")
            self.pictures.append(pixels if fit is None else fit(pixels))
            self.labels.append(label)
            self.paths.append(path)
        if len(self.pictures) == before:
            raise InputError(
                f"The class {folder.name} has no picture that can be read ({len(contents.pictures)}"
                f" tried): put pictures into {folder}, or remove it."
            )

    def check_sizes(self) -> None:
        """Raise InputError if pictures differ in size."""
        first = self.pictures[0].shape[:2]
        for path, pixels in zip(self.paths, self.pictures, strict=True):
            if pixels.shape[:2] != first:
                raise InputError(
                    f"{path} is {pixels.shape[0]}x{pixels.shape[1]} and {self.paths[0]} "
                    f"{first[0]}x{first[1]}: give a size to which all pictures are brought."
                )

    def notes(self) -> tuple[str, ...]:
        """Say what was left out."""
        notes = []
        if self.broken:
            total = len(self.pictures) + len(self.broken)
            names = ", ".join(path.name for path, _ in self.broken[:NAMED])
            more = f" and {len(self.broken) - NAMED} more" if len(self.broken) > NAMED else ""
            notes.append(
                f"{len(self.broken)} of {total} pictures were left out ({names}{more}): "
                f"{self.broken[0][1]}"
            )
        if self.foreign:
            notes.append(f"{skipped_sentence(self.foreign)}.")
        return tuple(notes)
