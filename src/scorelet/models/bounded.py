"""Blind denoisers for noise of any strength: their network is shown numbers no larger than data.

Symbols: y = x + σ z; m mean of the images (0 for details), b bound, some deviations of a number
around it, a what the network is told beside y, s² mean of (y - m)² over the image, or over a window
around a pixel. With

    g = min(1, b/s),   u = g (y - m),      f(y) = m + u - n(a, u),

n is shown u. In weak noise g = 1, and n estimates the noise; in strong noise u is hardly anything
else than noise, of size b, and a share of it that n leaves is an error of that share of b. A
network that estimates the noise of y itself would have to know it to a small share of b/σ. The
bound lies above the data, whose own contrast would be lost beyond it. The price is that f is not
homogeneous where g < 1.

References: Karras, Aittala, Aila, Laine 2022, arXiv 2206.00364, section 5, whose gains are
functions of σ; here σ is not told. Kadkhodaie, Guth, Mallat, Simoncelli 2023, arXiv 2303.02984
(details told the low band).
"""

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from scorelet.core.errors import InputError
from scorelet.core.network import Network
from scorelet.core.plain import runs_compiled
from scorelet.core.typing import Image, Labels, NoiseLevel
from scorelet.models.answers import image_like
from scorelet.models.conditional import beside, check_shown
from scorelet.models.denoiser import Denoiser, Locality


class CentredDenoiser(Denoiser):
    """f(y) = m + u - n(m, u), for images of the size of their mean m: what a cascade begins with.

    The network is told m, so that it knows the scale and the place of what it sees.

    Args:
        network: maps the channels of m and of y together to those of y.
        mean: m, (1, channel, height, width), in the unit of the images.
        bound: b, in that unit.

    Raises:
        InputError: a mean of another shape, a bound that is not positive, or a network that says
            that it takes another number of channels.
    """

    blind = True

    mean: Tensor

    def __init__(self, network: nn.Module, mean: Tensor, bound: float) -> None:
        super().__init__()
        if mean.ndim != 4 or len(mean) != 1:
            raise InputError(
                f"The mean has shape {tuple(mean.shape)}: expected (1, channel, height, width)."
            )
        channels = mean.shape[1]
        check_bounded(network, bound, 2 * channels)
        self.network, self.bound = network, float(bound)
        self.register_buffer("mean", mean)
        self.channels, self.takes = (channels,), (mean.shape[2], mean.shape[3])

    @property
    def centre(self) -> Tensor:
        """m."""
        return self.mean

    def _denoise(
        self, y: Image, sigma: NoiseLevel, cond: Tensor | None, label: Labels | None
    ) -> Image:
        if y.shape[1:] != self.mean.shape[1:]:
            raise InputError(
                f"The images have shape {tuple(y.shape[1:])}: this denoiser knows the mean of "
                f"{tuple(self.mean.shape[1:])} only."
            )
        mean = self.mean.to(y)
        apart = y - mean
        u = bounded_gain(apart.square().mean((1, 2, 3), keepdim=True), self.bound) * apart
        noise = self.network(torch.cat([mean.expand_as(y), u], 1))
        return mean + u - image_like(y, noise, "network")


class ConditionalBoundedDenoiser(Denoiser):
    """f(y, a) = u - n(a, u): details of any size, told the low band a, which has no noise.

    Args:
        network: maps channels of a and y together to those of y.
        bound: b, in the unit of the details.
        channels: of y.
        cond_channels: of a.
        window: s² of a pixel is the mean over 2 window + 1 pixels in each direction.

    Raises:
        InputError: a bound that is not positive, a negative window, or a network that says that
            it takes another number of channels.
    """

    blind = True
    conditional = True
    needs_cond = True

    def __init__(
        self,
        network: nn.Module,
        bound: float,
        *,
        channels: int,
        cond_channels: int,
        window: int = 3,
    ) -> None:
        super().__init__()
        check_bounded(network, bound, channels + cond_channels)
        if window < 0:
            raise InputError(f"The window is {window}: it must be 0 or more pixels.")
        self.network, self.bound, self.window = network, float(bound), window
        if isinstance(network, Network) and network.receptive_radius is not None:
            self.locality = Locality(network.receptive_radius + window, network.multiple)
        self.channels = (channels,)
        self.cond_channels = cond_channels

    def _denoise(
        self, y: Image, sigma: NoiseLevel, cond: Tensor | None, label: Labels | None
    ) -> Image:
        assert cond is not None
        shown = self._shown(beside(y, cond, self.cond_channels), y)
        return shown[:, self.cond_channels :] - image_like(y, self.network(shown), "network")

    def _shown(self, told: Tensor, y: Image) -> Tensor:
        """Return a and u along the channels."""
        if runs_compiled(told, y):
            from scorelet.models.bounded_kernel import shown_bounded

            return shown_bounded(told, y, self.bound, self.window)
        square = _box_mean(y.square().mean(1, keepdim=True), self.window)
        return torch.cat([told, bounded_gain(square, self.bound) * y], 1)


def _box_mean(x: Tensor, window: int) -> Tensor:
    """Return the mean over 2 window + 1 pixels in each direction, those inside the image."""
    side = 2 * window + 1
    padded = F.pad(x, (window, window, window, window))
    total = padded.unfold(-2, side, 1).sum(-1).unfold(-1, side, 1).sum(-1)
    rows, columns = (_inside(n, window, like=x) for n in x.shape[-2:])
    return total / (rows[:, None] * columns)


def _inside(length: int, window: int, *, like: Tensor) -> Tensor:
    """Return how many places of a line the window around each holds."""
    k = torch.arange(length, device=like.device)
    counts = (k + window).clamp_max(length - 1) - (k - window).clamp_min(0) + 1
    return counts.to(like.dtype)


def bounded_gain(square: Tensor, bound: float) -> Tensor:
    """Return g = min(1, b/s) of s²."""
    return bound * square.clamp_min(bound**2).rsqrt()


def check_bounded(network: nn.Module, bound: float, channels: int) -> None:
    """Raise InputError for a bound that is not positive, or a network of other channels."""
    if not 0 < bound < float("inf"):
        raise InputError(f"The bound of what a network is shown is {bound}: it must be positive.")
    check_shown(network, channels)
