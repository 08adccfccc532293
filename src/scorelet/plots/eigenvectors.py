"""Figures of a denoiser's basis: its vectors as pictures, its factors as curves."""

import math
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np

from scorelet.plots.figures import COLOURS, new_figure

if TYPE_CHECKING:
    from matplotlib.figure import Figure

_COLUMNS = 6
_SATURATED = 0.998


def pictures_figure(titles: Sequence[str], pictures: Sequence[np.ndarray]) -> "Figure":
    """Draw pictures (height, width, 1 or 3) with values in [0, 1] side by side."""
    figure = new_figure(3.2 * len(pictures), 3.4)
    axes = figure.subplots(1, len(pictures), squeeze=False)[0]
    for place, title, picture in zip(axes, titles, pictures, strict=True):
        _show(place, picture, title)
    return figure


def vectors_figure(
    values: Sequence[float], vectors: np.ndarray, symbol: str = "λ", ranks: Sequence[int] = ()
) -> "Figure":
    """Draw each of (k, height, width, 1 or 3) vectors as a picture; zero is the middle gray.

    Each has a scale of its own: a vector has no unit. Titles count from 1, or tell `ranks`.
    """
    ranks = ranks or range(1, len(values) + 1)
    rows = math.ceil(len(vectors) / _COLUMNS)
    columns = min(_COLUMNS, len(vectors))
    height, width = vectors.shape[1:3]
    figure = new_figure(2 * columns, rows * (2 * height / width + 0.25))
    axes = figure.subplots(rows, columns, squeeze=False).ravel()
    for place in axes:
        place.set_axis_off()
    for k, (place, vector) in enumerate(zip(axes, vectors, strict=False)):
        scale = float(np.quantile(np.abs(vector), _SATURATED)) or 1.0
        drawn = (0.5 + vector / (2 * scale)).clip(0, 1)
        _show(place, drawn, f"{symbol}{ranks[k]} = {values[k]:.3f}")
    return figure


def factors_figure(
    values: Sequence[float], curves: Mapping[str, np.ndarray], *, symbol: str = "λ"
) -> "Figure":
    """Draw the shrinkage factors found, and those of the oracles of fixed bases, by rank."""
    figure = new_figure(6.4, 4)
    axes = figure.subplots()
    ranks = np.arange(1, len(values) + 1)
    axes.plot(ranks, values, "o-", ms=3, color=COLOURS[0], label="this denoiser, at this picture")
    for colour, (name, factors) in zip(COLOURS[1:], curves.items(), strict=False):
        axes.plot(np.arange(1, len(factors) + 1), factors, color=colour, lw=1.2, label=name)
    axes.axhline(1, color="0.7", lw=0.8, zorder=0)
    axes.set_xscale("log")
    axes.set_xlabel("rank")
    axes.set_ylabel(f"factor {symbol}")
    axes.spines[["top", "right"]].set_visible(False)
    axes.legend(frameon=False, fontsize="small")
    return figure


def _show(axes, picture: np.ndarray, title: str) -> None:  # noqa: ANN001 - matplotlib is late
    axes.set_axis_off()
    axes.set_title(title, fontsize="small")
    gray = picture.shape[2] == 1
    axes.imshow(
        picture[..., 0] if gray else picture,
        cmap="gray" if gray else None,
        vmin=0,
        vmax=1,
        interpolation="nearest",
    )
