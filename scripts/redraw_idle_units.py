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
from unit_watch import Watch, drawn_rows, load_network, watch_on_pictures

from scorelet.core.checkpoint import save_tensors
from scorelet.core.random import generator
from scorelet.networks import ShuffleUNet

RARELY = 0.01
"""Share of places below which a unit counts as idle."""


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
    expand[idle] = drawn_rows(watch.moments / gain.outer(gain), int(idle.sum()), rng)[
        ..., None, None
    ]
    reduce[:, idle] = 0
    return int(idle.sum())


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
    network, header = load_network(words.source)
    rng = generator(0)
    for name, watch in watch_on_pictures(network, words.slope, words.data).items():
        print(f"{name}: {redraw(watch, rng)} of {watch.block.expand.out_channels} units redrawn")
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
