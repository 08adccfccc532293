"""Give the hidden units of a ShuffleUNet that are never active a new start; take blocks out.

A hidden unit that is negative for all pictures does nothing, and gets next to no gradient. Its row
of P₁ is drawn anew, with a normal law in which all directions of its input have the same power, and
its column of P₂ is set to zero: the network's function stays what it was, and the unit can learn.
Rows and columns of the others are balanced to equal norms, kernels of D to norm one.

Run:  python scripts/redraw_idle_units.py OLD.safetensors NEW.safetensors --slope 0 \
          --drop encoders.0.2 decoders.0.2
"""

import argparse
from pathlib import Path

import torch
import torch.nn.functional as F
from torch import Tensor

from scorelet.core.checkpoint import load_tensors, save_tensors
from scorelet.core.random import generator, randn
from scorelet.data import load_pictures, locate, to_unit
from scorelet.networks import ShuffleUNet
from scorelet.networks.shuffle_unet import ResidualBlock

RARELY = 0.01
"""Share of places below which a unit counts as idle."""


class Watch:
    """Second moments of a block's filtered input, and how often its units are active."""

    def __init__(self, block: ResidualBlock, slope: float) -> None:
        self.block, self.slope = block, slope
        self.moments: Tensor | float = 0.0
        self.active: Tensor | float = 0.0
        self.calls = 0

    def __call__(self, x: Tensor, *, overwrite: bool = False) -> Tensor:
        """Do what the block does, and take notes; x is never overwritten."""
        block = self.block
        filtered = block.spatial(x)
        hidden = block.expand(filtered)
        rows = filtered.movedim(1, 0).flatten(1).double()
        self.moments = self.moments + rows @ rows.mT / rows.shape[1]
        self.active = self.active + (hidden > 0).double().mean((0, 2, 3))
        self.calls += 1
        return block.reduce(F.leaky_relu(hidden, self.slope)) + x


def redraw(watch: Watch, rng: torch.Generator) -> int:
    """Redraw the idle units of one block; return their number."""
    spatial, expand, reduce = (
        part.weight for part in (watch.block.spatial, watch.block.expand, watch.block.reduce)
    )
    gain = spatial.flatten(1).norm(dim=1)
    spatial /= gain[:, None, None, None]
    expand *= gain[:, None, None]
    idle = watch.active / watch.calls < RARELY
    balance = (reduce.flatten(1).norm(dim=0) / expand.flatten(1).norm(dim=1)).sqrt()
    expand *= balance[:, None, None, None]
    reduce /= balance[:, None, None]
    expand[idle] = _rows(watch.moments / gain.outer(gain), int(idle.sum()), rng)[..., None, None]
    reduce[:, idle] = 0
    return int(idle.sum())


def _rows(moments: Tensor, count: int, rng: torch.Generator) -> Tensor:
    """Draw rows of norm one whose products with an input of these moments all look alike."""
    powers, directions = torch.linalg.eigh(moments)
    root = (directions / powers.clamp(min=1e-4 * powers.mean()).sqrt()) @ directions.mT
    rows = randn((count, len(moments)), rng=rng).double() @ root
    return (rows / rows.norm(dim=1, keepdim=True)).float()


def without(network: ShuffleUNet, names: list[str]) -> ShuffleUNet:
    """Return the network without some of its blocks."""
    options = dict(network.options)
    for name in names:
        side, level, place = name.split(".")
        del getattr(network, side)[int(level)][int(place)]
        counts = options[side.removesuffix("s")]
        counts[int(level)] -= 1
    smaller = ShuffleUNet(**options)
    smaller.load_state_dict(network.state_dict())
    return smaller


@torch.no_grad()
def main(words: argparse.Namespace) -> None:
    """Read, watch on noisy pictures, redraw, write."""
    tensors, header = load_tensors(words.source)
    network = ShuffleUNet(**header["options"])
    network.load_state_dict(tensors)
    network.float()
    blocks = {n: b for n, b in network.named_modules() if isinstance(b, ResidualBlock)}
    watches = {name: Watch(block, words.slope) for name, block in blocks.items()}
    for name, block in blocks.items():
        block.forward = watches[name]
    rng = generator(0)
    for pixels in list(load_pictures(locate(words.data), channels=3))[:20]:
        x = torch.from_numpy(to_unit(pixels)).permute(2, 0, 1)[None].float()
        for sigma in (5, 25, 50):
            network(x + sigma / 255 * randn(x.shape, rng=rng))
    for name, block in blocks.items():
        del block.forward
        print(f"{name}: {redraw(watches[name], rng)} of {block.expand.out_channels} units redrawn")
    smaller = without(network, words.drop)
    save_tensors(words.output, smaller.state_dict(), header | {"options": smaller.options})


if __name__ == "__main__":
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("source", type=Path)
    parser.add_argument("output", type=Path)
    parser.add_argument("--slope", type=float, default=0.1, help="of the leaky ReLU of the old one")
    parser.add_argument("--drop", nargs="*", default=[], help="blocks to take out")
    parser.add_argument("--data", default="photos/bsd400", help="pictures to watch it on")
    main(parser.parse_args())
