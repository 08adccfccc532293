"""Attacked pictures beside what they were made from, and their differences."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from scorelet.plots.figures import new_figure

if TYPE_CHECKING:
    from matplotlib.figure import Figure

_HALF = 0.5  # of the gray scale, that the largest difference takes


@dataclass(frozen=True)
class Example:
    """A picture that an attack has broken.

    Attributes:
        clean, attacked: (height, width, channels) in [0, 1].
        before, after: what the classifier says of them.
        radius: at which it broke, in words.
    """

    clean: np.ndarray
    attacked: np.ndarray
    before: str
    after: str
    radius: str

    @property
    def difference(self) -> np.ndarray:
        """What was added."""
        return self.attacked - self.clean


def amplification(differences: Sequence[np.ndarray]) -> int:
    """Return the whole factor by which differences are drawn, the same for all."""
    largest = max(float(np.abs(one).max()) for one in differences)
    return max(1, int(_HALF / largest)) if largest > 0 else 1


def examples_figure(examples: Sequence[Example]) -> "Figure":
    """Draw pictures, attacked pictures and amplified differences around gray, in three rows."""
    factor = amplification([one.difference for one in examples])
    figure = new_figure(1.5 * len(examples) + 0.4, 5.2)
    axes = figure.subplots(3, len(examples), squeeze=False)
    for column, one in zip(axes.T, examples, strict=True):
        difference = 0.5 + factor * one.difference
        panels = (
            (one.clean, one.before),
            (one.attacked, one.after),
            (difference, f"ε = {one.radius}"),
        )
        for axis, (pixels, title) in zip(column, panels, strict=True):
            shown = pixels[..., 0] if pixels.shape[2] == 1 else pixels
            axis.imshow(shown.clip(0, 1), cmap="gray", vmin=0, vmax=1, interpolation="nearest")
            axis.set_title(title, fontsize="small")
            axis.set_xticks([])
            axis.set_yticks([])
    for axis, word in zip(axes[:, 0], ("clean", "attacked", f"difference x {factor}"), strict=True):
        axis.set_ylabel(word, fontsize="small")
    return figure
