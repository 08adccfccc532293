"""Where samples are kept as they are drawn: in memory, in one file of all, or in a folder."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from scorelet.tasks.sample.output import bounds_of, write_samples

Shape = tuple[int, int, int, int]
"""(n, channel, height, width)."""


class InMemory:
    """All samples as one array.

    Args:
        shape: of all.
    """

    written = 0
    """How many are in files."""

    def __init__(self, shape: Shape) -> None:
        self._all = np.empty(shape, np.float32)
        self._count = 0

    @property
    def images(self) -> np.ndarray:
        """Those that were drawn."""
        return self._all[: self._count]

    def add(self, part: np.ndarray) -> None:
        """Take the next samples."""
        self._all[self._count : self._count + len(part)] = part
        self._count += len(part)

    def close(self) -> None:
        """Nothing is left to do."""


class InFile(InMemory):
    """One array or contact sheet, which is written when all are drawn, or no more can be.

    Args:
        shape: of all.
        file: NAME.npy or NAME.png.
        pictures: see `Samples`.
        overwrite: replace the file.
    """

    def __init__(self, shape: Shape, file: Path, *, pictures: bool, overwrite: bool) -> None:
        super().__init__(shape)
        self._file, self._pictures, self._overwrite = file, pictures, overwrite

    def close(self) -> None:
        """Write what was drawn, if anything was."""
        if not self._count:
            return
        bounds = bounds_of(self.images, pictures=self._pictures)
        write_samples([self._file], self.images, bounds, overwrite=self._overwrite)
        self.written = self._count


class InFolder:
    """A picture of each sample, which is written as soon as its batch is drawn.

    Where values have no range of their own, black and white are quantiles of the first batch.

    Args:
        files: of all samples.
        pictures: see `Samples`.
        overwrite: replace files that are there.
    """

    written = 0

    def __init__(self, files: Sequence[Path], *, pictures: bool, overwrite: bool) -> None:
        self._files, self._pictures, self._overwrite = files, pictures, overwrite
        self._bounds: tuple[float, float] | None = None

    def add(self, part: np.ndarray) -> None:
        """Write the next samples."""
        self._bounds = self._bounds or bounds_of(part, pictures=self._pictures)
        files = self._files[self.written : self.written + len(part)]
        for file, image in zip(files, part, strict=True):
            write_samples([file], image[None], self._bounds, overwrite=self._overwrite)
            self.written += 1

    def close(self) -> None:
        """Nothing is left to do."""


Kept = InMemory | InFolder
