"""The faces that recipes learn from, in parts of different persons."""

import numpy as np
import torch

from scorelet.analysis.memorization import find_copies, thumbnails
from scorelet.core.blocks import block_means
from scorelet.core.errors import ArrayFileError
from scorelet.data import locate
from scorelet.data.fields.array_files import read_array
from scorelet.tasks.picture_arrays import images_of

FACES = "faces80"
"""An npz file with the arrays a, b and test, (n, 80, 80)."""

Arrays = dict[str, np.ndarray]
_PARTS = ("a", "b", "test")
_PIECE = 4096


def faces_without_copies(side: int, source: str = FACES) -> tuple[Arrays, int]:
    """Return a, b and test, 8 bits (n, side, side, 1), and how many pictures were copies.

    Persons are in one part only; copies of earlier pictures are left out.

    Args:
        side: in pixels, which divides that of the file: means of blocks are taken.
        source: name of the file, which has the arrays of `FACES`.

    Raises:
        InputError: no such file.
        ArrayFileError: faces of another size.
    """
    path = locate(source)
    parts = [_reduced(np.asarray(read_array(path, name)), side) for name in _PARTS]
    found = find_copies(torch.cat([thumbnails_of(part) for part in parts]))
    ends = np.cumsum([0, *map(len, parts)])
    kept = found.kept.numpy()
    left = {
        name: part[kept[(kept >= start) & (kept < stop)] - start]
        for name, part, start, stop in zip(_PARTS, parts, ends[:-1], ends[1:], strict=True)
    }
    return left, len(found.repeated)


def thumbnails_of(pictures: np.ndarray) -> torch.Tensor:
    """Return what copies are found by, see `thumbnails`, of (n, height, width, channels)."""
    starts = range(0, len(pictures), _PIECE)
    return torch.cat([thumbnails(images_of(pictures[k : k + _PIECE])) for k in starts])


def _reduced(pictures: np.ndarray, side: int) -> np.ndarray:
    factor, rest = divmod(pictures.shape[1], side)
    if rest or pictures.shape[1] != pictures.shape[2]:
        raise ArrayFileError(
            f"Faces of {pictures.shape[1]}x{pictures.shape[2]} pixels are no whole multiple of "
            f"{side}: expected 80x80."
        )
    blocks = (block_means(picture[..., None], factor) for picture in pictures)
    return np.stack([np.rint(means).astype(np.uint8) for means in blocks])
