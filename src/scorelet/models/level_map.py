"""Denoisers that see the noise level as one more channel.

Symbols: y = x + noise; t level, in the unit of y; n network, which estimates the noise.

    f(y, t) = y - n(y, t 1),    f(y, 0) = y

Without biases n is homogeneous, and f(a y, a t) = a f(y, t) for a > 0: one network, no range of
levels or units that it must have seen. How much is taken out is the user's to say, where a blind
denoiser has to tell noise from texture.

References: Zhang, Zuo, Zhang 2018, FFDNet, IEEE TIP 27(9), arXiv 1710.04026.
"""

import torch
from torch import Tensor, nn

from scorelet.core.typing import Image, Labels, NoiseLevel
from scorelet.models.conditional import check_shown
from scorelet.models.denoiser import Denoiser, Locality


class LevelMapDenoiser(Denoiser):
    """f(y, t) = y - n(y, t 1).

    Args:
        network: maps the channels of y and one more, which is t everywhere, to those of y.
        channels: of y. A denoiser of three channels takes gray images, too: they become three
            equal channels, and the mean of the three results is returned.
        compute_dtype: the dtype of the network's weights where it differs from the images'.

    Raises:
        InputError: a network that says that it takes another number of channels.
    """

    def __init__(
        self, network: nn.Module, *, channels: int, compute_dtype: torch.dtype | None = None
    ) -> None:
        super().__init__()
        check_shown(network, channels + 1)
        self.network = network
        self.homogeneous = not any(name.endswith("bias") for name, _ in network.named_parameters())
        self.compute_dtype = compute_dtype
        self.colours = channels
        self.channels = (1, 3) if channels == 3 else (channels,)
        self.locality = Locality.of(network)

    def _denoise(
        self, y: Image, sigma: NoiseLevel, cond: Tensor | None, label: Labels | None
    ) -> Image:
        colour = y.expand(-1, self.colours, -1, -1)
        level = sigma[:, None, None, None].expand(-1, 1, *y.shape[2:])
        noise = self.network(torch.cat([colour, level], 1).to(self.compute_dtype or y.dtype))
        noise = noise.to(y.dtype) * (sigma > 0)[:, None, None, None]
        return y - (noise if y.shape[1] == self.colours else noise.mean(1, keepdim=True))
