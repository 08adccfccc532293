"""Denoisers that are told the noise level, and scale strong noise down before a network sees it.

Symbols: y = x + σ z; m mean of all numbers (0 for details), b bound, some deviations of a number
around it, a what the network is told beside y. With

    g = min(1, b/σ),   u = g (y - m),      f(y, σ) = m + u - n(a, u):

as in `scorelet.models.bounded`, but no pixel is looked at to find the gain: f sees exactly as far
as its network. Networks of different receptive fields can so be compared at every noise level.

References: Karras, Aittala, Aila, Laine 2022, arXiv 2206.00364, section 5 (gains as functions of
σ); Kadkhodaie, Guth, Mallat, Simoncelli 2023, arXiv 2303.02984 (details told the low band).
"""

import torch
from torch import Tensor, nn

from scorelet.core.errors import InputError
from scorelet.core.network import Network
from scorelet.core.typing import Image, Labels, NoiseLevel
from scorelet.models.bounded import check_bounded
from scorelet.models.denoiser import Denoiser, Locality


class ScaledDenoiser(Denoiser):
    """f(y, σ) = m + u - n(a, u), u = min(1, b/σ) (y - m).

    Args:
        network: maps the channels of a and y together to those of y.
        bound: b, in the unit of the images.
        channels: of y.
        cond_channels: of a; 0: nothing is told.
        mean: m.

    Raises:
        InputError: a bound that is not positive, or a network that says that it takes another
            number of channels.
    """

    def __init__(
        self,
        network: nn.Module,
        bound: float,
        *,
        channels: int,
        cond_channels: int = 0,
        mean: float = 0.0,
    ) -> None:
        super().__init__()
        check_bounded(network, bound, channels + cond_channels)
        self.network, self.bound, self.mean = network, float(bound), float(mean)
        if isinstance(network, Network):
            self.locality = Locality(network.receptive_radius, network.multiple)
        self.channels = (channels,)
        self.own_channels, self.cond_channels = channels, cond_channels
        self.conditional = self.needs_cond = cond_channels > 0

    @property
    def centre(self) -> Tensor | None:
        """m, as an image that broadcasts."""
        return torch.tensor(self.mean).reshape(1, 1, 1, 1)

    def _denoise(
        self, y: Image, sigma: NoiseLevel, cond: Tensor | None, label: Labels | None
    ) -> Image:
        gain = (self.bound / sigma.clamp_min(1e-12)).clamp_max(1)[:, None, None, None]
        u = gain * (y - self.mean)
        shown = u
        if cond is not None:
            if cond.shape[1:] != (self.cond_channels, *y.shape[-2:]):
                raise InputError(
                    f"The condition has shape {tuple(cond.shape)}: expected {self.cond_channels} "
                    f"channels of {y.shape[-2]}x{y.shape[-1]}, beside an image of "
                    f"{tuple(y.shape)}."
                )
            shown = torch.cat([cond.to(u), u], 1)
        return self.mean + u - self.network(shown).to(y.dtype)
