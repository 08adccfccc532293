"""The shipped model has no dead blocks: a fault that neither loss nor gradients show."""

from pathlib import Path

import pytest
import torch

from scorelet.core.random import generator, randn
from scorelet.data import read_picture, to_unit
from scorelet.networks.shuffle_unet import ResidualBlock
from scorelet.zoo import load

PICTURE = Path(__file__).parents[2] / "examples" / "clean" / "chelsea.png"


@pytest.mark.slow
def test_every_block_changes_the_result():
    """Without any one of its blocks the network returns something else, by 1 % of the noise."""
    denoiser = load("photo")
    pixels = to_unit(read_picture(PICTURE).pixels)[60:188, 100:228]
    clean = torch.from_numpy(pixels).permute(2, 0, 1)[None]
    noise = 25 / 255 * randn(clean.shape, rng=generator(0))
    changes = {}
    with torch.no_grad():
        whole = denoiser(clean + noise)
        for name, block in denoiser.named_modules():
            if isinstance(block, ResidualBlock):
                kept = block.reduce.weight.clone()
                block.reduce.weight.zero_()
                changes[name] = float((denoiser(clean + noise) - whole).norm() / noise.norm())
                block.reduce.weight.copy_(kept)
    assert len(changes) == 15
    assert min(changes.values()) > 0.01, changes
