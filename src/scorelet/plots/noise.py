"""Figures of noise: its variance against brightness, and its power spectrum."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from scorelet.plots.figures import COLOURS, new_figure

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure


def noise_figure(pages: Sequence[dict[str, Any]], names: Sequence[str]) -> "Figure":
    """Draw variance against brightness, and the spectrum by DCT frequency, a row for each page.

    Args:
        pages: documents of `scorelet.tasks.noise.PictureNoise` in which something was measured.
        names: a title for each.
    """
    figure = new_figure(9, 3.2 * len(pages))
    grid = figure.subplots(len(pages), 2, squeeze=False)
    for (left, right), page, name in zip(grid, pages, names, strict=True):
        _line(left, page, name)
        _spectrum(right, page)
    return figure


def _line(axes: "Axes", page: dict[str, Any], name: str) -> None:
    axes.plot(
        page["brightness"], page["variance"], "o", color=COLOURS[0], ms=4, label="flat blocks"
    )
    x = np.linspace(page["low"], page["high"], 50)
    label = f"{page['a']:.2e} x {page['b']:+.2e}"
    axes.plot(x, page["a"] * x + page["b"], color=COLOURS[1], label=label)
    axes.set_ylim(bottom=0)
    axes.set_xlabel("brightness")
    axes.set_ylabel("variance of the noise")
    axes.set_title(name, fontsize=10)
    axes.legend(frameon=False, fontsize=8)


def _spectrum(axes: "Axes", page: dict[str, Any]) -> None:
    spectrum = np.array(page["spectrum"])
    top = max(2.0, float(spectrum.max()))
    drawn = axes.imshow(spectrum, vmin=0, vmax=top, cmap="viridis")
    axes.set_xlabel("frequency across")
    axes.set_ylabel("frequency down")
    axes.set_title("white" if page["white"] else "not white", fontsize=10)
    axes.figure.colorbar(drawn, ax=axes, label="power / mean")
