"""A blind denoiser of images of one size around their mean: what a cascade begins with.

Symbols: y = x + σ z; m mean image, v mean variance of a pixel around it, s² = |y - m|²/d with d the
numbers in an image, so that s² ≈ v + σ². With

    g = min(1, √v / s),   u = g (y - m),      f(y) = m + u - n(m, u),

the network n sees m and what y adds to it, which is never larger than the data are. In weak noise
g = 1, and n estimates the noise; in strong noise u is hardly anything else than noise, of the size
of the data, and a share of it that n leaves is an error of that share of the data. A network that
estimates the noise of y itself would have to know it to a small share of √v/σ.

References: Karras, Aittala, Aila, Laine 2022, arXiv 2206.00364, section 5, whose gains are
functions of σ; here σ is not told.
"""

import torch
from torch import Tensor, nn

from scorelet.core.errors import InputError
from scorelet.core.network import Network
from scorelet.core.typing import Image, Labels, NoiseLevel
from scorelet.models.denoiser import Denoiser

_LEAST = 1e-12


class CentredDenoiser(Denoiser):
    """f(y) = m + u - n(m, u), u = g (y - m), for images of the size of m only.

    Args:
        network: maps the channels of m and of y together to those of y.
        mean: m, (1, channel, height, width), in the unit of the images.
        variance: v, in its square.

    Raises:
        InputError: a mean of another shape, a variance that is not positive, or a network that says
            that it takes another number of channels.
    """

    blind = True

    mean: Tensor

    def __init__(self, network: nn.Module, mean: Tensor, variance: float) -> None:
        super().__init__()
        if mean.ndim != 4 or len(mean) != 1:
            raise InputError(
                f"The mean has shape {tuple(mean.shape)}: expected (1, channel, height, width)."
            )
        if not 0 < variance < float("inf"):
            raise InputError(f"The variance of the pixels is {variance}: it must be positive.")
        channels = mean.shape[1]
        if isinstance(network, Network) and 2 * channels not in network.accepts:
            raise InputError(
                f"The network takes {' or '.join(map(str, network.accepts))} channels: the mean "
                f"and the image have {channels} each, {2 * channels} together."
            )
        self.network, self.variance = network, float(variance)
        self.register_buffer("mean", mean)
        self.channels = (channels,)

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
        square = apart.square().mean((1, 2, 3), keepdim=True).clamp_min(_LEAST)
        gain = (self.variance / square).sqrt().clamp_max(1)
        inner = gain * apart
        return mean + inner - self.network(torch.cat([mean.expand_as(y), inner], 1)).to(y.dtype)
