"""Centre the hidden units of a ShuffleUNet that have drifted to one side of their kink.

Such a unit is linear. Together those of one block are a matrix L on the filtered input z = D x,
and a matrix needs no drift: with its singular vectors u_i, v_i, and a direction m with m·z > 0,

    L z = sum_i u_i [ρ(w_i·z) - ρ(-w_i·z)] / (1 + slope) + (sum_i c_i u_i) ρ(m·z),

where w_i = v_i - c_i m is centred, E w_i·z = 0. A block with k drifted units gets (k - 1)/2 such
pairs and one unit of direction m: the function stays (almost) what it was, and units that were
only linear lie astride their kink, where they can learn. Units that nobody reads, such as those of
scripts/widen_units.py, join them; the rows of those that are left over are drawn anew.

Run:  python scripts/centre_units.py OLD.safetensors NEW.safetensors
"""

import argparse
from pathlib import Path
from typing import NamedTuple

import torch
from torch import Tensor
from unit_watch import Watch, drawn_rows, load_network, watch_on_pictures

from scorelet.core.checkpoint import save_tensors
from scorelet.core.random import generator
from scorelet.networks.fused import SLOPE


class Drift(NamedTuple):
    """What replaces the rows of P₁ and the columns of P₂ of a block's drifted units."""

    rows: Tensor
    columns: Tensor
    kept: float
    """Share of the power of the block's linear part that the pairs carry."""


def centre(watch: Watch, share: float, rng: torch.Generator) -> tuple[int, float]:
    """Centre the drifted units of one block; return their number and the power that is kept."""
    expand, reduce = watch.block.expand.weight, watch.block.reduce.weight
    p1, p2 = expand.flatten(1).double(), reduce.flatten(1).double()
    active = watch.active / watch.calls
    drifted = (active < share) | (active > 1 - share)
    if int(drifted.sum()) < len(drifted) / 4:  # a few linear units may be wanted
        return 0, 1.0
    drifted |= (p2 == 0).all(0)  # units that nobody reads are free
    count = int(drifted.sum())
    gains = torch.where(active[drifted] < 0.5, SLOPE, 1.0)
    linear = (p2[:, drifted] * gains) @ p1[drifted]
    moments = watch.moments / watch.calls
    new = pairs_of(linear, moments, watch.means / watch.calls, count)
    rows, columns = _balanced(new.rows, new.columns)
    idle = ~columns.any(0)
    rows[idle] = drawn_rows(moments, int(idle.sum()), rng).double() * p1.norm(dim=1).mean()
    p1[drifted], p2[:, drifted] = rows, columns
    expand.copy_(p1[..., None, None])
    reduce.copy_(p2[..., None, None])
    return count, new.kept


def pairs_of(linear: Tensor, moments: Tensor, means: Tensor, count: int) -> Drift:
    """Write the matrix L with `count` units: pairs of centred ones, and one of direction m.

    Args:
        linear: L, (outputs, inputs).
        moments: E z zᵀ of the filtered input.
        means: E z.
        count: units that there are; what is left over gets zeros.
    """
    root = _root(moments)
    left, powers, right = torch.linalg.svd(linear @ root)
    pairs = min((count - 1) // 2, len(powers))
    scale = powers[:pairs].sqrt()
    u, v = left[:, :pairs] * scale, (torch.linalg.pinv(root) @ right[:pairs].mT * scale).mT
    m = _brightness(moments, means)
    offsets = (v @ means) / (m @ means)
    w = v - offsets[:, None] * m
    rows = torch.zeros(count, linear.shape[1]).double()
    columns = torch.zeros(linear.shape[0], count).double()
    rows[:pairs], rows[pairs : 2 * pairs] = w, -w
    columns[:, :pairs], columns[:, pairs : 2 * pairs] = u / (1 + SLOPE), -u / (1 + SLOPE)
    rows[2 * pairs], columns[:, 2 * pairs] = m, u @ offsets
    return Drift(rows, columns, float(powers[:pairs].square().sum() / powers.square().sum()))


def _balanced(rows: Tensor, columns: Tensor) -> tuple[Tensor, Tensor]:
    """Give each unit a row and a column of equal norms; their product stays."""
    balance = (columns.norm(dim=0) / rows.norm(dim=1).clamp(min=1e-12)).sqrt().clamp(min=1e-6)
    balance[rows.norm(dim=1) == 0] = 1
    return rows * balance[:, None], columns / balance


def _root(moments: Tensor) -> Tensor:
    powers, directions = torch.linalg.eigh(moments)
    return (directions * powers.clamp(min=1e-7 * powers.mean()).sqrt()) @ directions.mT


def _brightness(moments: Tensor, means: Tensor) -> Tensor:
    """The direction of largest power, signed to be positive."""
    m = torch.linalg.eigh(moments)[1][:, -1]
    return m * torch.sign(m @ means)


@torch.no_grad()
def main(words: argparse.Namespace) -> None:
    """Read, watch on noisy pictures, centre, write."""
    network, header = load_network(words.source)
    rng = generator(0)
    for name, watch in watch_on_pictures(network, SLOPE, words.data).items():
        count, kept = centre(watch, words.share, rng)
        print(f"{name}: {count} of {watch.block.expand.out_channels}, {kept:.6f} of the power kept")
    save_tensors(words.output, network.state_dict(), header)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("source", type=Path)
    parser.add_argument("output", type=Path)
    parser.add_argument("--share", type=float, default=0.003, help="of places on the other side")
    parser.add_argument("--data", default="photos/bsd400", help="pictures to watch it on")
    main(parser.parse_args())
