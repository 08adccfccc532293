"""Draw how classes are separated by moduli, and concentrated by a soft threshold.

First two panels: both classes lie on both sides of the origin, so they have one mean and no line
parts them; moduli have two means. Last two panels: coefficients of one sample in noise, before and
after a threshold, which keeps what the mean of its class has (circles) and takes the rest out.

Run:  python examples/draw_concentration.py docs/images/concentration.png
"""

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import torch
from torch import Tensor

from scorelet.analysis.fisher import fisher_ratio
from scorelet.analysis.fisher_moments import ClassMoments
from scorelet.core.random import generator
from scorelet.networks.concentration import shrink
from scorelet.plots import png
from scorelet.plots.figures import COLOURS, new_figure

if TYPE_CHECKING:
    from matplotlib.axes import Axes

COUNT, DIMENSION, VALUE, THRESHOLD = 600, 64, 4.0, 1.5


def main(path: Path) -> list[float]:
    """Write the drawing; return tr Σ_B / tr Σ_W of what each panel shows."""
    rng = generator(0)
    y = torch.arange(COUNT) % 2
    sign = torch.randint(2, (COUNT, 1), generator=rng) * 2 - 1
    x = 3 * sign * torch.eye(2)[y] + 0.8 * torch.randn(COUNT, 2, generator=rng)
    means = torch.zeros(2, DIMENSION)
    means[0, 5::20] = means[1, 12::20] = VALUE
    noisy = means[y] + torch.randn(COUNT, DIMENSION, generator=rng)
    kept = shrink(noisy, "soft", THRESHOLD)
    figure = new_figure(9.6, 2.7)
    grid = figure.subplots(1, 4)
    _draw_clouds(grid[0], "two classes", x, y)
    _draw_clouds(grid[1], "separated: their moduli", x.abs(), y)
    _draw_sample(grid[2], "one sample", noisy[0], means[0])
    _draw_sample(grid[3], "concentrated: a threshold", kept[0], means[0])
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(png(figure, dpi=72))
    return [_trace_ratio(u, y) for u in (x, x.abs(), noisy, kept)]


def _draw_clouds(axes: "Axes", title: str, points: Tensor, y: Tensor) -> None:
    for number, colour in enumerate(COLOURS[:2]):
        mine = points[y == number]
        axes.scatter(*mine.T.numpy(), s=5, alpha=0.5, lw=0, color=colour)
        axes.plot(*mine.mean(0).numpy(), "o", ms=9, color=colour, mec="black", mew=1)
    axes.set_title(title, fontsize="medium")
    axes.set(xticks=[], yticks=[])


def _draw_sample(axes: "Axes", title: str, values: Tensor, mean: Tensor) -> None:
    places = range(len(values))
    axes.vlines(places, 0, values.numpy(), color=COLOURS[0], lw=1.5)
    large = mean.nonzero()[:, 0]
    axes.plot(large.numpy(), mean[large].numpy(), "o", mfc="none", color=COLOURS[1])
    axes.axhline(0, color="0.6", lw=0.8)
    axes.set_title(title, fontsize="medium")
    axes.set(xticks=[], ylim=(-3.5, 5.5), xlabel="coefficients")


def _trace_ratio(u: Tensor, y: Tensor) -> float:
    moments = ClassMoments(torch.bincount(y).tolist(), u.shape[1])
    moments.update(u, y)
    return fisher_ratio(moments).trace_ratio


if __name__ == "__main__":
    print(main(Path(sys.argv[1])))
