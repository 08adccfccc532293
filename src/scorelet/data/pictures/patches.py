"""Training patches: each one is a function of (seed, index) only.

Nothing depends on the order of loading, on the number of processes or on where a run was
interrupted: patch k is drawn, turned and made noisy by a generator of its own.
"""

from collections.abc import Callable, Sequence
from typing import Protocol, runtime_checkable

import numpy as np
import torch
from torch import Generator, Tensor
from torch.utils.data import Dataset

from scorelet.core.blocks import block_means
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


Crop = Callable[[np.random.Generator, int], Pixels]
"""Draws a square of the given side, (side, side, channels), from a generator."""


class PictureCrops:
    """Random crops of pictures in one of the eight orientations.

    Args:
        pictures: arrays (height, width, channels), integers or floats in [0, 1].
        mixed: share of the crops whose channels are mixed by a random matrix: brightness becomes
            colour, and colours that photographs seldom have appear.
    """

    def __init__(self, pictures: Sequence[Pixels], *, mixed: float = 0.0) -> None:
        if not pictures:
            raise InputError("There are no pictures to cut patches from.")
        self.pictures = list(pictures)
        self.mixed = mixed

    def __call__(self, rng: np.random.Generator, side: int) -> Pixels:
        """Draw a crop; smaller pictures are mirrored up to it."""
        picture = _at_least(self.pictures[rng.integers(len(self.pictures))], side)
        top, left = (rng.integers(n - side + 1) for n in picture.shape[:2])
        crop = picture[top : top + side, left : left + side]
        if rng.integers(2):
            crop = crop[:, ::-1]
        crop = np.ascontiguousarray(np.rot90(crop, int(rng.integers(4))))
        if self.mixed and crop.shape[2] == 3 and rng.random() < self.mixed:
            crop = _mixed(crop, rng)
        return crop


class MixedCrops:
    """Crops of several sources by turns, drawn by the generator of the crop.

    Args:
        sources: (share, crop) pairs; shares need not sum to one.

    Raises:
        InputError: no source.
    """

    def __init__(self, sources: Sequence[tuple[float, Crop]]) -> None:
        if not sources:
            raise InputError("There are no pictures to cut patches from.")
        shares = np.array([share for share, _ in sources], dtype=float)
        self.crops, self.shares = [crop for _, crop in sources], shares / shares.sum()

    def __call__(self, rng: np.random.Generator, side: int) -> Pixels:
        """Draw a crop of one of the sources."""
        return self.crops[rng.choice(len(self.crops), p=self.shares)](rng, side)


class NoisyPatches(Dataset):
    """Patches of several sources with white noise of a random level.

    Item k is a dict of float32 tensors: `clean` (channels, patch, patch) with values in [0, 1],
    `noisy` = clean + sigma z, never clipped, and `sigma` (), drawn from `noise`.

    Args:
        sources: (share, crop) pairs; shares need not sum to one.
        patch: side in pixels.
        noise: law of sigma, in the unit of the images.
        gray: share of the patches that become gray: their channels are equal, and so is the noise
            of their channels. A colour network that learns from them denoises gray pictures too.
        length: number of patches.
        seed: of everything.
    """

    def __init__(
        self,
        sources: Sequence[tuple[float, Crop]],
        *,
        patch: int,
        noise: NoiseLevels,
        length: int,
        seed: int,
        gray: float = 0.0,
    ) -> None:
        self.crop = MixedCrops(sources)
        self.patch, self.noise, self.length, self.seed = patch, noise, length, seed
        self.gray = gray

    def __len__(self) -> int:
        return self.length

    def __getitem__(self, index: int) -> dict[str, Tensor]:
        if not 0 <= index < self.length:
            raise IndexError(f"There is no patch {index} of {self.length}.")
        rng = np.random.default_rng((self.seed, index))
        crop = self.crop(rng, self.patch)
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


def half(picture: Pixels) -> Pixels:
    """Return means of 2x2 pixels, rounded to the dtype; an odd last row or column is left out.

    A photograph whose chroma was stored at half the resolution gets colour as fine as its
    brightness.
    """
    means = block_means(picture, 2)
    if picture.dtype.kind != "f":
        means = means.round()
    return means.astype(picture.dtype)


def _mixed(crop: Pixels, rng: np.random.Generator) -> Pixels:
    """Mix the channels around their means by a random matrix, and draw the means anew."""
    x = to_unit(crop)
    means = x.mean((0, 1), keepdims=True)
    matrix = rng.normal(0, 0.6, (3, 3))
    mixed = (x - means) @ matrix.T + rng.uniform(0.1, 0.9, 3)
    return mixed.clip(0, 1).astype(np.float32)


def _at_least(picture: Pixels, side: int) -> Pixels:
    missing = [(0, max(0, side - n)) for n in picture.shape[:2]]
    return (
        np.pad(picture, [*missing, (0, 0)], mode="symmetric")
        if any(m for _, m in missing)
        else picture
    )
