"""Folders in Python: a picture that cannot be used stops nobody, and is named at the end."""

import warnings
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import TypeVar

from scorelet.core.errors import ScoreletError
from scorelet.data import PictureWarning, broken_sentence, find_pictures

Result = TypeVar("Result")

_CALLS = 4
"""Calls between a program and a warning: `checked`, the verb, its function for paths, `warn`."""


class FolderFiles:
    """The pictures of a folder, or one file, and what became of them.

    Args:
        path: a file or a folder.

    Raises:
        InputError: a folder without pictures.
    """

    def __init__(self, path: Path) -> None:
        self.folder = path.is_dir()
        self._files = find_pictures(path) if self.folder else [path]
        self._refused: list[tuple[Path, str]] = []

    def each(self, work: Callable[[Path], Iterable[Result]]) -> Iterator[Result]:
        """Yield what `work` makes of the files: of each file all of it, or nothing.

        Raises:
            ScoreletError: that of the first file, if none can be used.
        """
        failure: ScoreletError | None = None
        for file in self._files:
            try:
                found = list(work(file))
            except ScoreletError as error:
                failure = failure or error
                self._refused.append((file, _about(file, error)))
            else:
                yield from found
        if failure and len(self._refused) == len(self._files):
            raise failure

    def warn(self) -> None:
        """Say which files were left out, as a `PictureWarning` at the line that called the verb."""
        if self._refused:
            text = broken_sentence(self._refused, len(self._files))
            warnings.warn(text, PictureWarning, stacklevel=_CALLS + 1)


def _about(file: Path, error: ScoreletError) -> str:
    text = str(error)
    return text if str(file) in text else f"{file}: {text}"
