"""The bias-free U-Net of the memorisation and generalisation study."""

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from scorelet.core.mirroring import mirrored_to_multiple
from scorelet.core.numbers import Count
from scorelet.core.options import checked
from scorelet.networks.bf_cnn import conv3x3
from scorelet.networks.normalization import BiasFreeBatchNorm


class UNet(nn.Module):
    """Bias-free U-Net that estimates the *noise*: x̂ = y - net(y).

    Encoder block k has two 3x3 convolutions of width w·2^k and is followed by a 2x2 mean; decoder
    blocks start with a 2x2 transposed convolution and take the encoder's output beside it. All but
    the first and the last convolution are followed by bias-free normalisation. One channel and
    w = 64: 366,080 / 1,825,024 / 7,659,264 / 30,993,152 parameters for 1 / 2 / 3 / 4 blocks;
    receptive fields 18 and 44 pixels for 1 and 2 blocks, 92 to 100 (by pixel phase) for 3.

    With `outputs` it estimates the noise of other channels than all that it sees, as of the details
    of an image beside which its low band is given.

    Args:
        channels: channels of the image.
        width: w, channels of the finest level.
        blocks: number of halvings.
        outputs: channels of the result; None: as many as `channels`.
        padding: "zeros" or "periodic", see `BFCNN`; periodic images should have sides that are
            multiples of 2^blocks.

    Shape:
        (batch, channels, height, width) → (batch, outputs, height, width); a side that is no
        multiple of 2^blocks is mirrored up to it and cut back.

    Attributes:
        options, accepts, receptive_radius, multiple, classes: see `Network`.

    References:
        Kadkhodaie, Guth, Simoncelli, Mallat, ICLR 2024, arXiv 2310.02557, appendix.
    """

    @checked
    def __init__(
        self,
        channels: Count = 1,
        *,
        width: Count = 64,
        blocks: Count = 3,
        outputs: Count | None = None,
        padding: str = "zeros",
    ) -> None:
        super().__init__()
        outputs = channels if outputs is None else outputs
        widths = [width * 2**k for k in range(blocks + 1)]
        self.options = {
            "channels": channels,
            "width": width,
            "blocks": blocks,
            "outputs": outputs,
            "padding": padding,
        }
        self.accepts = (channels,)
        self.multiple = 2**blocks
        radius = 4 * (2**blocks - 1) + 2 * 2**blocks + 2**blocks
        self.receptive_radius = None if padding == "periodic" else radius
        self.classes = None
        first = nn.Sequential(
            conv3x3(channels, width, padding), nn.ReLU(), *_conv_norm_relu(width, width, padding)
        )
        self.encoders = nn.ModuleList([first])
        self.encoders.extend(_double(widths[k], widths[k + 1], padding) for k in range(blocks))
        self.ups = nn.ModuleList(_up(widths[k + 1], widths[k]) for k in range(blocks))
        self.decoders = nn.ModuleList(_double(2 * w, w, padding) for w in widths[1:blocks])
        last = nn.Sequential(
            *_conv_norm_relu(2 * width, width, padding), conv3x3(width, outputs, padding)
        )
        self.decoders.insert(0, last)

    def forward(self, y: Tensor) -> Tensor:
        """Return the estimated noise of y."""
        height, width = y.shape[-2:]
        skips = []
        x = self.encoders[0](mirrored_to_multiple(y, self.multiple))
        for encoder in self.encoders[1:]:
            skips.append(x)
            x = encoder(F.avg_pool2d(x, 2))
        for up, decoder, skip in zip(
            reversed(self.ups), reversed(self.decoders), reversed(skips), strict=True
        ):
            x = decoder(torch.cat([up(x), skip], dim=1))
        return x[..., :height, :width]


def least_reach(blocks: int) -> int:
    """Return how many pixels to each side a U-Net sees from every one of its own, at least.

    Some see up to 2^blocks further, by their place among the halvings: see `receptive_radius`.
    """
    return 6 * 2**blocks - 4


def _conv_norm_relu(inputs: int, outputs: int, padding: str) -> tuple[nn.Module, ...]:
    return conv3x3(inputs, outputs, padding), BiasFreeBatchNorm(outputs), nn.ReLU()


def _double(inputs: int, outputs: int, padding: str) -> nn.Sequential:
    pair = (inputs, outputs), (outputs, outputs)
    return nn.Sequential(*(part for a, b in pair for part in _conv_norm_relu(a, b, padding)))


def _up(inputs: int, outputs: int) -> nn.ConvTranspose2d:
    up = nn.ConvTranspose2d(inputs, outputs, 2, stride=2, bias=False)
    nn.init.normal_(
        up.weight, std=inputs**-0.5
    )  # linear, and each output pixel sees `inputs` terms
    return up
