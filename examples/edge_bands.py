"""Draw the wavelet coefficients of a vertical and of a horizontal edge, one level each.

Each row shows a picture, its low band and its details H, V and D, in which mid-gray is zero.

Run:  python examples/edge_bands.py docs/images/edge_bands.png
"""

import sys
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from scorelet.data import Picture, write_picture
from scorelet.wavelets import OrthogonalWavelet

SIDE, ZOOM, GAP = 32, 4, 8


def main(path: Path) -> None:
    """Write the drawing to `path`."""
    vertical = torch.full((SIDE, SIDE), 0.2)
    vertical[:, SIDE // 4 + 1 : -SIDE // 4] = 0.8
    rows = [_row(vertical), _row(vertical.mT)]
    space = np.full((GAP, rows[0].shape[1]), 255, np.uint8)
    path.parent.mkdir(parents=True, exist_ok=True)
    write_picture(path, Picture(np.concatenate([rows[0], space, rows[1]])[..., None]))


def _row(x: Tensor) -> np.ndarray:
    low, (details,) = OrthogonalWavelet("haar", levels=1).analyze(x)
    panels = [x, low / 2, *(0.5 + details / 2)]  # one level doubles the mean
    space = np.full((ZOOM * SIDE, GAP), 255, np.uint8)
    drawn = [part for panel in panels for part in (_pixels(panel), space)]
    return np.concatenate(drawn[:-1], 1)


def _pixels(panel: Tensor) -> np.ndarray:
    repeat = ZOOM * SIDE // panel.shape[0]
    levels = (255 * panel).round().clamp(0, 255).to(torch.uint8).numpy()
    return np.kron(levels, np.ones((repeat, repeat), np.uint8))


if __name__ == "__main__":
    main(Path(sys.argv[1]))
