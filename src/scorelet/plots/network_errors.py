"""A figure of the errors of several networks, with published ones beside them."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from scorelet.plots.figures import COLOURS, new_figure

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

Row = Mapping[str, Any]


def errors_figure(
    rows: Sequence[Row], curves: Sequence[Row] = (), *, label: str = "", width: int | float = 9
) -> "Figure":
    """Draw the errors of networks as bars, and curves by depth beside them.

    Args:
        rows: `network`, its name; `error_percent`, and `error_percent_error`, its standard
            error or None;
            `published` in percent, or None.
        curves: a row for each block: its number `block`; every NAME with a NAME_error is a curve.
            Without any there is one panel.
        label: of the curves' values.
        width: of the figure in inches.
    """
    figure, ratios = new_figure(width, 0.28 * len(rows) + 1.2), [3, 2] if curves else [1]
    panels = figure.subplots(1, len(ratios), squeeze=False, width_ratios=ratios)[0]
    _bars(panels[0], rows)
    if curves:
        _by_block(panels[1], curves, label)
    for axes in panels:
        axes.spines[["top", "right"]].set_visible(False)
        axes.legend(frameon=False, fontsize="small")
    return figure


def _bars(axes: "Axes", rows: Sequence[Row]) -> None:
    places = range(len(rows))
    errors = [row["error_percent_error"] or 0.0 for row in rows]
    axes.barh(
        places,
        [row["error_percent"] for row in rows],
        xerr=errors,
        color=COLOURS[0],
        height=0.6,
        label="here",
        error_kw={"lw": 1},
    )
    known = [(row["published"], k) for k, row in enumerate(rows) if row["published"] is not None]
    if known:
        axes.plot(*zip(*known, strict=True), "D", ms=5, color=COLOURS[1], label="published")
    axes.set_yticks(list(places), [row["network"] for row in rows], fontsize="small")
    axes.invert_yaxis()
    axes.set_xlabel("error (%)")


def _by_block(axes: "Axes", rows: Sequence[Row], label: str) -> None:
    names = [name for name in rows[0] if f"{name}_error" in rows[0]]
    blocks = [row["block"] for row in rows]
    for colour, name in zip(COLOURS, names, strict=False):
        values, errors = ([row[key] for row in rows] for key in (name, f"{name}_error"))
        axes.errorbar(blocks, values, errors, label=name, color=colour, marker="o", ms=4, capsize=3)
    axes.set_xticks(blocks)
    axes.set_xlabel("block")
    axes.set_ylabel(label)
