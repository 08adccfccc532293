"""An attack on one picture, drawn beside the denoisings that explain it."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from scorelet.plots.figures import new_figure
from scorelet.plots.robustness import amplification

if TYPE_CHECKING:
    from matplotlib.figure import Figure


@dataclass(frozen=True)
class Panel:
    """A picture of the figure.

    Attributes:
        pixels: (height, width, channels), in [0, 1], or a difference around 0.
        title: in one or two short lines.
        signed: whether it is a difference, which is drawn around gray, as strong as it can be.
    """

    pixels: np.ndarray
    title: str
    signed: bool = False


def attack_figure(rows: tuple[tuple[Panel, ...], ...], title: str = "") -> "Figure":
    """Draw rows of panels."""
    wide = max(map(len, rows))
    figure = new_figure(2.1 * wide, 2.6 * len(rows))
    if title:
        figure.suptitle(title, fontsize="medium")
    axes = figure.subplots(len(rows), wide, squeeze=False)
    for line, panels in zip(axes, rows, strict=True):
        for axis in line:
            axis.axis("off")
        for axis, panel in zip(line, panels, strict=False):
            pixels, title = _shown(panel)
            axis.imshow(pixels, cmap="gray", vmin=0, vmax=1, interpolation="nearest")
            axis.set_title(title, fontsize="small")
    return figure


def _shown(panel: Panel) -> tuple[np.ndarray, str]:
    pixels, title = panel.pixels, panel.title
    if panel.signed:
        factor = amplification([pixels])
        pixels, title = 0.5 + factor * pixels, f"{title}\nx {factor:,}"
    return (pixels[..., 0] if pixels.shape[2] == 1 else pixels).clip(0, 1), title
