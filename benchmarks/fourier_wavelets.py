"""Learned scattering with wavelets in the Fourier domain: what its kernels are compared with."""

import torch
from torch import Tensor, nn

from scorelet.networks import LearnedScattering
from scorelet.wavelets import MorletTransform2d


class FourierWavelets(nn.Module):
    """`MorletConv2d` by `MorletTransform2d`: pairs in, pairs out."""

    taps = None  # kernels do not know it

    def __init__(self, wavelets: nn.Module) -> None:
        super().__init__()
        self.transform = MorletTransform2d(wavelets.angles, kind=wavelets.kind)

    def forward(self, x: Tensor) -> Tensor:
        x = x.float()
        z = torch.complex(*x.unbind(2)) if x.ndim == 5 else x
        low, bands = self.transform(z)
        found = torch.cat([low.to(bands.dtype)[:, :, None], bands], 2)
        return torch.view_as_real(found).movedim(-1, 3)


def by_fourier(network: LearnedScattering) -> LearnedScattering:
    """Return the network of the same weights with Fourier-domain wavelets."""
    other = LearnedScattering(**network.options)
    other.load_state_dict(network.state_dict())
    for block in other.blocks:
        block.wavelets = FourierWavelets(block.wavelets)
    return other.train(network.training)
