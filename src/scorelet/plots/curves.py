"""Curves with error bars over one axis."""

from collections.abc import Mapping, Sequence
from itertools import cycle
from typing import TYPE_CHECKING

from scorelet.plots.figures import COLOURS, new_figure

if TYPE_CHECKING:
    from matplotlib.figure import Figure


_TICKS = 12  # so many whole places get a tick each
_STYLES = (("-", "o"), ("--", "s"), (":", "^"))  # lines and markers, of one round of colours each
_SIZES = (8, 6, 4)  # of markers: of curves that coincide all are seen


def curves_figure(
    x: Sequence[int | float],
    curves: Mapping[str, tuple[Sequence[int | float], Sequence[int | float]]],
    *,
    labels: tuple[str, str],
    log: bool = False,
    levels: Mapping[str, int | float] | None = None,
) -> "Figure":
    """Draw curves of measured values.

    Args:
        x: places, the same for all curves.
        curves: values and standard errors by title.
        labels: of the horizontal and the vertical axis, with units.
        log: use a logarithmic horizontal axis with ticks at the places.
        levels: horizontal lines by title, for what others have published.
    """
    figure = new_figure(6.4, 4.2)
    axes = figure.subplots()
    styles = ((style, colour) for style in cycle(_STYLES) for colour in COLOURS)
    sizes = cycle(_SIZES) if len(curves) > 1 else cycle(_SIZES[-1:])
    drawn = zip(styles, sizes, curves.items(), strict=False)
    for ((line, marker), colour), size, (title, (values, errors)) in drawn:
        axes.errorbar(
            x, values, errors, label=title, color=colour, ls=line, marker=marker, ms=size, capsize=3
        )
    for title, level in (levels or {}).items():
        axes.axhline(level, color="0.4", lw=0.9, ls="--", label=title)
    axes.set_xlabel(labels[0])
    axes.set_ylabel(labels[1])
    if log:
        axes.set_xscale("log")
        axes.set_xticks(list(x), [f"{place:,g}" for place in x])
        axes.minorticks_off()
    elif len(x) <= _TICKS and all(float(place).is_integer() for place in x):
        axes.set_xticks(list(x))
    axes.spines[["top", "right"]].set_visible(False)
    axes.legend(frameon=False, fontsize="small")
    return figure
