"""Draw the basis in which `photo` shrinks a picture: eigenvectors of its Jacobian.

On the left the noisy picture, then eigenvectors of the symmetric part: the first, and those whose
eigenvalues are nearest to 1, 1/2, 1/4 and 0.

Run:  python examples/draw_basis.py examples/clean/chelsea.png docs/images/basis.png
"""

import sys
from pathlib import Path

import numpy as np
import torch
from PIL import Image

import scorelet as sl
from scorelet.core.random import generator
from scorelet.plots import png
from scorelet.plots.eigenvectors import vectors_figure

SHOWN = (1, 0.5, 0.25, 0)
SIGMA = 25 / 255


def main(source: Path, target: Path, *, side: int = 32) -> list[float]:
    """Draw vectors at the middle of a picture in gray; return their eigenvalues."""
    gray = torch.from_numpy(np.array(Image.open(source).convert("L"), np.float32)) / 255
    top, left = ((length - side) // 2 for length in gray.shape)
    clean = gray[None, None, top : top + side, left : left + side]
    noisy = clean + SIGMA * torch.randn(clean.shape, generator=generator(0))
    found = sl.jacobian_basis(sl.load("photo"), noisy, k=None)
    indices = [0, *(int((found.values - value).abs().argmin()) for value in SHOWN)]
    values = [float(found.values[index]) for index in indices]
    drawn = torch.cat([noisy - noisy.mean(), found.vectors[indices, 0]])
    figure = vectors_figure([0.0, *values], drawn.permute(0, 2, 3, 1).numpy())
    titles = [f"λ{i + 1} = {value:z.2f}" for i, value in zip(indices, values, strict=True)]
    for axes, title in zip(figure.axes, ["noisy picture", *titles], strict=True):
        axes.set_title(title, fontsize="small")
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_bytes(png(figure))
    return values


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
