"""Training patches: each one is a function of (seed, index) only.

Nothing depends on the order of loading, on the number of processes or on where a run was
interrupted: patch k is drawn, turned and made noisy by a generator of its own.
"""

from collections.abc import Sequence
from typing import Protocol, runtime_checkable

import numpy as np
import torch
from torch import Generator, Tensor
from torch.utils.data import Dataset

from scorelet.core.errors import InputError
from scorelet.core.random import generator, randn
from scorelet.data.pictures.photographs import luma
from scorelet.data.pictures.types import to_unit

Pixels = np.ndarray


@runtime_checkable
class NoiseLevels(Protocol):
    """A law of noise levels, as those of `scorelet.models`."""

    def sample(self, batch: int, *, rng: Generator) -> Tensor:
        """Draw `batch` levels."""
        ...


class NoisyPatches(Dataset):
    """Random crops in one of the eight orientations, with white noise of a random level.

    Item k is a dict of float32 tensors: `clean` (channels, patch, patch) with values in [0, 1],
    `noisy` = clean + sigma z, never clipped, and `sigma` (), drawn from `noise`.

    Args:
        pictures: arrays (height, width, channels), integers or floats in [0, 1].
        patch: side in pixels; smaller pictures are mirrored up to it.
        noise: law of sigma, in the unit of the images.
        gray: share of the patches that become gray: their channels are equal, and so is the noise
            of their channels. A colour network that learns from them denoises gray pictures too.
        length: number of patches.
        seed: of everything.
    """

    def __init__(
        self,
        pictures: Sequence[Pixels],
        *,
        patch: int,
        noise: NoiseLevels,
        length: int,
        seed: int,
        gray: float = 0.0,
    ) -> None:
        if not pictures:
            raise InputError("There are no pictures to cut patches from.")
        self.pictures = [_at_least(picture, patch) for picture in pictures]
        self.patch, self.noise, self.length, self.seed = patch, noise, length, seed
        self.gray = gray

    def __len__(self) -> int:
        return self.length

    def __getitem__(self, index: int) -> dict[str, Tensor]:
        if not 0 <= index < self.length:
            raise IndexError(f"There is no patch {index} of {self.length}.")
        rng = np.random.default_rng((self.seed, index))
        crop = self._crop(rng)
        draws = generator(self.seed, index)
        channels = crop.shape[2]
        if rng.random() < self.gray and channels == 3:
            crop = luma(crop)
        clean = torch.from_numpy(to_unit(crop)).float().permute(2, 0, 1).contiguous()
        sigma = self.noise.sample(1, rng=draws)[0]
        noisy = clean + sigma * randn(tuple(clean.shape), rng=draws)
        return {
            "clean": clean.expand(channels, -1, -1),
            "noisy": noisy.expand(channels, -1, -1),
            "sigma": sigma,
        }

    def _crop(self, rng: np.random.Generator) -> Pixels:
        picture = self.pictures[rng.integers(len(self.pictures))]
        top, left = (rng.integers(n - self.patch + 1) for n in picture.shape[:2])
        crop = picture[top : top + self.patch, left : left + self.patch]
        if rng.integers(2):
            crop = crop[:, ::-1]
        return np.ascontiguousarray(np.rot90(crop, int(rng.integers(4))))


def _at_least(picture: Pixels, side: int) -> Pixels:
    missing = [(0, max(0, side - n)) for n in picture.shape[:2]]
    return (
        np.pad(picture, [*missing, (0, 0)], mode="symmetric")
        if any(m for _, m in missing)
        else picture
    )
