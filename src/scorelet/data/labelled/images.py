"""Pictures of one size with the numbers of their classes, in memory or in their files."""

from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from scorelet.core.errors import InputError
from scorelet.data.labelled.mixing import is_grouped, mixed_order
from scorelet.data.labelled.picture_files import PictureFiles, examined, last_readable
from scorelet.data.pictures.folders import broken_sentence
from scorelet.data.pictures.types import to_unit


@dataclass(frozen=True)
class LabelledImages:
    """A set of pictures, each of one class.

    Args:
        x: pictures, uint8 (n, height, width, channels), 1 or 3 channels; or files of such.
        y: numbers of their classes, int64 (n,), each below the number of classes.
        classes: names of the classes, at least two.
        notes: sentences on what was left out when the set was read.

    Raises:
        InputError: other dtypes or shapes, no picture, a label out of range, names that are not
            different, or fewer than two.
    """

    x: np.ndarray | PictureFiles
    y: np.ndarray
    classes: tuple[str, ...]
    notes: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        """Check that pictures, labels and names fit."""
        _check_pictures(self.x)
        _check_labels(self.y, len(self.x), len(self.classes))
        if len(self.classes) < 2 or len(set(self.classes)) < len(self.classes):
            raise InputError(
                f"The classes are {', '.join(self.classes[:20]) or 'none'}: expected at least two, "
                "with different names."
            )

    def __len__(self) -> int:
        return len(self.x)

    @property
    def channels(self) -> int:
        """1 or 3."""
        return self.x.shape[3]

    @property
    def size(self) -> tuple[int, int]:
        """(height, width)."""
        return self.x.shape[1], self.x.shape[2]

    def first(self, count: int) -> "LabelledImages":
        """Return the first `count` pictures, or all if there are fewer."""
        return replace(self, x=self.x[:count], y=self.y[:count])

    def mixed(self) -> "LabelledImages":
        """Return the set with its classes mixed evenly, if it is sorted by class; else itself.

        So the `first` pictures and those of a `hold_out` are of all classes. The order is a
        function of the labels: it is the same wherever the set is read.
        """
        if not is_grouped(self.y):
            return self
        order = mixed_order(self.y)
        return replace(self, x=self.x[order], y=self.y[order])

    def hold_out(self, count: int, *, field: str = "") -> tuple["LabelledImages", "LabelledImages"]:
        """Return all but the last `count` pictures, and these.

        Sets from files have their classes mixed (`mixed`), so that these are of all classes. Of
        pictures in files the last ones are read: those that cannot be do not count, and are left
        out of these, so that they are the same as of pictures in memory.

        Args:
            count: of the pictures that are held out.
            field: of a configuration that says it, for the sentence.

        Raises:
            InputError: nothing would be left to one of them.
        """
        total, start, notes = len(self), len(self) - count, ()
        last: slice | np.ndarray = slice(start, None)
        if 0 < start < total and isinstance(self.x, PictureFiles):
            last, broken = last_readable(self.x, count)
            start = int(last[0]) if len(last) == count else 0
            total = total if start else len(last)
            notes = _left_out(broken, len(self) - start)
        if not 0 < start < len(self):
            raise InputError(
                f"{count} of {total} pictures cannot be held out: choose "
                f"{field and f'{field} from '}1 to {total - 1}."
            )
        held = replace(self, x=self.x[last], y=self.y[last], notes=notes + self.notes)
        return self.first(start), held

    def readable(self) -> "LabelledImages":
        """Return the set without files that cannot be read, in memory if there is room for it.

        All files are read once; `notes` of the result names and counts those that are left out.

        Raises:
            InputError: a class without a picture that can be read, or pictures of several sizes.
        """
        if not isinstance(self.x, PictureFiles):
            return self
        kept = np.empty(self.x.shape, np.uint8) if self.x.fit_memory() else None
        good, broken = examined(self.x, kept)
        tried, found = (np.bincount(y, minlength=len(self.classes)) for y in (self.y, self.y[good]))
        for name, before, after in zip(self.classes, tried, found, strict=True):
            if before and not after:
                raise InputError(
                    f"The class {name} has no picture that can be read ({before} tried): put "
                    "pictures into its folder, or remove it."
                )
        x = self.x[good] if kept is None else kept[: len(good)]
        notes = _left_out(broken, len(self))
        return replace(self, x=x, y=self.y[good], notes=notes + self.notes)

    def images(self, start: int, stop: int) -> Tensor:
        """Return pictures start to stop - 1 as float32 (n, channels, height, width) in [0, 1]."""
        unit = torch.from_numpy(to_unit(np.asarray(self.x[start:stop])))
        return unit.permute(0, 3, 1, 2).contiguous()


def _left_out(broken: list[tuple[Path, str]], tried: int) -> tuple[str, ...]:
    """Name the files that cannot be read in the order of their names, if there are any."""
    return (broken_sentence(sorted(broken), tried),) if broken else ()


def _check_pictures(x: np.ndarray | PictureFiles) -> None:
    if x.dtype != np.uint8 or x.ndim != 4 or x.shape[3] not in (1, 3) or not x.size:
        raise InputError(
            f"The pictures are {x.dtype} of shape {x.shape}: expected uint8 (n, height, width, "
            "1 or 3), n at least 1."
        )


def _check_labels(y: np.ndarray, pictures: int, classes: int) -> None:
    if y.dtype != np.int64 or y.shape != (pictures,):
        raise InputError(
            f"The labels are {y.dtype} of shape {y.shape} for {pictures} pictures: expected int64 "
            "(n,), one for each picture."
        )
    if int(y.min()) < 0 or int(y.max()) >= classes:
        wrong = int(y.min()) if int(y.min()) < 0 else int(y.max())
        raise InputError(
            f"A label is {wrong}, and there are {classes} classes: expected 0 to {classes - 1}."
        )
