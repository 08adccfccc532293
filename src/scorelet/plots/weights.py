"""Figures of weights: spectra, effective ranks, similarity by depth, matrices of cosines."""

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
from torch import Tensor

from scorelet.plots.figures import COLOURS, new_figure

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

Pairs = Sequence[tuple[float | None, float | None]]
_WIDE = 4  # matrices and spectra in a row
_ROOM = 0.05  # beyond the bars of S
_LEAST = 1e-6  # of the largest eigenvalue: below it none is drawn
_FREE = 1.4  # factor beyond the eigenvalues


def ranks_figure(
    names: Sequence[str], kept: Sequence[int], ranks: Sequence[float | None]
) -> "Figure":
    """Draw how many directions each layer has learned, and its effective rank."""
    from matplotlib.ticker import MaxNLocator

    figure = new_figure(max(6.4, 0.4 * len(names) + 2), 3.8)
    axes = figure.subplots()
    places = range(len(names))
    axes.bar(places, list(kept), color=COLOURS[2], label="learned directions")
    axes.plot(places, _known(ranks), "o", color=COLOURS[0], label="effective rank")
    axes.set_ylabel("directions")
    axes.yaxis.set_major_locator(MaxNLocator(integer=True, min_n_ticks=1))
    _name(axes, names)
    axes.legend(frameon=False, fontsize="small")
    return figure


def spectra_figure(layers: Sequence[tuple[str, Tensor, float]]) -> "Figure":
    """Draw eigenvalues by rank, on the same scales for all layers.

    Args:
        layers: name, eigenvalues descending, and the edge of noise, of each; those that are all 0
            are left out.
    """
    layers = [layer for layer in layers if layer[1][0] > 0]
    rows = math.ceil(len(layers) / _WIDE) or 1
    figure = new_figure(11, 2.4 * rows)
    grid = figure.subplots(rows, min(_WIDE, len(layers)) or 1, squeeze=False).ravel()
    spectra = [values.numpy() for _, values, _ in layers]
    spectra = [shown[shown > _LEAST * shown[0]] for shown in spectra]
    edges = [edge for _, _, edge in layers]
    longest = max(map(len, spectra), default=1)
    lowest = min([*edges, *(shown[-1] for shown in spectra)], default=1)
    highest = max([*edges, *(shown[0] for shown in spectra)], default=1)
    for axes, shown, (name, _, edge) in zip(grid, spectra, layers, strict=False):
        axes.loglog(np.arange(1, len(shown) + 1), shown, ".-", ms=3, lw=0.8, color=COLOURS[0])
        axes.axhline(edge, ls="--", lw=0.9, color="0.4")
        axes.set(xlim=(1 / _FREE, _FREE * longest), ylim=(lowest / _FREE, _FREE * highest))
        axes.set_title(name, fontsize="small")
        axes.spines[["top", "right"]].set_visible(False)
        axes.tick_params(which="both", labelsize="x-small")
    for axes in grid[len(layers) :]:
        axes.set_visible(False)
    figure.supxlabel("rank", fontsize="small")
    figure.supylabel("eigenvalue", fontsize="small")
    return figure


def similarity_figure(names: Sequence[str], found: Pairs, chance: Pairs) -> "Figure":
    """Draw S by depth.

    Args:
        names: of the layers.
        found: S and its standard deviation at each; None where undefined.
        chance: S of unrelated networks and its standard deviation at each; None where undefined.
    """
    figure = new_figure(max(6.4, 0.4 * len(names) + 2), 3.8)
    axes = figure.subplots()
    values, bars = _known([s for s, _ in found]), _known([d for _, d in found])
    axes.errorbar(range(len(names)), values, bars, fmt="o-", color=COLOURS[0], ms=5, capsize=3)
    axes.axhline(0, ls="--", lw=0.9, color="0.4")
    means = [0.0 if mean is None else mean for mean, _ in chance]
    apart = [0.0 if deviation is None else 2 * deviation for _, deviation in chance]
    axes.errorbar(
        range(len(names)), means, apart, fmt="none", ecolor="0.6", capsize=6,
        label="unrelated, two deviations",
    )  # fmt: skip
    axes.axhline(1, ls=":", lw=0.9, color="0.4", label="the first, and networks drawn from it")
    axes.set_ylabel("similarity S of weights")
    lengths = [0.0 if math.isnan(bar) else bar for bar in bars]
    ends = [(v, bar) for v, bar in zip(values, lengths, strict=True) if not math.isnan(v)]
    ends += [(mean, bar) for mean, bar in zip(means, apart, strict=True) if bar]
    low, high = min(v - bar for v, bar in ends), max(v + bar for v, bar in ends)
    axes.set_ylim(min(-0.1, low - _ROOM), max(1.15, high + _ROOM))
    _name(axes, names)
    above = {"loc": "lower center", "bbox_to_anchor": (0.5, 1), "ncols": 2}
    axes.legend(frameon=False, fontsize="small", **above)
    return figure


