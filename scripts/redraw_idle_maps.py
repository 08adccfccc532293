"""Give the idle channels of a U-Net that denoises a new start; what it does stays the same.

A channel that is zero for all pictures gets no gradient. Its kernel is drawn anew, normal and as
large as those of its layer, with their gain, and with a sum of zero over places, so that maps which
are above zero do not decide alone whether it is active. The weights that read it are set to zero:
the answers do not change beyond rounding, and a further run of training can use it. Channels that
several layers read, the last of a block, are left as they are.

export SCORELET_DATA=...                         # cifar10.npz below it
python scripts/redraw_idle_maps.py cifar10-denoiser redrawn.safetensors
"""

import argparse
from pathlib import Path

import torch
from idle_maps import idle, unit_variances
from torch import nn

from scorelet.core.random import generator, randn
from scorelet.core.typing import Image
from scorelet.data.labelled import load_labelled
from scorelet.models import ResidualDenoiser
from scorelet.networks.normalization import BiasFreeBatchNorm
from scorelet.zoo import load_as, save

DATA, HELD_OUT, PICTURES = "cifar10.npz", 10_000, 200


@torch.no_grad()
def redraw(denoiser: ResidualDenoiser, x: Image, rng: torch.Generator) -> dict[str, list[int]]:
    """Redraw idle channels of the first of two convolutions, until none is; return all of them.

    Args:
        denoiser: its network has blocks of convolution, norm, ReLU, convolution.
        x: clean pictures on which channels are watched.
        rng: what is drawn from.
    """
    first = {name for name in unit_variances(denoiser, x) if _is_first(denoiser, name)}
    found: dict[str, set[int]] = {}
    while dead := {
        name: idle(variance).nonzero()[:, 0].tolist()
        for name, variance in unit_variances(denoiser, x).items()
        if name in first and idle(variance).any()
    }:
        for name, rows in dead.items():
            _redraw_rows(denoiser, name, rows, rng)
            found[name] = found.get(name, set()) | set(rows)
    return {name: sorted(rows) for name, rows in found.items()}


def _around(denoiser: ResidualDenoiser, name: str) -> list[nn.Module]:
    """Return the two modules before a ReLU of a block, itself, and the one after it."""
    block, place = name.rsplit(".", 1)
    return list(denoiser.get_submodule(block).children())[int(place) - 2 :][:4]


def _is_first(denoiser: ResidualDenoiser, name: str) -> bool:
    """Whether it is a ReLU after convolution and norm, which one convolution reads."""
    kinds = [type(module) for module in _around(denoiser, name)]
    return kinds == [nn.Conv2d, BiasFreeBatchNorm, nn.ReLU, nn.Conv2d]


def _redraw_rows(
    denoiser: ResidualDenoiser, name: str, rows: list[int], rng: torch.Generator
) -> None:
    writes, norm, _, reads = _around(denoiser, name)
    assert isinstance(writes, nn.Conv2d)
    assert isinstance(norm, BiasFreeBatchNorm)
    assert isinstance(reads, nn.Conv2d)
    drawn = randn(writes.weight[rows].shape, rng=rng).to(writes.weight)
    writes.weight[rows] = writes.weight.std() * (drawn - drawn.mean((2, 3), keepdim=True))
    norm.gain[rows] = norm.gain.abs().median()
    reads.weight[:, rows] = 0


def watched() -> Image:
    """Return pictures on which channels are watched: the first that were held out."""
    _, held = load_labelled(DATA).hold_out(HELD_OUT)
    return held.images(0, PICTURES)


def main() -> None:
    """Read, redraw, write."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("source")
    parser.add_argument("output", type=Path)
    words = parser.parse_args()
    denoiser = load_as(ResidualDenoiser, words.source, verb="redraw").eval()
    for name, rows in redraw(denoiser, watched(), generator(0)).items():
        print(f"{name}: channels {rows} drawn anew")
    save(denoiser, words.output)


if __name__ == "__main__":
    main()
