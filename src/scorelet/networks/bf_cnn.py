"""BF-CNN: a stack of bias-free convolutions at full resolution."""

from typing import Annotated

from torch import Tensor, nn

from scorelet.core.numbers import Count, at_least
from scorelet.core.options import checked
from scorelet.networks.normalization import BiasFreeBatchNorm
from scorelet.networks.padding import padding_mode


class BFCNN(nn.Module):
    """Bias-free convolutional network that estimates the *noise*: x̂ = y - net(y).

    `depth` convolutions 3x3 with zero padding and no bias: the first followed by a ReLU (unless
    `first_layer_linear`), then depth - 2 times (convolution, bias-free normalisation, ReLU), the
    last one linear. Depth 21, width 64 and one channel have 702,784 parameters and a receptive
    field of 43 pixels; depth 20 has 665,856 and 41.

    With `spacing` s only every s-th of the inner convolutions is 3x3, the others are 1x1, so that
    the receptive field is 1 + 2 (2 + ⌊(depth - 2)/s⌋) at the same depth: 5, 9, 13, 23, 43 pixels
    for s = 20, 8, 4, 2, 1 and depth 21. With `outputs` it estimates the noise of other channels
    than all that it sees, as of the details of an image beside which its low band is given.

    Args:
        channels: channels of the image, 1 or 3.
        width: channels inside.
        depth: number of convolutions, at least 2.
        first_layer_linear: leave out the ReLU after the first convolution.
        spacing: 1, or every how many inner layers a 3x3 convolution stands.
        outputs: channels of the result; None: as many as `channels`.
        padding: "zeros", which tell the network where the border is, or "periodic", for fields: the
            network then commutes with shifts, and sees whole images, of which it takes no tiles.

    Shape:
        (batch, channels, height, width) → (batch, outputs, height, width), for any sides.

    Attributes:
        options, accepts, receptive_radius, multiple, classes: see `Network`.

    References:
        Mohan et al., ICLR 2020, arXiv 1906.05478; Kadkhodaie, Guth, Simoncelli, Mallat, ICLR 2024,
        arXiv 2310.02557, appendix; Kadkhodaie, Guth, Mallat, Simoncelli, ICLR 2023,
        arXiv 2303.02984 (spacing and outputs).
    """

    @checked
    def __init__(
        self,
        channels: Count = 1,
        *,
        width: Count = 64,
        depth: Annotated[int, at_least(2)] = 21,
        first_layer_linear: bool = False,
        spacing: Count = 1,
        outputs: Count | None = None,
        padding: str = "zeros",
    ) -> None:
        super().__init__()
        outputs = channels if outputs is None else outputs
        self.options = {
            "channels": channels,
            "width": width,
            "depth": depth,
            "first_layer_linear": first_layer_linear,
            "spacing": spacing,
            "outputs": outputs,
            "padding": padding,
        }
        self.accepts = (channels,)
        self.multiple = 1
        self.receptive_radius = None if padding == "periodic" else 2 + (depth - 2) // spacing
        self.classes = None
        layers: list[nn.Module] = [conv3x3(channels, width, padding)]
        if not first_layer_linear:
            layers.append(nn.ReLU())
        for k in range(1, depth - 1):
            side = 3 if k % spacing == 0 else 1
            layers += [
                convolution(width, width, side, padding),
                BiasFreeBatchNorm(width),
                nn.ReLU(),
            ]
        layers.append(conv3x3(width, outputs, padding))
        self.layers = nn.Sequential(*layers)

    def forward(self, y: Tensor) -> Tensor:
        """Return the estimated noise of y."""
        return self.layers(y)


def conv3x3(inputs: int, outputs: int, padding: str = "zeros") -> nn.Conv2d:
    """3x3 convolution as `convolution` makes it."""
    return convolution(inputs, outputs, 3, padding)


def convolution(inputs: int, outputs: int, side: int, padding: str = "zeros") -> nn.Conv2d:
    """Convolution of odd side, no bias, Kaiming-normal weights (fan in, gain √2)."""
    mode = padding_mode(padding)
    conv = nn.Conv2d(inputs, outputs, side, padding=side // 2, bias=False, padding_mode=mode)
    nn.init.kaiming_normal_(conv.weight)
    return conv
