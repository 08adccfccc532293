"""The shipped model has no dead parts: a fault that neither loss nor gradients show."""

from pathlib import Path

import torch

from scorelet.core.random import generator, randn
from scorelet.data import read_picture, to_unit
from scorelet.models import ResidualDenoiser
from scorelet.networks.shuffle_unet import ResidualBlock
from scorelet.zoo import load_denoiser

PICTURE = Path(__file__).parents[2] / "examples" / "clean" / "chelsea.png"


def test_hidden_units_are_active_somewhere_and_not_everywhere():
    denoiser = load_denoiser("photo")
    assert isinstance(denoiser, ResidualDenoiser)
    shares = {}
    for name, block in denoiser.network.named_modules():
        if isinstance(block, ResidualBlock):
            block.expand.register_forward_hook(
                lambda _m, _i, hidden, name=name: shares.setdefault(name, []).append(
                    (hidden > 0).float().mean((0, 2, 3))
                )
            )
    x = torch.from_numpy(to_unit(read_picture(PICTURE).pixels)).permute(2, 0, 1)[None]
    with torch.no_grad():
        for sigma in (5, 25, 50):
            denoiser(x + sigma / 255 * randn(x.shape, rng=generator(sigma)))
    assert len(shares) == 15
    for name, found in shares.items():
        share = torch.stack(found).mean(0)
        assert float(((share > 0.005) & (share < 0.995)).float().mean()) > 0.75, name
