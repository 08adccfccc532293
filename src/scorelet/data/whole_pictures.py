"""Whole pictures as training samples, each one a function of (seed, index).

Sample k belongs to epoch ⌊k/n⌋, in which each of the n pictures comes once. Nothing is shifted or
cropped.
"""

import numpy as np
import torch
from torch import Tensor
from torch.utils.data import Dataset

from scorelet.core.errors import InputError
from scorelet.core.random import generator, numpy_generator, randn
from scorelet.data.labelled.samples import order_of
from scorelet.data.pictures.patches import NoiseLevels
from scorelet.data.pictures.types import to_unit

_FLIP, _NOISE = 1, 2  # what random numbers are for, beside those of `order_of`


class WholePictures(Dataset):
    """Item k is {"x": a picture}, float32 (channels, height, width) in [0, 1].

    Args:
        pictures: (n, height, width, channels), integers or floats in [0, 1].
        length: number of samples.
        seed: of everything.
        flip: mirror every other picture, left to right, at random.

    Raises:
        InputError: no picture.
    """

    def __init__(self, pictures: np.ndarray, *, length: int, seed: int, flip: bool = False) -> None:
        if len(pictures) == 0:
            raise InputError("There are no pictures to learn from.")
        self.pictures, self.length, self.seed, self.flip = pictures, length, seed, flip
        self._epoch, self._order = -1, np.empty(0, dtype=np.int64)

    def __len__(self) -> int:
        return self.length

    def __getitem__(self, index: int) -> dict[str, Tensor]:
        pixels = to_unit(np.asarray(self.pictures[self.place(index)]))
        if self.flip and numpy_generator(self.seed, _FLIP, index).integers(2):
            pixels = pixels[:, ::-1]
        return {"x": torch.from_numpy(np.ascontiguousarray(pixels.transpose(2, 0, 1))).float()}

    def place(self, index: int) -> int:
        """Return the number of the picture that sample `index` shows."""
        if not 0 <= index < self.length:
            raise IndexError(f"There is no sample {index} of {self.length}.")
        epoch, position = divmod(index, len(self.pictures))
        if epoch != self._epoch:
            self._epoch, self._order = epoch, order_of(len(self.pictures), self.seed, epoch)
        return int(self._order[position])


class NoisyPictures(WholePictures):
    """Pictures with white noise of a random level: what a model sees are these and no others.

    Item k is a dict of float32 tensors: `clean` (channels, height, width), `noisy` = clean + σ z,
    never clipped, and `sigma` ().

    Args:
        pictures, length, seed: as for `WholePictures`.
        noise: law of σ, in the unit of the images.
    """

    def __init__(self, pictures: np.ndarray, *, noise: NoiseLevels, length: int, seed: int) -> None:
        super().__init__(pictures, length=length, seed=seed)
        self.noise = noise

    def __getitem__(self, index: int) -> dict[str, Tensor]:
        clean = super().__getitem__(index)["x"]
        draws = generator(self.seed, _NOISE, index)
        sigma = self.noise.sample(1, rng=draws)[0]
        noisy = clean + sigma * randn(tuple(clean.shape), rng=draws)
        return {"clean": clean, "noisy": noisy, "sigma": sigma}
