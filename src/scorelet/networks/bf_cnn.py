"""BF-CNN: a stack of bias-free convolutions at full resolution."""

from torch import Tensor, nn

from scorelet.networks.normalization import BiasFreeBatchNorm


class BFCNN(nn.Module):
    """Bias-free convolutional network that estimates the *noise*: x̂ = y - net(y).

    `depth` convolutions 3x3 with zero padding and no bias: the first followed by a ReLU (unless
    `first_layer_linear`), then depth - 2 times (convolution, bias-free normalisation, ReLU), the
    last one linear. Depth 21, width 64 and one channel have 702,784 parameters and a receptive
    field of 43 pixels; depth 20 has 665,856 and 41.

    Args:
        channels: channels of the image, 1 or 3.
        width: channels inside.
        depth: number of convolutions, at least 2.
        first_layer_linear: leave out the ReLU after the first convolution.

    Shape:
        (batch, channels, height, width) → the same, for any height and width.

    Attributes:
        options: the constructor's arguments, for checkpoints.
        accepts: channel counts of the pictures that it takes.
        multiple: 1, sides may have any length.
        receptive_radius: a pixel of the result depends on those at most `depth` away.

    References:
        Mohan et al., ICLR 2020, arXiv 1906.05478; Kadkhodaie, Guth, Simoncelli, Mallat, ICLR 2024,
        arXiv 2310.02557, appendix.
    """

    def __init__(
        self,
        channels: int = 1,
        *,
        width: int = 64,
        depth: int = 21,
        first_layer_linear: bool = False,
    ) -> None:
        super().__init__()
        self.options = {
            "channels": channels,
            "width": width,
            "depth": depth,
            "first_layer_linear": first_layer_linear,
        }
        self.accepts = (channels,)
        self.multiple = 1
        self.receptive_radius = depth
        layers: list[nn.Module] = [conv3x3(channels, width)]
        if not first_layer_linear:
            layers.append(nn.ReLU())
        for _ in range(depth - 2):
            layers += [conv3x3(width, width), BiasFreeBatchNorm(width), nn.ReLU()]
        layers.append(conv3x3(width, channels))
        self.layers = nn.Sequential(*layers)

    def forward(self, y: Tensor) -> Tensor:
        """Return the estimated noise of y."""
        return self.layers(y)


def conv3x3(inputs: int, outputs: int) -> nn.Conv2d:
    """3x3 convolution, zero padding, no bias, Kaiming-normal weights (fan in, gain √2)."""
    conv = nn.Conv2d(inputs, outputs, 3, padding=1, bias=False)
    nn.init.kaiming_normal_(conv.weight)
    return conv
