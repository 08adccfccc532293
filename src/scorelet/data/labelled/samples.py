"""Training samples of a labelled set: each one is a function of (seed, index) only.

Sample k belongs to epoch ⌊k/n⌋, in which each of the n pictures comes once, in an order that is a
function of (seed, epoch). So a run that is resumed goes on with the very samples that would have
come, whatever the number of processes. Pictures that stay in their files are read when they are
shown; where one cannot be read the next one takes its place.
"""

import warnings

import numpy as np
import torch
from torch import Tensor
from torch.utils.data import Dataset

from scorelet.core.errors import ImageFileError, InputError
from scorelet.core.random import numpy_generator
from scorelet.data.labelled.changes import enlarged, part_of, shifted
from scorelet.data.labelled.images import LabelledImages
from scorelet.data.labelled.picture_files import PictureFiles
from scorelet.data.pictures.folders import PictureWarning
from scorelet.data.pictures.types import to_unit

_ORDER, _CHANGE = 0, 1  # what random numbers are for
_TRIED = 100  # so many files, one after the other, that cannot be read end a run


class LabelledSamples(Dataset):
    """Pictures with labels, shifted and mirrored at random if wanted.

    Item k is a dict: `x` float32 (channels, height, width) with values in [0, 1], `label` int64 ().

    Args:
        images: the set.
        length: number of samples.
        seed: of everything.
        padding: pixels of zeros around a picture, out of which a crop of its size is taken.
        flip: mirror every other picture, left to right.
        area: show random parts of pictures, of this share of their area at least, brought to
            their size (see `changes.part_of`), of files those of the originals; None: whole
            pictures.

    Raises:
        InputError: a negative padding, or an area that is no share.
    """

    def __init__(
        self,
        images: LabelledImages,
        *,
        length: int,
        seed: int,
        padding: int = 0,
        flip: bool = False,
        area: float | None = None,
    ) -> None:
        if padding < 0:
            raise InputError(f"padding is {padding}: it must be at least 0 pixels.")
        if area is not None and not 0 < area <= 1:
            raise InputError(f"area is {area}: it must be a share of pictures, above 0, at most 1.")
        self.images, self.length, self.seed = images, length, seed
        self.padding, self.flip, self.area = padding, flip, area
        self._epoch, self._order = -1, np.empty(0, dtype=np.int64)
        self._broken: set[int] = set()

    def __len__(self) -> int:
        return self.length

    def __getitem__(self, index: int) -> dict[str, Tensor]:
        place, pixels = self._read(self.place(index))
        pixels = self._changed(pixels, index)
        x = torch.from_numpy(np.ascontiguousarray(pixels.transpose(2, 0, 1)))
        return {"x": x, "label": torch.tensor(int(self.images.y[place]))}

    def _read(self, place: int) -> tuple[int, np.ndarray]:
        """Return the first picture from `place` on that can be read, with its own place.

        Raises:
            InputError: the next `_TRIED` of them cannot be read.
        """
        x = self.images.x
        if not isinstance(x, PictureFiles):
            return place, x[place]
        for here in (np.arange(place, place + min(_TRIED, len(x))) % len(x)).tolist():
            try:
                return here, x.original(here) if self.area else x[here]
            except ImageFileError as error:
                failure = error
                if here not in self._broken:
                    self._broken.add(here)
                    text = f"{error} The next picture takes its place."
                    warnings.warn(text, PictureWarning, stacklevel=2)
        raise InputError(
            f"{min(_TRIED, len(x))} pictures one after the other cannot be read: {failure}"
        )

    def _changed(self, pixels: np.ndarray, index: int) -> np.ndarray:
        """Return the picture as the sample shows it, floats in [0, 1]."""
        if not (self.padding or self.flip or self.area):
            return to_unit(pixels)
        rng, (height, width) = numpy_generator(self.seed, _CHANGE, index), pixels.shape[:2]
        pixels = shifted(pixels, rng, padding=self.padding)
        part = part_of(height, width, rng, area=self.area) if self.area else ()
        if self.flip and rng.integers(2):
            pixels = pixels[:, ::-1]  # a part of the mirror image is as random
        return enlarged(to_unit(pixels[part]), *self.images.size) if part else to_unit(pixels)

    def is_mirrored(self, index: int) -> bool:
        """Return whether sample `index` shows its picture mirrored."""
        if not self.flip:
            return False
        rng = numpy_generator(self.seed, _CHANGE, index)
        if self.padding:
            rng.integers(2 * self.padding + 1, size=2)  # the shift is drawn first
        if self.area:
            part_of(*self.images.size, rng, area=self.area)
        return bool(rng.integers(2))

    def place(self, index: int) -> int:
        """Return the number of the picture that sample `index` shows."""
        if not 0 <= index < self.length:
            raise IndexError(f"There is no sample {index} of {self.length}.")
        epoch, position = divmod(index, len(self.images))
        if epoch != self._epoch:
            self._epoch, self._order = epoch, order_of(len(self.images), self.seed, epoch)
        return int(self._order[position])


def order_of(count: int, seed: int, epoch: int) -> np.ndarray:
    """Return the order of `count` pictures in an epoch, a permutation that (seed, epoch) fixes."""
    return numpy_generator(seed, _ORDER, epoch).permutation(count)
