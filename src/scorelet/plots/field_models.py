"""Figures of models of fields: potentials, curvatures, traces of chains; a panel for each band."""

import math
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from scorelet.plots.figures import COLOURS, new_figure

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

Band = Mapping[str, Any]
"""What is known of a band: size, (h, w), and what is drawn; coarse to fine."""

_COLUMNS = 5
_WIDTH, _HEIGHT = 2.3, 2.2


def potentials_figure(bands: Sequence[Band], *, label: str = "x") -> "Figure":
    """Draw the potential of a pixel at each scale, with two standard errors.

    Args:
        bands: with t, v and error, lists of numbers.
        label: of t, with its unit.
    """

    def draw(axes: "Axes", band: Band) -> None:
        _draw_potential(axes, band, label)

    return _figure(bands, draw, "potential v")


def curvatures_figure(bands: Sequence[Band]) -> "Figure":
    """Draw the density of eigenvalues of the Hessian in each band; negative ones in another colour.

    Args:
        bands: with spectrum: edges of bins, and the share in each.
    """
    return _figure(bands, _draw_spectrum, "density of eigenvalues")


def traces_figure(bands: Sequence[Band]) -> "Figure":
    """Draw the energies of some chains of each band, about their means at the end.

    Args:
        bands: with traces, (chain, step). The second half of the steps, on white ground, is what
            counts.
    """
    return _figure(bands, _draw_traces, "(energy − mean) / deviation")


def model_figure(
    potentials: Sequence[Band], certificates: Sequence[Band], *, label: str = "x"
) -> "Figure":
    """Draw potentials in the upper row, the density of eigenvalues in the lower one.

    Args:
        potentials, certificates: of the same bands, see `potentials_figure` and
            `curvatures_figure`.
        label: of t, with its unit.
    """
    figure = new_figure(_WIDTH * len(potentials) + 0.6, 2 * _HEIGHT)
    upper, lower = figure.subplots(2, len(potentials), squeeze=False)
    for axes, band in zip(upper, potentials, strict=True):
        _title(axes, band)
        _draw_potential(axes, band, label)
    for axes, band in zip(lower, certificates, strict=True):
        axes.spines[["top", "right"]].set_visible(False)
        _draw_spectrum(axes, band)
    upper[0].set_ylabel("potential v")
    lower[0].set_ylabel("density of eigenvalues")
    return figure


def _figure(bands: Sequence[Band], draw: Callable[["Axes", Band], None], label: str) -> "Figure":
    """Return a figure with a panel for each band."""
    rows = math.ceil(len(bands) / _COLUMNS)
    columns = math.ceil(len(bands) / rows)
    figure = new_figure(_WIDTH * columns + 0.6, _HEIGHT * rows)
    grid = figure.subplots(rows, columns, squeeze=False).flatten()
    for axes, band in zip(grid, bands, strict=False):
        _title(axes, band)
        draw(axes, band)
    for axes in grid[len(bands) :]:
        axes.axis("off")
    figure.supylabel(label, fontsize="medium")
    return figure


def _title(axes: "Axes", band: Band) -> None:
    axes.set_title("x".join(str(n) for n in band["size"]) + " pixels", fontsize="medium")
    axes.spines[["top", "right"]].set_visible(False)


def _draw_potential(axes: "Axes", band: Band, label: str) -> None:
    t, v, error = (np.array(band[key]) for key in ("t", "v", "error"))
    axes.fill_between(t, v - 2 * error, v + 2 * error, color=COLOURS[0], alpha=0.25, lw=0)
    axes.plot(t, v, color=COLOURS[0])
    axes.set_xlabel(label)


def _draw_spectrum(axes: "Axes", band: Band) -> None:
    edges, share = (np.array(band["spectrum"][key]) for key in ("edges", "share"))
    widths, middles = np.diff(edges), (edges[1:] + edges[:-1]) / 2
    for kept, colour in ((middles >= 0, COLOURS[0]), (middles < 0, COLOURS[1])):
        axes.bar(middles[kept], (share / widths)[kept], widths[kept], color=colour)
    axes.axvline(0, color="black", lw=0.8)
    axes.set(yticks=[], xlabel="eigenvalue")


def _draw_traces(axes: "Axes", band: Band) -> None:
    traces = np.array(band["traces"])
    half = traces.shape[1] // 2
    gaps = traces - traces[:, half:].mean(1, keepdims=True)
    spread = float(gaps[:, half:].std()) or 1.0
    axes.axvspan(0, half, color="0.94", lw=0)
    for k, gap in enumerate(gaps / spread):
        axes.plot(gap, color=COLOURS[k % len(COLOURS)], lw=0.6, alpha=0.8)
    axes.set(xlabel="step", xlim=(0, traces.shape[1]))
