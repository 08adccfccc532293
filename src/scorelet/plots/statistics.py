"""Figures of fields and of their statistics."""

import math
from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np
import torch
from torch import Tensor

from scorelet.analysis.field_statistics import Statistic
from scorelet.plots.figures import COLOURS, new_figure

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

_COLUMNS = 3


def fields_figure(sets: Mapping[str, Tensor], *, count: int = 4, label: str = "") -> "Figure":
    """Draw the first fields of each set in a row, all in the colours of the first set.

    Args:
        sets: fields (n, h, w) by title.
        count: at most so many of each.
        label: of the colours: what fields are, with their unit.
    """
    columns = max(min(count, len(x)) for x in sets.values())
    figure = new_figure(2 * columns + 0.5, 2 * len(sets))
    shown = next(iter(sets.values()))[:count]
    low, high = np.quantile(shown.cpu().numpy(), [0.005, 0.995])
    grid = figure.subplots(len(sets), columns, squeeze=False)
    for row, (title, x) in zip(grid, sets.items(), strict=True):
        row[0].set_ylabel(title)
        for k, axes in enumerate(row):
            axes.set(xticks=[], yticks=[])
            if k < len(x):
                image = axes.imshow(x[k].cpu().numpy(), vmin=low, vmax=high, cmap="viridis")
            else:
                axes.axis("off")
    figure.colorbar(image, ax=grid, label=label, shrink=0.8, aspect=30, extend="both")
    return figure


def statistic_figure(
    sets: Mapping[str, Statistic],
    *,
    reference: Tensor | None = None,
    log: bool = False,
) -> "Figure":
    """Draw a statistic of sets: values with error bars, and differences below if there are several.

    Args:
        sets: the same statistic of each, by title; differences are to the first.
        reference: values of a Gaussian field, (curve, point).
        log: draw values on a logarithmic scale.

    A difference is in units of the errors of both sets together.
    """
    first = next(iter(sets.values()))
    curves = len(first.values)
    columns = min(curves, _COLUMNS)
    rows = math.ceil(curves / columns)
    parts = [3, 1] if len(sets) > 1 else [3]
    figure = new_figure(4.2 * columns + 1, 0.9 * sum(parts) * rows)
    grid = figure.subplots(
        len(parts) * rows, columns, squeeze=False, sharex=True, height_ratios=parts * rows
    )
    for cell in range(rows * columns):
        first_row = len(parts) * (cell // columns)
        cells = grid[first_row : first_row + len(parts), cell % columns]
        if cell >= curves:
            for axes in cells:
                axes.axis("off")
            continue
        _draw_values(cells[0], sets, cell, reference, log)
        if len(sets) > 1:
            _draw_differences(cells[1], sets, cell)
        unit = f" ({first.axis.unit})" if first.axis.unit else ""
        cells[-1].set_xlabel(first.axis.label + unit)
        cells[-1].tick_params(labelbottom=True)  # shared axes have numbers in the last row only
    shown = [
        handle for axes in grid[: len(parts), 0] for handle in axes.get_legend_handles_labels()[0]
    ]
    grid[0, 0].legend(handles=shown, fontsize="small")
    return figure


def _draw_values(
    axes: "Axes",
    sets: Mapping[str, Statistic],
    curve: int,
    reference: Tensor | None,
    log: bool,
) -> None:
    first = next(iter(sets.values()))
    kept = _kept(first)
    x = first.axis.x[kept].numpy()
    for k, (title, statistic) in enumerate(sets.items()):
        errors = statistic.errors[curve, kept].nan_to_num(0).numpy()
        values = statistic.values[curve, kept].numpy()
        line = axes.errorbar(x, values, errors, label=title, color=COLOURS[k], lw=1 + k)
        line.lines[0].set_zorder(10 - k)  # the first, thinnest, lies on top
    if reference is not None:
        axes.plot(x, reference[curve, kept].numpy(), "k--", lw=0.8, zorder=11, label="Gaussian")
    if first.axis.log:
        _set_log_ticks(axes)
    if log:
        _set_log_scale(axes, torch.stack([s.values[curve, kept] for s in sets.values()]))
    axes.set_title(first.labels[curve], fontsize="medium")
    axes.set_ylabel(first.unit if len(first.labels) == 1 else "")


def _draw_differences(axes: "Axes", sets: Mapping[str, Statistic], curve: int) -> None:
    (_, first), *others = sets.items()
    kept = _kept(first)
    axes.axhspan(-2, 2, color="0.92", label="± 2 errors")
    axes.axhline(0, color=COLOURS[0], lw=0.8)
    largest = 5.0
    for k, (_, statistic) in enumerate(others):
        error = (first.errors[curve].square() + statistic.errors[curve].square()).sqrt()
        gap = ((statistic.values[curve] - first.values[curve]) / error)[kept]
        gap[~gap.isfinite()] = torch.nan
        largest = max(largest, float(gap.nan_to_num(0).abs().max()))
        x = first.axis.x[kept].numpy()
        axes.plot(x, gap.numpy(), ".-", color=COLOURS[1 + k], lw=0.8, ms=3, zorder=10 - k)
    axes.set_yscale("symlog", linthresh=5)
    axes.set_ylim(-1.5 * largest, 1.5 * largest)
    marks = [10.0**j for j in range(1, 12) if 10.0**j < 1.5 * largest][-2:] or [5.0]
    axes.set_yticks([-m for m in marks[::-1]] + [0.0, *marks])
    axes.yaxis.set_major_formatter("{x:g}")
    axes.minorticks_off()
    axes.set_ylabel("difference\n/ error", fontsize="small")


def _kept(statistic: Statistic) -> Tensor:
    """Return which points can be drawn: a logarithmic axis has no zero."""
    x = statistic.axis.x
    return x > 0 if statistic.axis.log else torch.ones_like(x, dtype=torch.bool)


def _set_log_ticks(axes: "Axes") -> None:
    """Use a logarithmic axis with the ticks 1, 2, 5, 10, ..., written as such."""
    from matplotlib.ticker import FuncFormatter, LogLocator, NullLocator

    axes.set_xscale("log")
    axes.xaxis.set_major_locator(LogLocator(subs=(1, 2, 5)))
    axes.xaxis.set_major_formatter(FuncFormatter(lambda x, _: f"{x:g}"))
    axes.xaxis.set_minor_locator(NullLocator())


def _set_log_scale(axes: "Axes", values: Tensor) -> None:
    """Use a logarithmic scale that is not stretched by what is nearly zero."""
    positive = values[values > 0]
    if len(positive):
        axes.set_yscale("log")
        axes.set_ylim(bottom=max(float(positive.min()) / 1.5, 1e-7 * float(positive.max())))
