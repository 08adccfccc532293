"""Denoisers that are told the noise level, and scale strong noise down before a network sees it.

Symbols: y = x + σ z; m and s mean and deviation of the images' numbers, b bound, a what the network
is told beside y, m_a and s_a its mean and deviation. With

    u = min(1, b s/σ) (y - m)/s,   a' = (a - m_a)/s_a,      f(y, σ) = m + s (u - n(a', u)):

as in `scorelet.models.bounded`, but no pixel is looked at to find the gain: f sees exactly as far
as its network. Networks of different receptive fields can so be compared at every noise level.
Networks without biases need numbers of both signs: where all that is shown is bright, a unit of a
ReLU is on for all pictures, or off for all.

Networks that want to know the level see 200 t as their first channel, t = log(1 + σ²/s²)/2: the
time at which a process of Ornstein-Uhlenbeck has that noise, as published networks are told it.

References: Karras, Aittala, Aila, Laine 2022, arXiv 2206.00364, section 5 (gains as functions of
σ); Kadkhodaie, Guth, Mallat, Simoncelli 2023, arXiv 2303.02984 (details told the low band); Guth,
Coste, De Bortoli, Mallat 2022, arXiv 2208.05003, section 4 (t).
"""

import math
from typing import NamedTuple

import torch
from torch import Tensor, nn

from scorelet.core.errors import InputError
from scorelet.core.typing import Image, Labels, NoiseLevel
from scorelet.models.answers import image_like
from scorelet.models.bounded import check_bounded
from scorelet.models.conditional import beside
from scorelet.models.denoiser import Denoiser, Locality

_TIME = 200.0
"""The unit of times that networks are shown: 1000 up to the time 5."""


def level_gain(level: Tensor, bound: float) -> Tensor:
    """Return min(1, b s/σ) of noise levels σ/s, (batch,), as images that broadcast."""
    return (bound / level.clamp_min(1e-12)).clamp_max(1)[:, None, None, None]


def level_image(level: Tensor, like: Image) -> Tensor:
    """Return 200 t of noise levels σ/s, (batch,), as a channel of the size of images."""
    time = _TIME * torch.log1p(level.square()) / 2
    return time[:, None, None, None].expand_as(like[:, :1])


class Scales(NamedTuple):
    """Means and deviations: m and s of the images, m_a and s_a of what is told beside them."""

    mean: float = 0.0
    deviation: float = 1.0
    cond_mean: float = 0.0
    cond_deviation: float = 1.0


class ScaledDenoiser(Denoiser):
    """f(y, σ) = m + s (u - n(a', u)), u = min(1, b s/σ) (y - m)/s.

    Args:
        network: maps the channels of a and y together to those of y.
        scales: m, s, m_a, s_a.
        bound: b, deviations.
        channels: of y.
        cond_channels: of a; 0: nothing is told.
        shows_level: the network sees 200 t as one channel more, before the others.

    Raises:
        InputError: a bound or a deviation that is not positive, scales that are not finite, or a
            network that says that it takes another number of channels.
    """

    def __init__(
        self,
        network: nn.Module,
        scales: Scales,
        *,
        channels: int,
        bound: float = 3.0,
        cond_channels: int = 0,
        shows_level: bool = False,
    ) -> None:
        super().__init__()
        check_bounded(network, bound, channels + cond_channels + shows_level)
        if not all(map(math.isfinite, scales)) or min(scales[1::2]) <= 0:
            raise InputError(f"The deviations of {scales} must be positive, and all of it finite.")
        self.network, self.bound, self.scales = network, float(bound), scales
        self.locality = Locality.of(network)
        self.channels = (channels,)
        self.cond_channels, self.shows_level = cond_channels, shows_level
        self.conditional = self.needs_cond = cond_channels > 0

    @property
    def centre(self) -> Tensor | None:
        """m, as an image that broadcasts."""
        return torch.tensor(self.scales.mean).reshape(1, 1, 1, 1)

    def _denoise(
        self, y: Image, sigma: NoiseLevel, cond: Tensor | None, label: Labels | None
    ) -> Image:
        mean, deviation, cond_mean, cond_deviation = self.scales
        level = sigma / deviation
        u = level_gain(level, self.bound) * (y - mean) / deviation
        shown = [u]
        if cond is not None:
            shown = [(beside(u, cond, self.cond_channels) - cond_mean) / cond_deviation, u]
        if self.shows_level:
            shown = [level_image(level, y), *shown]
        noise = image_like(y, self.network(torch.cat(shown, 1)), "network")
        return mean + deviation * (u - noise)