def activations_figure(names: Sequence[str], signals: Sequence[Sequence[float | None]]) -> "Figure":
    """Draw the similarity of aligned activations, and their floor.

    Args:
        names: of the layers.
        signals: similarity on pictures of the fit, on others, and of their means alone, at each.
    """
    figure = new_figure(max(6.4, 0.4 * len(names) + 2), 3.2)
    axes = figure.subplots()
    fit, others, means = (_known(column) for column in zip(*signals, strict=True))
    colour, places = COLOURS[1], range(len(names))
    axes.plot(places, fit, "o-", color=colour, label="of the fit", ms=5)
    axes.plot(places, others, "o--", color=colour, mfc="white", label="other pictures", ms=5)
    axes.plot(places, means, "_:", color="0.4", label="their means alone", ms=9)
    axes.set_ylabel("similarity of signals")
    axes.set_ylim(min(0, *others), 1.05)
    _name(axes, names)
    axes.legend(frameon=False, fontsize="small")
    return figure


def cosines_figure(
    layers: Sequence[tuple[str, Tensor, int, tuple[float | None, float | None]]],
) -> "Figure":
    """Draw |cos| between eigenvectors; white is 1/√d, black 5/√d, and 1 at most.

    Args:
        layers: name, cosines (r, r'), dimension d, and effective ranks of both, of each.
    """
    from matplotlib.ticker import MaxNLocator

    rows = math.ceil(len(layers) / _WIDE)
    columns = min(_WIDE, len(layers))
    figure = new_figure(11, 3.0 * rows)
    grid = figure.subplots(rows, columns, squeeze=False).ravel()
    for axes, (name, cosines, size, ranks) in zip(grid, layers, strict=False):
        low = min(size**-0.5, 0.9)
        count, other = cosines.shape
        axes.imshow(
            cosines.numpy(), cmap="Greys", vmin=low, vmax=max(min(1.0, 5 * low), low + 0.05),
            extent=(0.5, other + 0.5, count + 0.5, 0.5), aspect="equal",
        )  # fmt: skip
        axes.xaxis.set_major_locator(MaxNLocator(5, integer=True, min_n_ticks=1))
        axes.yaxis.set_major_locator(MaxNLocator(5, integer=True, min_n_ticks=1))
        axes.set_title(name, fontsize="small")
        for rank, mark, put in ((ranks[1], "v", "x"), (ranks[0], ">", "y")):
            if rank is not None:
                place = (rank, 0.5) if put == "x" else (0.5, rank)
                axes.plot(*place, mark, color=COLOURS[1], ms=6, clip_on=False)
        axes.tick_params(labelsize="x-small")
    for axes in grid[len(layers) :]:
        axes.set_visible(False)
    for place, axes in enumerate(grid[: len(layers)]):
        if place % columns == 0:
            axes.set_ylabel("direction of the first", fontsize="small")
        if place + columns >= len(layers):
            axes.set_xlabel("direction of the second", fontsize="small")
    return figure


def _known(values: Sequence[float | None]) -> list[float]:
    return [float("nan") if value is None else value for value in values]


def _name(axes: "Axes", names: Sequence[str]) -> None:
    axes.set_xlim(-0.5, len(names) - 0.5)
    axes.set_xticks(range(len(names)), names, rotation=45, ha="right", fontsize=8)
    for label in axes.get_xticklabels():
        label.set_rotation_mode("anchor")
    axes.spines[["top", "right"]].set_visible(False)
