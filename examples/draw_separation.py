"""Train a small network on scikit-learn's digits, and draw how well its layers separate them.

Half of the digits are for training, half are measured. Separation is the Fisher ratio without bias.

Run:  python examples/draw_separation.py docs/images/separation.png
"""

import sys
from pathlib import Path

import torch
from torch import Tensor, nn

import scorelet as sl
from scorelet.plots import png
from scorelet.plots.figures import COLOURS, new_figure


def digits() -> tuple[Tensor, Tensor]:
    """Return 1797 pictures (n, 1, 8, 8) with values in [0, 1], and their classes (n,)."""
    from sklearn.datasets import load_digits

    found = load_digits()
    return torch.from_numpy(found.images).float()[:, None] / 16, torch.from_numpy(found.target)


def network() -> nn.Sequential:
    """Return a network of three convolutions and a linear layer, with weights of its own seed."""
    torch.manual_seed(0)  # the constructors of torch's layers know no generator
    return nn.Sequential(
        *(nn.Conv2d(1, 16, 3, padding=1), nn.ReLU()),
        *(nn.Conv2d(16, 32, 3, padding=1, stride=2), nn.ReLU()),
        *(nn.Conv2d(32, 32, 3, padding=1, stride=2), nn.ReLU()),
        *(nn.Flatten(), nn.Linear(128, 10)),
    )


def fit(net: nn.Module, x: Tensor, y: Tensor, *, steps: int) -> None:
    """Minimise the cross-entropy, 64 pictures a step."""
    rng = torch.Generator().manual_seed(0)
    optimizer = torch.optim.AdamW(net.parameters(), lr=3e-3)
    for _ in range(steps):
        picked = torch.randint(len(x), (64,), generator=rng)
        optimizer.zero_grad()
        nn.functional.cross_entropy(net(x[picked]), y[picked]).backward()
        optimizer.step()


def main(path: Path, *, steps: int = 400) -> float:
    """Write the drawing to `path`; return the accuracy after training."""
    x, y = digits()
    half = len(x) // 2
    net = network()
    before = sl.fisher_profile(net, (x[half:], y[half:]))
    fit(net, x[:half], y[:half], steps=steps)
    after = sl.fisher_profile(net, (x[half:], y[half:]))
    figure = new_figure(7.2, 3.6)
    axes = figure.subplots()
    for colour, title, profile in zip(
        COLOURS, ("random weights", "trained"), (before, after), strict=False
    ):
        ratios = [layer.fisher.corrected for layer in profile.layers]
        axes.plot(range(len(ratios)), ratios, "o-", color=colour, label=title)
    names = [_title(net, layer.name) for layer in after.layers]
    axes.set_xticks(range(len(names)), names, rotation=30, ha="right")
    axes.set(ylabel="Fisher ratio", yscale="log")
    axes.spines[["top", "right"]].set_visible(False)
    axes.legend(frameon=False)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(png(figure, dpi=80))
    with torch.no_grad():
        return float((net(x[half:]).argmax(1) == y[half:]).float().mean())


def _title(net: nn.Sequential, name: str) -> str:
    return name if name == "input" else type(net[int(name)]).__name__


if __name__ == "__main__":
    print(f"accuracy {main(Path(sys.argv[1])):.3f}")
