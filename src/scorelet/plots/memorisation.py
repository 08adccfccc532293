"""Figures of an audit: samples of twins beside training pictures, curves and histograms."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np
from torch import Tensor

from scorelet.plots.figures import COLOURS, new_figure

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

_BINS = np.linspace(-1, 1, 51)
_LOW = -0.2  # where axes begin, unless there is less


def twins_figure(rows: Mapping[str, Tensor]) -> "Figure":
    """Draw pictures in rows with titles: those below each other belong together.

    Args:
        rows: (n, 1 or 3, height, width) by title, values in [0, 1], as many in each.
    """
    count = max(len(images) for images in rows.values())
    figure = new_figure(1.1 * count + 1.6, 1.15 * len(rows))
    axes = figure.subplots(len(rows), count, squeeze=False)
    for line, (title, images) in zip(axes, rows.items(), strict=True):
        for place, image in zip(line, images, strict=False):
            pixels = image.permute(1, 2, 0).float().cpu().numpy().clip(0, 1)
            gray = pixels.shape[2] == 1
            place.imshow(pixels[..., 0] if gray else pixels, cmap="gray", vmin=0, vmax=1)
        for place in line:
            place.set_xticks([])
            place.set_yticks([])
            place.spines[:].set_visible(False)
        line[0].set_ylabel(title, rotation=0, ha="right", va="center", fontsize="small")
    return figure


def gap_figure(
    decibels: Sequence[float], curves: Mapping[str, tuple[Sequence[float], Sequence[float] | None]]
) -> "Figure":
    """Draw output over input PSNR: of each title training pictures (dashed) and held-out ones.

    Args:
        decibels: input PSNR.
        curves: (held-out, training) PSNR by title; training may be unknown.
    """
    figure = new_figure(6.4, 4.4)
    axes = figure.subplots()
    for k, (title, (held_out, train)) in enumerate(curves.items()):
        colour = f"C{k}"
        axes.plot(decibels, held_out, "o-", color=colour, ms=4, label=f"{title}, held out")
        if train is not None:
            axes.plot(decibels, train, "s--", color=colour, ms=4, label=f"{title}, training")
    axes.plot(decibels, decibels, color="0.7", lw=0.8, label="nothing done")
    axes.set_xlabel("input PSNR (dB)")
    axes.set_ylabel("output PSNR (dB)")
    axes.spines[["top", "right"]].set_visible(False)
    axes.legend(frameon=False, fontsize="small")
    return figure


def histograms_figure(
    sets: Mapping[str, tuple[Sequence[float], Sequence[float] | None]],
    *,
    first: str | None = "twin's sample",
) -> "Figure":
    """Draw for each title which share has which cosine: with twins, and with training pictures.

    Args:
        sets: two kinds of cosines by title; of the second there may be none.
        first: what the first are with, if a legend is to say it.
    """
    figure = new_figure(2.6 * len(sets) + 0.9, 2.6)
    axes = figure.subplots(1, len(sets), squeeze=False, sharey=True)[0]
    for place, (title, (pairs, near)) in zip(axes, sets.items(), strict=True):
        _histogram(place, pairs, COLOURS[0], first)
        if near is not None:
            _histogram(place, near, COLOURS[1], "nearest training picture")
        place.set_title(title, fontsize="small")
        place.set_xlabel("cosine")
        place.set_xlim(_first_bin([*pairs, *(near or ())]), 1)
        place.spines[["top", "right"]].set_visible(False)
    axes[0].set_ylabel("share")
    if first is not None:
        axes[0].legend(frameon=False, fontsize="x-small", loc="upper left")
    return figure


def _first_bin(cosines: Sequence[float]) -> float:
    """Where the bin of the least cosine begins, or -0.2 if that is less."""
    least = float(np.clip(min(cosines, default=1), -1, 1))
    return min(_LOW, float(_BINS[least >= _BINS].max()))


def _histogram(axes: "Axes", cosines: Sequence[float], colour: str, label: str | None) -> None:
    values = np.clip(cosines, -1, 1)
    axes.hist(
        values, _BINS.tolist(), weights=np.full(len(values), 1 / max(1, len(values))),
        color=colour, alpha=0.7, label=label,
    )  # fmt: skip
