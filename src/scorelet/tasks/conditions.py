"""What a conditional denoiser is told of each picture: another picture, found by its name."""

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import repeat
from pathlib import Path

import numpy as np

from scorelet.core.errors import InputError
from scorelet.data import find_pictures, iter_pages
from scorelet.tasks.journal import digest

Pixels = np.ndarray


@dataclass(frozen=True)
class Conditions:
    """The files of conditions.

    Args:
        path: a picture if there is one picture; else a folder that has, for each picture, one of
            the same name, with any suffix of pictures, in the same folder.
        roots: the pictures, and the folders of them, that a verb was given.
        what: what a condition is called.

    Raises:
        InputError: one condition for several pictures.
    """

    path: Path
    roots: Sequence[Path]
    what: str = "condition"

    def __post_init__(self) -> None:
        """Check that one condition is of one picture."""
        alone = len(self.roots) == 1 and not self.roots[0].is_dir()
        if not (self.path.is_dir() or alone):
            many = f"{self.roots[0]} a folder" if len(self.roots) == 1 else "there are several"
            raise InputError(
                f"{self.path} is one picture and {many}: give a folder of {self.what}s."
            )

    def of(self, source: Path) -> Path:
        """Return the file of the condition of a picture.

        Raises:
            InputError: there is none.
        """
        if not self.path.is_dir():
            return self.path
        name = self._name(source)
        if name not in self._known:
            raise InputError(
                f"{self.path} has no {self.what} for {name}: give a picture of the same name for "
                "each picture."
            )
        return self._known[name]

    def digest(self) -> str:
        """SHA-256 of all conditions and their names: whether a job that goes on has the same."""
        files = self._known if self.path.is_dir() else {Path(): self.path}
        lines = [f"{name} {digest(path)}\n" for name, path in sorted(files.items())]
        return hashlib.sha256("".join(lines).encode()).hexdigest()

    def _name(self, source: Path) -> Path:
        """Return where a picture lies in the folder it was found in, without its suffix."""
        inside = [root for root in self.roots if root in source.parents]
        name = source.relative_to(inside[0]) if inside else Path(source.name)
        return name.with_suffix("")

    @cached_property
    def _known(self) -> dict[Path, Path]:
        files = find_pictures(self.path)
        return {path.relative_to(self.path).with_suffix(""): path for path in files}


def condition_pages(path: Path | None) -> Iterator[Pixels | None]:
    """Yield the condition of each page of a picture; without a file None, again and again.

    Raises:
        InputError: more pages are asked for than the file has.
        ImageFileError: the file cannot be read.
    """
    if path is None:
        yield from repeat(None)
    else:
        yield from (page.pixels for page in iter_pages(path))
        raise InputError(f"{path} has fewer pages than its picture: give one for each.")


def load_conditions(path: Path, data: Path, pictures: Sequence[Pixels]) -> list[Pixels]:
    """Return the condition of each picture: of its height and width, with channels of its own.

    Args:
        path: see `Conditions`.
        data: the picture, or the folder, from which `pictures` were read.
        pictures: the first pictures of `data`.

    Raises:
        InputError: a condition is missing, or of another size than its picture.
        ImageFileError: a condition that cannot be read.
    """
    files, found = Conditions(path, [data]), list[Pixels]()
    for source in [data] if data.is_file() else find_pictures(data):
        if len(found) >= len(pictures):
            break
        found += [page.pixels for page in iter_pages(files.of(source))]
    if len(found) < len(pictures):
        raise InputError(
            f"{path} holds {len(found)} conditions for {len(pictures)} pictures: give one for each."
        )
    for number, (told, picture) in enumerate(zip(found, pictures, strict=False)):
        check_size(told, picture, what=f"Condition {number} of {path}")
    return found[: len(pictures)]


def check_size(told: Pixels, picture: Pixels, *, what: str = "The condition") -> None:
    """Refuse a condition of another height or width than its picture.

    Raises:
        InputError: it is.
    """
    if told.shape[:2] != picture.shape[:2]:
        raise InputError(
            f"{what} is {told.shape[0]}x{told.shape[1]} and its picture "
            f"{picture.shape[0]}x{picture.shape[1]}: expected the same size."
        )
