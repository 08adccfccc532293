"""Give the levels of a ShuffleUNet more residual blocks; its function stays exactly what it was.

A new block stands at the end of its chain and adds zero: its P₂ is zero, and learns first.
scripts/centre_units.py puts units astride their kink where many of a block are beside it.

Run:  python scripts/add_blocks.py OLD.safetensors NEW.safetensors --encoder 2 3 8 --decoder 4 4
"""

import argparse
from collections.abc import Sequence
from pathlib import Path

import torch
from unit_watch import load_network

from scorelet.core.checkpoint import save_tensors
from scorelet.networks import ShuffleUNet


@torch.no_grad()
def deepened(network: ShuffleUNet, **counts: Sequence[int]) -> ShuffleUNet:
    """Return the network with `encoder` and `decoder` blocks, of which the new ones add zero."""
    deep = ShuffleUNet(**(network.options | counts))
    for name, part in deep.named_modules():
        if name.endswith("reduce"):
            part.weight.zero_()
    left = deep.load_state_dict(network.state_dict(), strict=False).unexpected_keys
    if left:
        raise ValueError(f"the network has more blocks than that: {left[0]}")
    return deep


def main(words: argparse.Namespace) -> None:
    """Read, add, write."""
    torch.manual_seed(0)
    network, header = load_network(words.source)
    deep = deepened(network, encoder=words.encoder, decoder=words.decoder)
    save_tensors(words.output, deep.state_dict(), header | {"options": deep.options})


if __name__ == "__main__":
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("source", type=Path)
    parser.add_argument("output", type=Path)
    parser.add_argument("--encoder", type=int, nargs="+", required=True, help="finest first")
    parser.add_argument("--decoder", type=int, nargs="+", required=True, help="finest first")
    main(parser.parse_args())
