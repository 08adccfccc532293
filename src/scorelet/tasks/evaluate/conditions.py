"""What a conditional denoiser is told of each picture: another picture, found by its name."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from scorelet.core.errors import InputError
from scorelet.data import find_pictures, iter_pages

Pixels = np.ndarray


def load_conditions(cond: Path, data: Path, pictures: Sequence[Pixels]) -> list[Pixels]:
    """Return the condition of each picture: of its height and width, with channels of its own.

    Args:
        cond: a picture if `data` is one; else a folder that has, for each file of `data`, one of
            the same name, with any suffix of pictures, in the same folder.
        data: the picture, or the folder, from which `pictures` were read.
        pictures: the first pictures of `data`.

    Raises:
        InputError: a condition is missing, or of another size than its picture.
        ImageFileError: a condition that cannot be read.
    """
    conditions: list[Pixels] = []
    for path in _partners(cond, data):
        if len(conditions) >= len(pictures):
            break
        conditions += [page.pixels for page in iter_pages(path)]
    if len(conditions) < len(pictures):
        raise InputError(
            f"{cond} holds {len(conditions)} conditions for {len(pictures)} pictures: give one "
            "for each."
        )
    for number, (told, picture) in enumerate(zip(conditions, pictures, strict=False)):
        if told.shape[:2] != picture.shape[:2]:
            raise InputError(
                f"Condition {number} of {cond} is {told.shape[0]}x{told.shape[1]} and its picture "
                f"{picture.shape[0]}x{picture.shape[1]}: expected the same size."
            )
    return conditions[: len(pictures)]


def _partners(cond: Path, data: Path) -> list[Path]:
    """Return the files of the conditions, in the order of the pictures."""
    if data.is_file() and cond.is_file():
        return [cond]
    if not cond.is_dir():
        raise InputError(f"{cond} is one picture and {data} a folder: give a folder of conditions.")
    files = [data] if data.is_file() else find_pictures(data)
    root = data.parent if data.is_file() else data
    known = {path.relative_to(cond).with_suffix(""): path for path in find_pictures(cond)}
    names = [path.relative_to(root).with_suffix("") for path in files]
    missing = [str(name) for name in names if name not in known]
    if missing:
        raise InputError(
            f"{cond} has no condition for {missing[0]}"
            + (f" and {len(missing) - 1} more" if len(missing) > 1 else "")
            + ": give a picture of the same name for each picture."
        )
    return [known[name] for name in names]
