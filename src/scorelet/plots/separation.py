"""Figures of class separation: by depth, and by kind of channel."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from scorelet.analysis.fisher_profile import FisherProfile
from scorelet.plots.figures import COLOURS, new_figure

if TYPE_CHECKING:
    from matplotlib.figure import Figure

_LINTHRESH = 0.01  # ratios below are drawn on a linear scale, since estimates may be negative


def profile_figure(profile: FisherProfile) -> "Figure":
    """Draw the Fisher ratio by depth: as measured, its floor, and the estimates without bias."""
    layers = profile.layers
    places = range(len(layers))
    curves: dict[str, tuple[list[float | None], str]] = {
        "measured": ([layer.fisher.ratio for layer in layers], "o-"),
        "without bias": ([layer.fisher.corrected for layer in layers], "s-"),
        "from halves": ([layer.fisher.held_out for layer in layers], "^-"),
        "floor (no separation at all)": ([layer.fisher.floor for layer in layers], "--"),
    }
    figure = new_figure(max(6.4, 0.55 * len(layers) + 2), 4.4)
    axes = figure.subplots()
    for colour, (title, (values, style)) in zip(COLOURS, curves.items(), strict=False):
        known = [float("nan") if value is None else value for value in values]
        axes.plot(places, known, style, color=colour, label=title, ms=5)
    axes.set_yscale("symlog", linthresh=_LINTHRESH)
    axes.set_ylabel(f"Fisher ratio (linear below {_LINTHRESH:g})")
    axes.set_xticks(list(places), [layer.name for layer in layers], rotation=45, ha="right")
    axes.spines[["top", "right"]].set_visible(False)
    axes.legend(frameon=False, fontsize="small")
    return figure


def kinds_figure(names: Sequence[str], values: Mapping[str, Sequence[float]]) -> "Figure":
    """Draw the separation of class means by kind of channel, in groups of bars.

    Args:
        names: of the layers.
        values: for each kind the separation at each layer; NaN where a layer has none.
    """
    figure = new_figure(max(5, 0.9 * len(names) * len(values) * 0.5 + 2), 3.8)
    axes = figure.subplots()
    width = 0.8 / len(values)
    for k, (kind, heights) in enumerate(values.items()):
        left = [place + (k - (len(values) - 1) / 2) * width for place in range(len(names))]
        axes.bar(left, heights, width, label=kind, color=COLOURS[k % len(COLOURS)])
    axes.axhline(0, color="0.4", lw=0.8)
    axes.set_ylabel("variance of class means\nover variance within classes")
    axes.set_xticks(range(len(names)), list(names))
    axes.spines[["top", "right"]].set_visible(False)
    axes.legend(frameon=False, fontsize="small")
    return figure
