"""Training patches of pictures that a simulated camera took: each a function of (seed, index).

The patch of the JPEG lies anywhere, so a network cannot count on the grid of its blocks. Half of
the JPEGs are cut and stored a second time, as pictures are that are sent or shown on a page. Most
pictures are enlarged before the camera takes them: sensors have more pixels than their lenses
resolve, so at 100 % a photograph is soft, and small pictures from a page are not. And half lose
contrast: a hundred pixels of such a photograph show a piece of a wall, where those of a small
picture show a scene, with far more power in all octaves; with all that contrast a network spares
grain.
"""

import dataclasses
import math
from collections.abc import Sequence

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor
from torch.utils.data import Dataset

from scorelet.data.camera.settings import draw_settings, log_uniform
from scorelet.data.camera.shot import decode, encode, take
from scorelet.data.pictures.patches import Crop, MixedCrops
from scorelet.data.pictures.photographs import luma
from scorelet.data.pictures.types import to_unit

MARGIN = 32
"""Pixels around a patch: room for the offsets of two JPEGs, and for mirrored borders."""
AGAIN = (70, 96)
"""Quality of the second JPEG, uniform."""
STORED_TWICE = 0.5
ENLARGED = (1.0, 6.0)
"""Factor by which pictures are enlarged, log-uniform; one in three keeps its size."""
CONTRAST = (0.08, 1.0)
"""Factor of the contrast, log-uniform; half keep it."""


class CameraPatches(Dataset):
    """Patches of camera JPEGs beside what they show.

    Item k is a dict of float32 tensors: `clean` (3, patch, patch), the developed picture before
    any JPEG, values in [0, 1]; `noisy`, the decoded JPEG; and `sigma` (), the root mean square of
    their difference.

    Args:
        sources: (share, crop) pairs; shares need not sum to one.
        patch: side in pixels.
        length: number of patches.
        seed: of everything.
        still: share of the patches whose sensor has no noise: only the JPEG is to mend.
        gray: share of the patches that become gray after the JPEG.
    """

    def __init__(
        self,
        sources: Sequence[tuple[float, Crop]],
        *,
        patch: int,
        length: int,
        seed: int,
        still: float = 0.2,
        gray: float = 0.0,
    ) -> None:
        self.crop = MixedCrops(sources)
        self.patch, self.length, self.seed = patch, length, seed
        self.still, self.gray = still, gray

    def __len__(self) -> int:
        return self.length

    def __getitem__(self, index: int) -> dict[str, Tensor]:
        if not 0 <= index < self.length:
            raise IndexError(f"There is no patch {index} of {self.length}.")
        rng = np.random.default_rng((self.seed, index))
        settings = draw_settings(self.seed, index)
        if rng.random() < self.still:
            settings = dataclasses.replace(settings, a=0.0, b=0.0)
        side = math.ceil((self.patch + MARGIN) / settings.scale)
        crop = _faint(rng, _enlarged(rng, self.crop, side))
        shot = take(crop, settings, seed=self.seed, index=index)
        noisy, clean = self._cut(rng, shot.noisy, shot.developed)
        if rng.random() < self.gray:
            noisy, clean = (np.repeat(luma(pixels), 3, 2) for pixels in (noisy, clean))
        y, x = (torch.from_numpy(p.transpose(2, 0, 1).copy()) for p in (noisy, clean))
        y = y.float() / 255
        return {"clean": x, "noisy": y, "sigma": (y - x).square().mean().sqrt()}

    def _cut(self, rng: np.random.Generator, noisy: np.ndarray, clean: np.ndarray) -> "_Pair":
        if rng.random() < STORED_TWICE:
            noisy, clean = _window(rng, noisy, clean, self.patch + MARGIN // 2)
            x = torch.from_numpy(noisy.transpose(2, 0, 1).copy()).float() / 255
            quality = rng.integers(AGAIN[0], AGAIN[1] + 1)
            subsampling = 2 * rng.integers(2)
            noisy = decode(encode(x, int(quality), int(subsampling)))
        return _window(rng, noisy, clean, self.patch)


def _enlarged(rng: np.random.Generator, draw: Crop, side: int) -> np.ndarray:
    """Draw a crop of a side, of a picture that is enlarged by a factor of its own, in [0, 1]."""
    factor = 1.0 if rng.random() < 1 / 3 else log_uniform(rng, ENLARGED)
    crop = to_unit(draw(rng, max(8, math.ceil(side / factor))))
    if crop.shape[0] == side:
        return crop
    x = torch.from_numpy(np.ascontiguousarray(crop.transpose(2, 0, 1), np.float32))[None]
    x = F.interpolate(x, size=(side, side), mode="bicubic", align_corners=False).clamp(0, 1)
    return x[0].permute(1, 2, 0).numpy()


def _faint(rng: np.random.Generator, x: np.ndarray) -> np.ndarray:
    """Return m + c (x - m), m the mean colour and c the factor of contrast."""
    factor = 1.0 if rng.random() < 0.5 else log_uniform(rng, CONTRAST)
    mean = x.mean((0, 1), keepdims=True)
    return mean + factor * (x - mean)


_Pair = tuple[np.ndarray, np.ndarray]


def _window(rng: np.random.Generator, noisy: np.ndarray, clean: np.ndarray, side: int) -> _Pair:
    top, left = (rng.integers(n - side + 1) for n in noisy.shape[:2])
    window = np.s_[top : top + side, left : left + side]
    return noisy[window], clean[window]
