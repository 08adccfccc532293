"""The two halves and the held-out pictures of the twins."""

import numpy as np
import torch

from scorelet.analysis.memorization import disjoint_halves, find_copies, thumbnails
from scorelet.core.blocks import block_means
from scorelet.core.errors import ArrayFileError, InputError
from scorelet.data import locate
from scorelet.data.fields.array_files import read_array
from scorelet.data.fields.ensembles import ensemble
from scorelet.recipes.subjects.harmonic_generalization.settings import FACES, Twins
from scorelet.tasks.picture_arrays import images_of

Arrays = dict[str, np.ndarray]
_PIECE = 4096


def load_halves(twins: Twins, seed: int) -> tuple[Arrays, int]:
    """Return first, second and held_out, 8 bits (n, side, side, 1), and how many copies were found.

    Raises:
        InputError: no faces, or too few of them once copies are left out.
    """
    if twins.source == FACES:
        return _faces(twins)
    size = twins.sizes[-1]
    count = 2 * size + twins.held_out
    pictures = drawn(twins.source, count + count // 5, twins.side, seed)
    found = find_copies(_thumbnails(pictures))
    halves = disjoint_halves(found.kept.numpy(), size, held_out=twins.held_out, seed=seed)
    names = ("first", "second", "held_out")
    return {name: pictures[getattr(halves, name)] for name in names}, len(found.repeated)


def drawn(law: str, count: int, side: int, seed: int, **parameters: float) -> np.ndarray:
    """Draw images of a law in 8 bits, (count, side, side, 1)."""
    x = ensemble(law, **parameters).sample(count, side, seed)[:, 0].numpy()
    return np.rint(255 * x.clip(0, 1)).astype(np.uint8)[..., None]


def _faces(twins: Twins) -> tuple[Arrays, int]:
    """Persons are in one part only; copies of earlier pictures are left out."""
    path = locate(FACES)
    parts = [
        _reduced(np.asarray(read_array(path, name)), twins.side) for name in ("a", "b", "test")
    ]
    found = find_copies(torch.cat([_thumbnails(part) for part in parts]))
    ends = np.cumsum([0, *map(len, parts)])
    kept = found.kept.numpy()
    left = [
        part[kept[(kept >= start) & (kept < stop)] - start]
        for part, start, stop in zip(parts, ends[:-1], ends[1:], strict=True)
    ]
    size = min(twins.sizes[-1], len(left[0]), len(left[1]))
    if size < 0.9 * twins.sizes[-1]:
        raise InputError(
            f"{path} has {size} different faces in each half: {twins.sizes[-1]} are needed."
        )
    arrays = {"first": left[0], "second": left[1], "held_out": left[2][: twins.held_out]}
    return arrays, len(found.repeated)


def _reduced(pictures: np.ndarray, side: int) -> np.ndarray:
    factor, rest = divmod(pictures.shape[1], side)
    if rest or pictures.shape[1] != pictures.shape[2]:
        raise ArrayFileError(
            f"Faces of {pictures.shape[1]}x{pictures.shape[2]} pixels are no whole multiple of "
            f"{side}: expected 80x80."
        )
    means = [block_means(picture[..., None], factor) for picture in pictures]
    return np.rint(np.stack(means)).astype(np.uint8)


def _thumbnails(pictures: np.ndarray) -> torch.Tensor:
    starts = range(0, len(pictures), _PIECE)
    return torch.cat([thumbnails(images_of(pictures[k : k + _PIECE])) for k in starts])
