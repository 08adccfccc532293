"""Denoisers of an image given another: a network that is shown both.

Symbols: x what is sought, a the condition, y = x + σ z; only x has noise. A least-squares denoiser
that is shown a gives the conditional score,

    E[x | y, a] = y + σ² ∇_y log p_σ(y | a).

References: Kadkhodaie, Guth, Mallat, Simoncelli 2023, arXiv 2303.02984, section 2.
"""

import torch
from torch import Tensor, nn

from scorelet.core.errors import InputError
from scorelet.core.network import Network
from scorelet.core.typing import Image, Labels, NoiseLevel
from scorelet.models.answers import image_like
from scorelet.models.denoiser import Denoiser, Locality


class ConditionalResidualDenoiser(Denoiser):
    """A blind denoiser f(y, a) = y - n(a, y): the network n sees a, then y, along the channels.

    Args:
        network: maps channels of a and y together to those of y: the noise in y.
        channels: of y.
        cond_channels: of a.

    If n is bias-free, f(s y, s a) = s f(y, a) for s > 0.

    Raises:
        InputError: a network that says that it takes another number of channels.
    """

    blind = True
    conditional = True
    needs_cond = True

    def __init__(self, network: nn.Module, *, channels: int, cond_channels: int) -> None:
        super().__init__()
        check_shown(network, channels + cond_channels)
        self.network = network
        self.locality = Locality.of(network)
        self.channels = (channels,)
        self.cond_channels = cond_channels

    def _denoise(
        self, y: Image, sigma: NoiseLevel, cond: Tensor | None, label: Labels | None
    ) -> Image:
        assert cond is not None
        noise = self.network(torch.cat([beside(y, cond, self.cond_channels), y], 1))
        return y - image_like(y, noise, "network")


def check_shown(network: nn.Module, channels: int) -> None:
    """Raise InputError for a network that says that it takes another number of channels."""
    if isinstance(network, Network) and channels not in network.accepts:
        raise InputError(
            f"The network takes {' or '.join(map(str, network.accepts))} channels: the images and "
            f"what it is told with them have {channels} together."
        )


def beside(y: Image, cond: Tensor, channels: int) -> Tensor:
    """Return the condition a, an image of so many channels, in the dtype and on the device of y.

    Raises:
        InputError: a has other channels, or not the number, height and width of the images y.
    """
    if cond.shape != (len(y), channels, *y.shape[-2:]):
        raise InputError(
            f"The condition has shape {tuple(cond.shape)}: expected {channels} channels of "
            f"{y.shape[-2]}x{y.shape[-1]}, beside an image of {tuple(y.shape)}."
        )
    return cond.to(y)
