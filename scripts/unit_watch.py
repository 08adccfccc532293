"""What the scripts that mend or add hidden units share: watching a ShuffleUNet at work."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import torch
import torch.nn.functional as F
from torch import Tensor

from scorelet.core.checkpoint import load_tensors
from scorelet.core.random import generator, randn
from scorelet.data import load_pictures, locate, to_unit
from scorelet.networks import ShuffleUNet
from scorelet.networks.shuffle_unet import ResidualBlock

PICTURES, SIGMAS = 20, (5, 25, 50)
"""What a network is watched on: noisy pictures, levels in 8-bit units."""


class Watch:
    """First and second moments of a block's filtered input, and how often units are active."""

    def __init__(self, block: ResidualBlock, slope: float) -> None:
        self.block, self.slope = block, slope
        self.moments: Tensor | float = 0.0
        self.means: Tensor | float = 0.0
        self.active: Tensor | float = 0.0
        self.calls = 0

    def __call__(self, x: Tensor, *, overwrite: bool = False) -> Tensor:
        """Do what the block does, and take notes; x is never overwritten."""
        block = self.block
        filtered = block.spatial(x)
        hidden = block.expand(filtered)
        rows = filtered.movedim(1, 0).flatten(1).double()
        self.moments = self.moments + rows @ rows.mT / rows.shape[1]
        self.means = self.means + rows.mean(1)
        self.active = self.active + (hidden > 0).double().mean((0, 2, 3))
        self.calls += 1
        return block.reduce(F.leaky_relu(hidden, self.slope)) + x


@contextmanager
def watched(network: ShuffleUNet, slope: float) -> Iterator[dict[str, Watch]]:
    """Yield a watch for each block, which takes notes of what the network does meanwhile."""
    blocks = {n: b for n, b in network.named_modules() if isinstance(b, ResidualBlock)}
    watches = {name: Watch(block, slope) for name, block in blocks.items()}
    for name, block in blocks.items():
        block.forward = watches[name]
    try:
        yield watches
    finally:
        for block in blocks.values():
            del block.forward


def watch_on_pictures(network: ShuffleUNet, slope: float, data: str) -> dict[str, Watch]:
    """Let the network see noisy pictures of a folder; return the notes by the block's name."""
    rng = generator(0)
    with watched(network, slope) as watches:
        for pixels in load_pictures(locate(data), channels=3, limit=PICTURES):
            x = torch.from_numpy(to_unit(pixels)).permute(2, 0, 1)[None].float()
            for sigma in SIGMAS:
                network(x + sigma / 255 * randn(x.shape, rng=rng))
    return watches


def load_network(path: Path) -> tuple[ShuffleUNet, dict]:
    """Return the network of a checkpoint in float32, and the file's header."""
    tensors, header = load_tensors(path)
    network = ShuffleUNet(**header["options"])
    network.load_state_dict(tensors)
    return network.float(), header


def drawn_rows(moments: Tensor, count: int, rng: torch.Generator) -> Tensor:
    """Draw rows of norm one whose products with an input of these moments all look alike."""
    powers, directions = torch.linalg.eigh(moments)
    root = (directions / powers.clamp(min=1e-4 * powers.mean()).sqrt()) @ directions.mT
    rows = randn((count, len(moments)), rng=rng).double() @ root
    return (rows / rows.norm(dim=1, keepdim=True)).float()
