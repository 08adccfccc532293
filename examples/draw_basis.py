"""Draw the basis in which `photo` shrinks a picture: eigenvectors of its Jacobian.

Run:  python examples/draw_basis.py examples/clean/chelsea.png docs/images/basis.png
"""

import sys
from pathlib import Path

import numpy as np

import scorelet as sl
from scorelet.plots import png
from scorelet.plots.eigenvectors import vectors_figure

SHOWN = (0, 1, 2, 5, 11, 23)


def main(source: Path, target: Path, *, side: int = 64, k: int = 24) -> float:
    """Draw some of the k first eigenvectors; return the first factor."""
    found = sl.basis(source, noise=25 / 255, crop=side, k=k).basis
    shown = [index for index in SHOWN if index < k]
    pictures = np.stack([found.vectors[index, 0].permute(1, 2, 0).numpy() for index in shown])
    figure = vectors_figure([float(found.values[index]) for index in shown], pictures)
    for axes, index in zip(figure.axes, shown, strict=False):
        axes.set_title(f"λ{index + 1} = {float(found.values[index]):.2f}", fontsize="small")
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_bytes(png(figure))
    return float(found.values[0])


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
