"""Train two networks from two seeds, and draw whether their weights have learned the same.

scikit-learn's digits; networks of two convolutions and two linear layers, without weight decay. On
the left the learned directions of the second convolution are compared as they are, in the middle
after the alignment, on the right the similarity S of all layers.

Run:  python examples/draw_weights.py docs/images/weights.png
"""

import sys
from pathlib import Path

import torch
from torch import Tensor, nn

import scorelet as sl
from scorelet.analysis.weight_covariance import eigenvector_cosines
from scorelet.plots import png
from scorelet.plots.figures import COLOURS, new_figure
from scorelet.tasks.weights.compare import Comparison

LAYER = "2"
SHOWN = 16


def network(seed: int) -> nn.Sequential:
    """Return a network with the weights of a seed."""
    torch.manual_seed(seed)  # the constructors of torch's layers know no generator
    return nn.Sequential(
        *(nn.Conv2d(1, 32, 3, padding=1), nn.ReLU()),
        *(nn.Conv2d(32, 128, 3, stride=2), nn.ReLU()),
        *(nn.Flatten(), nn.Linear(128 * 9, 256), nn.ReLU(), nn.Linear(256, 10)),
    )


def fit(net: nn.Module, x: Tensor, y: Tensor, *, steps: int, seed: int) -> None:
    """Minimise the cross-entropy by gradient descent with momentum, 64 pictures a step."""
    rng = torch.Generator().manual_seed(seed)
    optimizer = torch.optim.SGD(net.parameters(), lr=0.05, momentum=0.9)
    for _ in range(steps):
        picked = torch.randint(len(x), (64,), generator=rng)
        optimizer.zero_grad()
        nn.functional.cross_entropy(net(x[picked]), y[picked]).backward()
        optimizer.step()


def digits() -> tuple[Tensor, Tensor]:
    """Return 1797 pictures (n, 1, 8, 8) with values in [0, 1], and their classes (n,)."""
    from sklearn.datasets import load_digits

    found = load_digits()
    return torch.from_numpy(found.images).float()[:, None] / 16, torch.from_numpy(found.target)


def main(path: Path, *, steps: int = 600) -> Comparison:
    """Write the drawing to `path`; return the comparison."""
    from scorelet.data.labelled import LabelledImages

    x, y = digits()
    networks = [network(seed) for seed in (0, 1)]
    for seed, net in enumerate(networks):
        fit(net, x, y, steps=steps, seed=seed)
    pixels = (255 * x).round().byte().permute(0, 2, 3, 1).numpy()
    images = LabelledImages(pixels, y.numpy(), tuple("0123456789"))
    found = sl.weights.compare(*networks, data=images, limit=None)
    _draw(path, found)
    return found


def _draw(path: Path, found: Comparison) -> None:
    (layer,) = (layer for layer in found.layers if layer.aligned.name == LAYER)
    as_they_are = eigenvector_cosines(layer.spectra[0].learned, layer.spectra[1].learned)
    figure = new_figure(10, 3)
    axes = figure.subplots(1, 3)
    for place, title, matrix in (
        (axes[0], "as they are", as_they_are),
        (axes[1], "aligned", layer.cosines),
    ):
        shown = matrix[:SHOWN, :SHOWN].numpy()
        drawn = place.imshow(shown, cmap="Greys", vmin=0, vmax=1)
        place.set(title=title, xlabel="direction, second network", ylabel="first network")
        figure.colorbar(drawn, ax=place, label="|cosine|")
    entries = found.document["layers"]
    names = ["conv 1", "conv 2", "linear 1", "linear 2"]
    values = [float("nan") if e["S_mean"] is None else e["S_mean"] for e in entries]
    bars = [e["bootstrap_sd"] or 0 for e in entries]
    axes[2].errorbar(names, values, bars, fmt="o-", color=COLOURS[0], capsize=3)
    axes[2].axhline(0, color="0.4", ls="--", lw=0.9)
    axes[2].set(title="similarity S", ylim=(-0.1, 1.1))
    axes[2].spines[["top", "right"]].set_visible(False)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(png(figure, dpi=80))


if __name__ == "__main__":
    for entry in main(Path(sys.argv[1])).document["layers"]:
        print({k: v for k, v in entry.items() if k != "eigenvector_cosines"})
