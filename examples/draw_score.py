"""Draw what a denoiser does to every noisy image: it moves it uphill, along the score.

The images have two pixels, so that their density can be drawn. It is a mixture of three Gaussians,
whose denoiser is known in closed form. Arrows lead a third of the way from y to
f(y) = y + σ² ∇ log p_σ(y).

Run:  python examples/draw_score.py docs/images/score.png
"""

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import torch

from scorelet.models import GaussianMixtureDenoiser
from scorelet.plots import png
from scorelet.plots.figures import COLOURS, new_figure

if TYPE_CHECKING:
    from matplotlib.axes import Axes

LEVELS = (0.08, 0.2)
MEANS = ((0.25, 0.3), (0.75, 0.35), (0.5, 0.8))


def mixture() -> GaussianMixtureDenoiser:
    """Return a law of images with two pixels, (1, 1, 2)."""
    means = torch.tensor(MEANS, dtype=torch.float64).reshape(-1, 1, 1, 2)
    weights = torch.tensor([0.4, 0.35, 0.25], dtype=torch.float64)
    return GaussianMixtureDenoiser(weights, means, torch.full_like(weights, 0.03**2))


def main(path: Path) -> None:
    """Write the drawing to `path`."""
    model = mixture()
    figure = new_figure(8.4, 4.2)
    for axes, sigma in zip(figure.subplots(1, 2, sharey=True), LEVELS, strict=True):
        _draw(axes, model, sigma)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(png(figure, dpi=72))


def _draw(axes: "Axes", model: GaussianMixtureDenoiser, sigma: float) -> None:
    fine, coarse = _grid(120), _grid(12)
    density = model.log_density(fine, sigma).exp().reshape(120, 120)
    axes.contourf(*_axes(fine, 120), density, levels=8, cmap="Blues")
    step = (model(coarse, sigma) - coarse).reshape(-1, 2) / 3
    y = coarse.reshape(-1, 2)
    axes.quiver(*y.T, *step.T, angles="xy", scale_units="xy", scale=1, width=0.004, color="0.25")
    axes.plot(*zip(*MEANS, strict=True), "o", color=COLOURS[1], ms=5)
    axes.set(title=f"σ = {sigma}", aspect="equal", xlim=(0, 1), ylim=(0, 1.1), xlabel="pixel 1")
    if axes.get_subplotspec().is_first_col():
        axes.set_ylabel("pixel 2")


def _grid(count: int) -> torch.Tensor:
    """Images (count², 1, 1, 2) that fill the unit square and a little more."""
    line = torch.linspace(0, 1.1, count, dtype=torch.float64)
    second, first = torch.meshgrid(line, line, indexing="ij")
    return torch.stack([first, second], -1).reshape(-1, 1, 1, 2)


def _axes(grid: torch.Tensor, count: int) -> tuple[torch.Tensor, torch.Tensor]:
    first, second = grid.reshape(count, count, 2).unbind(-1)
    return first, second


if __name__ == "__main__":
    main(Path(sys.argv[1]))
