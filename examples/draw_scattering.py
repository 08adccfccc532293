"""Draw two textures of one power spectrum, and the scattering coefficients that tell them apart.

The textures are fields of discs, and the same fields with random phases. Coefficients are means
over places, fields and angles: of order 1 by scale, of order 2 over order 1 by both scales.

Run:  python examples/draw_scattering.py docs/images/scattering.png
"""

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from torch import Tensor

from scorelet.analysis.field_statistics import phase_randomized
from scorelet.core.random import generator
from scorelet.data.fields.ensembles import ensemble
from scorelet.plots import png
from scorelet.plots.figures import COLOURS, new_figure
from scorelet.wavelets import Scattering2d

if TYPE_CHECKING:
    from matplotlib.axes import Axes

OCTAVES = 5


def main(path: Path, *, side: int = 128, count: int = 16) -> None:
    """Write the drawing of `count` fields of `side` pixels to `path`."""
    discs = ensemble("bubbles").sample(count, side, seed=1)[:, 0]
    sets = {"discs": discs, "random phases": phase_randomized(discs, rng=generator(0))}
    low, high = discs.quantile(0.01), discs.quantile(0.99)
    figure = new_figure(9, 5.4)
    above, below = figure.subplots(2, 2)
    for axes, (title, x) in zip(above, sets.items(), strict=True):
        axes.imshow(x[0].numpy(), cmap="gray", vmin=float(low), vmax=float(high))
        axes.set_title(title, fontsize="medium")
        axes.set_axis_off()
    _draw_orders(below, sets)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(png(figure, dpi=72))


def coefficients(x: Tensor) -> tuple[np.ndarray, np.ndarray]:
    """Return order 1 by j₁, and order 2 over order 1 by (j₁, j₂); NaN unless j₁ < j₂."""
    scattering = Scattering2d(J=OCTAVES, L=8, boundary="periodic")
    values = scattering(x).mean((0, 2, 3)).numpy()
    sums = {1: np.zeros(OCTAVES), 2: np.full((OCTAVES, OCTAVES), np.nan)}
    for order, result in sums.items():
        for scales in {path.scales for path in scattering.paths if path.order == order}:
            result[scales] = np.mean(
                [v for v, p in zip(values, scattering.paths, strict=True) if p.scales == scales]
            )
    return sums[1], sums[2] / sums[1][:, None]


def _draw_orders(axes: "tuple[Axes, Axes]", sets: dict[str, Tensor]) -> None:
    pairs = [(j, k) for j in range(OCTAVES) for k in range(j + 1, OCTAVES)]
    for colour, (title, x) in zip(COLOURS, sets.items(), strict=False):
        first, second = coefficients(x)
        axes[0].plot(range(OCTAVES), first, "o-", color=colour, label=title)
        heights = [second[pair] for pair in pairs]
        axes[1].plot(range(len(pairs)), heights, "o", color=colour, label=title)
    axes[0].set(xlabel="scale j₁", ylabel="order 1", xticks=range(OCTAVES), ylim=(0, None))
    axes[1].set(xlabel="scales j₁, j₂", ylabel="order 2 / order 1", ylim=(0, None))
    axes[1].set_xticks(range(len(pairs)), [f"{j},{k}" for j, k in pairs])
    for one in axes:
        one.spines[["top", "right"]].set_visible(False)
        one.legend(frameon=False)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
