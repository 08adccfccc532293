"""Small filters as pictures, a row for each layer."""

from collections.abc import Mapping
from typing import TYPE_CHECKING

from torch import Tensor

from scorelet.plots.figures import new_figure

if TYPE_CHECKING:
    from matplotlib.figure import Figure

_INCHES = 0.62


def filters_figure(rows: Mapping[str, Tensor]) -> "Figure":
    """Draw filters; white is 0, and signs are chosen so that the largest entry is positive.

    Args:
        rows: filters (n, k k) or (n, k, k), by the name of their row.
    """
    columns = max(len(filters) for filters in rows.values())
    figure = new_figure(_INCHES * columns + 1.2, _INCHES * len(rows) + 0.2)
    grid = figure.subplots(len(rows), columns, squeeze=False)
    for line, (name, filters) in zip(grid, rows.items(), strict=True):
        for axes in line:
            axes.set_axis_off()
        for axes, each in zip(line, filters.flatten(1), strict=False):
            side = round(len(each) ** 0.5)
            largest = each[each.abs().argmax()]
            picture = (each / largest).reshape(side, side).numpy()
            axes.imshow(picture, cmap="RdBu_r", vmin=-1, vmax=1)
        line[0].text(-0.3, 0.5, name, ha="right", va="center", transform=line[0].transAxes, size=8)
    return figure
