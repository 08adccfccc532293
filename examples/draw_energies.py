"""Draw energies of one pixel at several noise levels, and fields of an energy with two valleys.

Above: U_σ = -log p_σ of a mixture of two Gaussians; noise lowers the barrier. Below: fields of the
lattice φ⁴ energy, whose neighbours agree more from left to right.

Run:  python examples/draw_energies.py docs/images/energies.png
"""

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import torch

from scorelet.models import GaussianMixtureDenoiser
from scorelet.plots import png
from scorelet.plots.figures import COLOURS, new_figure
from scorelet.sampling import Phi4

if TYPE_CHECKING:
    from matplotlib.axes import Axes

LEVELS = (0.05, 0.1, 0.2)
PRESETS = ("disordered", "critical", "ordered")


def main(path: Path, *, side: int = 64) -> None:
    """Write the drawing to `path`; `side` of the fields, in pixels."""
    figure = new_figure(8.8, 5.6)
    above, below = figure.subfigures(2, 1, height_ratios=[1, 1.1])
    _draw_energies(above.subplots())
    for axes, name in zip(below.subplots(1, 3), PRESETS, strict=True):
        law = Phi4.preset(name)
        field = law.sample(1, side, seed=3)[0, 0]
        axes.imshow(field.numpy(), cmap="gray", vmin=-1.6, vmax=1.6)
        axes.set_title(f"{name}: b = {law.b}", fontsize="medium")
        axes.set_axis_off()
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(png(figure, dpi=80))


def _draw_energies(axes: "Axes") -> None:
    weights = torch.tensor([0.6, 0.4], dtype=torch.float64)
    means = torch.tensor([0.25, 0.75], dtype=torch.float64).reshape(2, 1, 1, 1)
    model = GaussianMixtureDenoiser(weights, means, torch.full_like(weights, 0.05**2))
    y = torch.linspace(0, 1, 201, dtype=torch.float64)
    for colour, sigma in zip(COLOURS, LEVELS, strict=False):
        energy = -model.log_density(y.reshape(-1, 1, 1, 1), sigma)
        axes.plot(y, energy, color=colour, label=f"σ = {sigma}")
    axes.set(xlabel="value y of the pixel", ylabel="energy −log p_σ(y)")
    axes.spines[["top", "right"]].set_visible(False)
    axes.legend(frameon=False, loc="center left", bbox_to_anchor=(1, 0.5))


if __name__ == "__main__":
    main(Path(sys.argv[1]))
