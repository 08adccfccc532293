"""Figures of what a non-linearity does to wavelet coefficients, and to clouds of classes."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np

from scorelet.plots.figures import COLOURS, new_figure

if TYPE_CHECKING:
    from matplotlib.figure import Figure


def coefficients_figure(rows: Mapping[str, tuple[np.ndarray, np.ndarray, np.ndarray]]) -> "Figure":
    """Draw pictures, the real part of their coefficients of one channel, and the modulus.

    Args:
        rows: by title: a picture (height, width) or (height, width, 3) with values in [0, 1];
            Re z and |z|, (h, w). All Re z have one scale, as have all |z|.
    """
    figure = new_figure(7.4, 2.3 * len(rows) + 0.3)
    grid = figure.subplots(len(rows), 3, squeeze=False)
    largest = max(float(np.abs(z).max()) for _, z, _ in rows.values())
    highest = max(float(a.max()) for *_, a in rows.values())
    for axes, (title, (picture, z, modulus)) in zip(grid, rows.items(), strict=True):
        axes[0].imshow(picture, cmap="gray", vmin=0, vmax=1)
        axes[1].imshow(z, cmap="RdBu_r", vmin=-largest, vmax=largest)
        axes[2].imshow(modulus, cmap="gray", vmin=0, vmax=highest)
        axes[0].set_ylabel(title)
    for axes, title in zip(grid[0], ("picture", "before: Re x∗ψ", "after: |x∗ψ|"), strict=True):
        axes.set_title(title, fontsize="medium")
    for axes in grid.flat:
        axes.set(xticks=[], yticks=[])
    return figure


def clouds_figure(
    panels: Mapping[str, tuple[np.ndarray, np.ndarray]], classes: Sequence[str]
) -> "Figure":
    """Draw samples of classes in a plane, one panel for each kind of features.

    Args:
        panels: by title: points (n, 2), and the numbers of their classes (n,).
        classes: their names, at most as many as there are colours; others are not drawn.
    """
    figure = new_figure(3.1 * len(panels) + 0.2, 3.4)
    grid = figure.subplots(1, len(panels), squeeze=False)[0]
    for axes, (title, (points, labels)) in zip(grid, panels.items(), strict=True):
        for number, (colour, name) in enumerate(zip(COLOURS, classes, strict=False)):
            mine = points[labels == number]
            axes.scatter(*mine.T, s=6, alpha=0.5, lw=0, color=colour, label=name)
            axes.plot(*mine.mean(0), "o", ms=9, color=colour, mec="black", mew=1)
        axes.set_title(title, fontsize="medium")
        axes.set(xticks=[], yticks=[])
    grid[0].legend(frameon=False, fontsize="small", markerscale=2)
    return figure


def singular_values_figure(panels: Mapping[str, Mapping[str, np.ndarray]]) -> "Figure":
    """Draw the sorted singular values of matrices.

    Args:
        panels: by title of the panel, such as a layer: values by title of the curve.
    """
    figure = new_figure(2.6 * len(panels) + 0.6, 3.0)
    grid = figure.subplots(1, len(panels), squeeze=False, sharey=True)[0]
    for axes, (title, curves) in zip(grid, panels.items(), strict=True):
        for colour, (name, values) in zip(COLOURS, curves.items(), strict=False):
            places = (np.arange(len(values)) + 0.5) / len(values)
            axes.plot(places, np.sort(values)[::-1], color=colour, label=name)
        axes.axhline(1, color="0.6", lw=0.8, zorder=0)
        axes.set_title(title, fontsize="medium")
        axes.set_xlabel("share of the values")
        axes.spines[["top", "right"]].set_visible(False)
    grid[0].set_ylabel("singular value of P")
    grid[0].set_ylim(bottom=0)
    grid[-1].legend(frameon=False, fontsize="small")
    return figure
