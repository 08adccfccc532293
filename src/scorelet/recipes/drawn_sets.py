"""Pictures that a run draws itself, where no data set is needed; labelled ones are textures.

Each texture has mean 0, deviation 1 and a random sign, so every class has the mean 0 at every
pixel, and pixels are worth nothing to a linear classifier.
"""

from collections.abc import Mapping
from pathlib import Path

import numpy as np
import torch

from scorelet.core.random import generator
from scorelet.core.typing import Image, Labels
from scorelet.data.fields.ensembles import ensemble
from scorelet.data.labelled import LabelledImages
from scorelet.recipes.set_files import write_set

TEXTURES: Mapping[str, Mapping[str, float]] = {
    "power_law": {"eta": 2.0},
    "matern": {"length": 4.0},
    "anisotropic": {},
    "log_normal": {},
    "dead_leaves": {},
    "sinusoids": {},
}
"""Laws of the classes, with their parameters."""

DRAWN = "textures"
"""Name of the set in the settings of a run."""

_CONTRAST = 0.16  # deviation in [0, 1]: three of them are within 8 bits


def drawn(law: str, count: int, side: int, seed: int, **parameters: float) -> np.ndarray:
    """Draw images of a law in 8 bits, (count, side, side, 1)."""
    x = ensemble(law, **parameters).sample(count, side, seed)[:, 0].numpy()
    return np.rint(255 * x.clip(0, 1)).astype(np.uint8)[..., None]


def textures(count: int, side: int, seed: int) -> tuple[Image, Labels]:
    """Draw at least `count` textures, (n, 1, side, side), and their classes, which take turns."""
    share = -(-count // len(TEXTURES))
    laws = [
        ensemble(name, **parameters).sample(share, side, seed + k)
        for k, (name, parameters) in enumerate(TEXTURES.items())
    ]
    x = torch.stack(laws, 1).flatten(0, 1)
    x = x - x.mean((1, 2, 3), keepdim=True)
    x = x / x.std((1, 2, 3), keepdim=True)
    sign = torch.randint(2, (len(x), 1, 1, 1), generator=generator(seed, 1)) * 2 - 1
    return x * sign, torch.arange(len(x)) % len(TEXTURES)


def write_textures(path: Path, *, train: int, test: int, side: int, seed: int) -> None:
    """Write textures of 8 bits as an npz file that training reads, if it is not there."""
    if path.exists():
        return
    x, y = textures(train + test, side, seed)
    pixels = np.rint(255 * (0.5 + _CONTRAST * x.numpy()).clip(0, 1)).astype(np.uint8)
    pixels, labels = pixels.transpose(0, 2, 3, 1), y.numpy().astype(np.int64)
    images = LabelledImages(pixels, labels, tuple(TEXTURES))
    write_set(path, images.first(train), images.first(train + test).hold_out(test)[1])
