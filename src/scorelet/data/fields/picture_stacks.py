"""Pictures of one size from arrays: what a model of whole pictures learns from."""

from collections.abc import Sequence

import numpy as np
import torch
from torch import Tensor
from torch.utils.data import Dataset

from scorelet.core.errors import InputError
from scorelet.core.random import numpy_generator
from scorelet.data.fields.array_files import read_array
from scorelet.data.fields.arrays import split_name
from scorelet.data.pictures.types import to_unit

_ORDER, _FLIP = 0, 1  # what random numbers are for


def load_stack(sources: Sequence[str]) -> np.ndarray:
    """Read pictures of one size and return them as they are stored, (n, height, width, channels).

    Args:
        sources: array files, ``FILE:NAME`` for one array of several, as ``faces80.npz:a``, here or
            under ``$SCORELET_DATA``. Arrays are (n, height, width) or (n, height, width, 1 or 3),
            uint8 or uint16 of full range, or floats in [0, 1].

    Raises:
        InputError: nothing there, other shapes or dtypes, several sizes, or floats out of range.
        ArrayFileError: a file is damaged.
    """
    stacks = [_read(source) for source in sources]
    if not stacks:
        raise InputError("There are no pictures to learn from: name at least one array.")
    for source, stack in zip(sources, stacks, strict=True):
        if stack.shape[1:] != stacks[0].shape[1:] or stack.dtype != stacks[0].dtype:
            raise InputError(
                f"{source} holds {stack.dtype} of {stack.shape[1:]}, {sources[0]} "
                f"{stacks[0].dtype} of {stacks[0].shape[1:]}: expected pictures of one kind."
            )
    return np.concatenate(stacks)


def _read(source: str) -> np.ndarray:
    x = read_array(*split_name(source))
    x = x[..., None] if x.ndim == 3 else x
    if x.ndim != 4 or x.shape[3] not in (1, 3) or not x.size:
        raise InputError(
            f"{source} has shape {x.shape}: expected pictures (n, height, width) or (n, height, "
            "width, 1 or 3)."
        )
    if x.dtype.kind == "f" and not (np.isfinite(x).all() and x.min() >= 0 and x.max() <= 1):
        raise InputError(f"{source} holds floats outside [0, 1]: divide them by white first.")
    if x.dtype.kind not in "fu":
        raise InputError(f"{source} is {x.dtype}: expected uint8, uint16 or floats in [0, 1].")
    return x


def as_images(pictures: np.ndarray) -> Tensor:
    """Return pictures (n, height, width, channels) as float32 (n, channels, height, width)."""
    unit = torch.from_numpy(to_unit(np.ascontiguousarray(pictures))).float()
    return unit.permute(0, 3, 1, 2).contiguous()


class StackSamples(Dataset):
    """Item k is {"x": a picture}, float32 (channels, height, width), a function of (seed, k).

    In each epoch every picture comes once.

    Args:
        pictures: as `load_stack` returns them.
        length: number of samples.
        seed: of everything.
        flip: mirror every other picture, left to right.
    """

    def __init__(self, pictures: np.ndarray, *, length: int, seed: int, flip: bool = False) -> None:
        self.pictures, self.length, self.seed, self.flip = pictures, length, seed, flip
        self._epoch, self._order = -1, np.empty(0, dtype=np.int64)

    def __len__(self) -> int:
        return self.length

    def __getitem__(self, index: int) -> dict[str, Tensor]:
        if not 0 <= index < self.length:
            raise IndexError(f"There is no sample {index} of {self.length}.")
        epoch, position = divmod(index, len(self.pictures))
        if epoch != self._epoch:
            rng = numpy_generator(self.seed, _ORDER, epoch)
            self._epoch, self._order = epoch, rng.permutation(len(self.pictures))
        picture = self.pictures[self._order[position]]
        if self.flip and numpy_generator(self.seed, _FLIP, index).integers(2):
            picture = picture[:, ::-1]
        return {"x": as_images(picture[None])[0]}
