"""Pictures that stay in their files: an array of 8 bits whose entries are read when asked for.

A set of photographs is larger than memory: 1.28 million pictures of 224 pixels a side are 193 GB.
"""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, overload

import numpy as np

from scorelet.core.errors import ImageFileError, InputError, one_line
from scorelet.core.memory import available_memory
from scorelet.data.pictures.files import read_picture
from scorelet.data.pictures.photographs import on_white, with_channels
from scorelet.data.pictures.types import from_unit, to_unit

Pixels = np.ndarray
Fit = Callable[[Pixels], Pixels]
"""Brings a picture, uint8 (height, width, channels), to the common size."""
Seen = Callable[[Path, tuple[int, ...]], None]
"""Is told each picture that is read: its file, and its shape (height, width, channels) there."""
SHARE = 0.5
"""Of the memory that is free, which pictures may take."""


class PictureFiles:
    """What is needed of an array uint8 (n, height, width, channels), one file for each picture.

    A number gives the pixels of a picture, a slice or an array of numbers the files of a part;
    `numpy.asarray` reads all of them.

    Args:
        paths: of the pictures.
        channels: 3 repeats gray pictures; 1 takes luma.
        fit: brings a picture to the common size; None: all must have it.
        like: a picture of the common size; None: the first that can be read.
        seen: told what is read, as it was before.

    Raises:
        ImageFileError: none of them can be read.
    """

    dtype = np.dtype(np.uint8)
    ndim = 4

    def __init__(
        self,
        paths: Sequence[Path] | np.ndarray,
        *,
        channels: int,
        fit: Fit | None = None,
        like: "tuple[Path, tuple[int, int]] | None" = None,
        seen: Seen | None = None,
    ) -> None:
        self.paths = np.array([str(path) for path in paths], dtype=object)
        self.channels, self.fit, self.seen = channels, fit, seen
        self.like = like or self._first()

    @property
    def shape(self) -> tuple[int, int, int, int]:
        """(n, height, width, channels)."""
        return len(self), *self.like[1], self.channels

    @property
    def size(self) -> int:
        """How many numbers there are."""
        return int(np.prod(self.shape))

    def __len__(self) -> int:
        return len(self.paths)

    @overload
    def __getitem__(self, which: int | np.integer) -> Pixels: ...
    @overload
    def __getitem__(self, which: slice | np.ndarray) -> "PictureFiles": ...
    def __getitem__(self, which: Any) -> "Pixels | PictureFiles":
        if isinstance(which, int | np.integer):
            return self._sized(self.path(which), self.original(which))
        return PictureFiles(
            self.paths[which], channels=self.channels, fit=self.fit, like=self.like, seen=self.seen
        )

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> np.ndarray:  # noqa: ANN401
        if copy is False:
            raise ValueError("pictures in files cannot be an array without being read")
        read = [self[k] for k in range(len(self))]
        return (np.stack(read) if read else np.empty(self.shape, np.uint8)).astype(dtype or "uint8")

    def fit_memory(self) -> bool:
        """Whether there is room for all of them, as far as is known."""
        free = available_memory()
        return free is None or self.size <= SHARE * free

    def path(self, k: int | np.integer) -> Path:
        """Return the file of picture k."""
        return Path(self.paths[k])

    def original(self, k: int | np.integer) -> Pixels:
        """Return picture k as it is in its file, uint8 (height, width, channels) of any size.

        What is transparent becomes white, as it does where a classifier is used.

        Raises:
            ImageFileError: it cannot be read.
        """
        picture = on_white(read_picture(self.path(k)))
        if self.seen is not None:
            self.seen(self.path(k), picture.pixels.shape)
        return from_unit(to_unit(with_channels(picture, self.channels)), "uint8")

    def _first(self) -> tuple[Path, tuple[int, int]]:
        failure: ImageFileError | None = None
        for k in range(len(self)):
            try:
                pixels = self.original(k)
            except ImageFileError as error:
                failure = failure or error
                continue
            pixels = pixels if self.fit is None else self.fit(pixels)
            return self.path(k), (pixels.shape[0], pixels.shape[1])
        raise failure or ImageFileError("There are no pictures: expected at least one file.")

    def _sized(self, path: Path, pixels: Pixels) -> Pixels:
        pixels = pixels if self.fit is None else self.fit(pixels)
        first, (height, width) = self.like
        if pixels.shape[:2] != (height, width):
            raise InputError(
                f"{path} is {pixels.shape[0]}x{pixels.shape[1]} and {first} {height}x{width}: give "
                "a size to which all pictures are brought."
            )
        return pixels


def examined(
    files: PictureFiles, into: np.ndarray | None = None
) -> tuple[np.ndarray, list[tuple[Path, str]]]:
    """Read all pictures; return the numbers of those that can be read, and the others with reasons.

    Args:
        files: the pictures.
        into: gets those that can be read, one after the other; None: they are forgotten.

    Raises:
        InputError: pictures of several sizes.
    """
    good: list[int] = []
    broken: list[tuple[Path, str]] = []
    for k in range(len(files)):
        try:
            pixels = files[k]
        except ImageFileError as error:
            broken.append((files.path(k), one_line(error)))
            continue
        if into is not None:
            into[len(good)] = pixels
        good.append(k)
    return np.array(good, dtype=np.int64), broken


def last_readable(files: PictureFiles, count: int) -> tuple[np.ndarray, list[tuple[Path, str]]]:
    """Read pictures from the end until `count` can be read; return their numbers, fewer if all are.

    And return the others among them with reasons.
    """
    good: list[int] = []
    broken: list[tuple[Path, str]] = []
    for k in reversed(range(len(files))):
        if len(good) == count:
            break
        try:
            files.original(k)
        except ImageFileError as error:
            broken.append((files.path(k), one_line(error)))
        else:
            good.append(k)
    return np.array(good[::-1], dtype=np.int64), broken
