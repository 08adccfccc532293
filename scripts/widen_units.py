"""Give the blocks of a ShuffleUNet more hidden units; its function stays what it was.

The new rows of P₁ are drawn with a normal law in which all directions of their input have the same
power, and get the mean norm of the old ones; the new columns of P₂ are zero.

Run:  python scripts/widen_units.py OLD.safetensors NEW.safetensors --expansion 2 3 4
"""

import argparse
from pathlib import Path

import torch
from torch import nn
from unit_watch import Watch, drawn_rows, load_network, watch_on_pictures

from scorelet.core.checkpoint import save_tensors
from scorelet.core.random import generator
from scorelet.networks import ShuffleUNet
from scorelet.networks.fused import SLOPE
from scorelet.networks.shuffle_unet import ResidualBlock


def widened(watch: Watch, expansion: int, rng: torch.Generator) -> ResidualBlock:
    """Return the watched block with `expansion` times its width of hidden units."""
    old = watch.block
    width, units = old.reduce.out_channels, old.expand.out_channels
    wide = ResidualBlock(width, expansion)
    count = expansion * width - units
    if count < 0:
        raise ValueError(f"a block has {units} units, more than {expansion} times {width}")
    rows = old.expand.weight.flatten(1)
    new = drawn_rows(watch.moments / watch.calls, count, rng) * rows.norm(dim=1).mean()
    wide.spatial.weight.copy_(old.spatial.weight)
    wide.expand.weight.copy_(torch.cat([rows, new])[..., None, None])
    wide.reduce.weight.copy_(nn.functional.pad(old.reduce.weight, (0, 0, 0, 0, 0, count)))
    return wide


@torch.no_grad()
def main(words: argparse.Namespace) -> None:
    """Read, watch on noisy pictures, widen, write."""
    network, header = load_network(words.source)
    rng = generator(0)
    for name, watch in watch_on_pictures(network, SLOPE, words.data).items():
        side, level, place = name.split(".")
        getattr(network, side)[int(level)][int(place)] = widened(
            watch, words.expansion[int(level)], rng
        )
    wide = ShuffleUNet(**(network.options | {"expansion": words.expansion}))
    wide.load_state_dict(network.state_dict())
    save_tensors(words.output, wide.state_dict(), header | {"options": wide.options})


if __name__ == "__main__":
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("source", type=Path)
    parser.add_argument("output", type=Path)
    parser.add_argument("--expansion", type=int, nargs="+", required=True, help="finest first")
    parser.add_argument("--data", default="photos/bsd400", help="pictures to watch it on")
    main(parser.parse_args())
