"""Normalisation that evens out groups of channels and keeps the scale of the sample.

Symbols: x (batch, channel, height, width), in groups g of channels with mean m_g and variance v_g
over channels, height and width; γ gain per channel:

    x_g ↦ γ (x_g - m_g) sqrt((mean_g v_g + ε) / (v_g + ε))

so that N(a x) = a N(x) up to ε: a network of homogeneous parts stays homogeneous, which an ordinary
group norm, whose answer has no scale, does not allow. Samples do not see each other, and training
and evaluation are the same function.

References: the networks of Guth, Kadkhodaie, Simoncelli 2025, arXiv 2506.05310.
"""

import torch
from torch import Tensor, nn

from scorelet.core.errors import InputError
from scorelet.core.typing import Image
from scorelet.networks.channel_affine import affine, squares


class ScaleGroupNorm(nn.Module):
    """Even out groups of channels.

    Args:
        channels: a multiple of `group`.
        group: channels of a group.
        eps: ε.

    Raises:
        InputError: channels that are not in whole groups.
    """

    def __init__(self, channels: int, *, group: int = 8, eps: float = 1e-5) -> None:
        super().__init__()
        if channels % group:
            raise InputError(f"{channels} channels are not in groups of {group}: change the width.")
        self.group, self.eps = group, eps
        self.weight = nn.Parameter(torch.ones(channels))

    def forward(self, x: Image, gain: Tensor | None = None) -> Image:
        """Return the evened x; `gain`, (batch, channel), multiplies γ."""
        pixels = x.shape[2] * x.shape[3]
        mean, square = squares(x).unflatten(2, (-1, self.group)).mean(3) / pixels
        variance = (square - mean.square()).clamp(min=0)
        ratio = ((variance.mean(1, keepdim=True) + self.eps) / (variance + self.eps)).sqrt()
        gain = self.weight if gain is None else self.weight * gain
        scale = ratio[:, :, None] * gain.unflatten(-1, (-1, self.group))
        return affine(x, scale.flatten(1), -(mean[:, :, None] * scale).flatten(1))
