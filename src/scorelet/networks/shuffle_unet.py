"""A bias-free U-Net for photographs: blocks of pixels in, cheap convolutions, sums as skips."""

from collections.abc import Sequence
from functools import partial
from itertools import pairwise
from typing import Annotated

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from scorelet.core.errors import InputError
from scorelet.core.mirroring import mirrored_to_multiple
from scorelet.core.numbers import Count, at_least
from scorelet.core.options import checked
from scorelet.networks.bf_cnn import conv3x3
from scorelet.networks.fused import SLOPE, fused_block, fused_dtype
from scorelet.networks.kernel_dtype import is_watched
from scorelet.networks.padding import padding_mode


class ShuffleUNet(nn.Module):
    """Estimates the *noise* of a picture of any size: x̂ = y - net(y), f(a y) = a f(y), a > 0.

    The picture is cut into 2x2 blocks (pixel unshuffle), so that the finest level works on a
    quarter of the pixels. Level k has width w_k; encoders and decoders are chains of
    `ResidualBlock`; levels are joined by 2x2 convolutions of stride 2, down and up, and a skip
    adds the encoder's output to the decoder's input. No bias, no normalisation: the function is
    homogeneous of degree one.

    A network of three channels takes gray pictures too: they become three equal channels, and the
    mean of the three results is returned.

    Args:
        channels: channels of the picture, 1 or 3.
        widths: w_0, w_1, ..., finest level first.
        encoder: residual blocks per level on the way down; the last is the coarsest level.
        decoder: residual blocks per level on the way up, finest first; one fewer.
        expansion: hidden units of a block as multiples of its level's width, finest first.
        outputs: channels of the result, if they are not those of the picture: the noise of details,
            beside which the network sees their low band.
        padding: "zeros" or "periodic", see `BFCNN`; periodic images should have sides that are
            multiples of `multiple`.

    Shape:
        (batch, channels, height, width) → (batch, outputs, height, width), for any height and
        width: a side that is no multiple of `multiple` is mirrored up to it and cut back.

    Attributes:
        options, accepts, receptive_radius, multiple, classes: see `Network`.
    """

    @checked
    def __init__(
        self,
        channels: Count = 1,
        *,
        widths: Sequence[Count] = (64, 128, 192),
        encoder: Sequence[Annotated[int, at_least(0)]] = (2, 3, 4),
        decoder: Sequence[Annotated[int, at_least(0)]] = (3, 3),
        expansion: Sequence[Count] = (2, 2, 2),
        outputs: Count | None = None,
        padding: str = "zeros",
    ) -> None:
        super().__init__()
        outputs = channels if outputs is None else outputs
        if len(encoder) != len(widths) or len(decoder) != len(widths) - 1:
            raise InputError(
                f"widths has {len(widths)} levels, encoder {len(encoder)} and decoder "
                f"{len(decoder)}: give as many encoders, and one decoder fewer."
            )
        if len(expansion) < len(widths):
            raise InputError(
                f"widths has {len(widths)} levels and expansion {len(expansion)}: give as many."
            )
        self.channels, self.outputs = channels, outputs
        self.fused_share = 0.5  # of what torch's operators hold: fused, hidden units live in pieces
        self.options = {
            "channels": channels,
            "widths": list(widths),
            "encoder": list(encoder),
            "decoder": list(decoder),
            "expansion": list(expansion[: len(widths)]),
            "outputs": outputs,
            "padding": padding,
        }
        self.accepts = (1, channels) if channels == outputs == 3 else (channels,)
        self.multiple = 2 ** len(widths)
        self.receptive_radius = None if padding == "periodic" else _radius(encoder, decoder)
        self.classes = None
        self.head = conv3x3(4 * channels, widths[0], padding)
        self.tail = conv3x3(widths[0], 4 * outputs, padding)
        blocks = partial(_blocks, padding=padding)
        self.encoders = nn.ModuleList(map(blocks, widths, encoder, expansion))
        self.decoders = nn.ModuleList(map(blocks, widths, decoder, expansion))
        pairs = list(pairwise(widths))
        self.downs = nn.ModuleList(nn.Conv2d(a, b, 2, stride=2, bias=False) for a, b in pairs)
        self.ups = nn.ModuleList(
            nn.ConvTranspose2d(b, a, 2, stride=2, bias=False) for a, b in pairs
        )
        with torch.no_grad():
            self.tail.weight.mul_(0.1)

    def forward(self, y: Tensor) -> Tensor:
        """Return the estimated noise of y."""
        if y.shape[1] == 1 < self.channels:
            return self.forward(y.expand(-1, self.channels, -1, -1)).mean(1, keepdim=True)
        height, width = y.shape[-2:]
        if not len(y):  # pixel_unshuffle leaves what is empty as it is
            return y.new_empty(0, self.outputs, height, width)
        x = self.head(F.pixel_unshuffle(mirrored_to_multiple(y, self.multiple), 2))
        skips = []
        watched = is_watched(self)
        free = fused_dtype(x, training=False) is not None and not watched
        for encoder, down in zip(self.encoders, self.downs, strict=False):
            x = _through(encoder, x, overwrite=free)
            skips.append(x)
            x = down(x)
        x = _through(self.encoders[-1], x, overwrite=free)
        for k in reversed(range(len(skips))):
            x = self.ups[k](x)
            x = x + skips.pop() if watched else x.add_(skips.pop())
            x = _through(self.decoders[k], x, overwrite=free)
        return F.pixel_shuffle(self.tail(x), 2)[..., :height, :width]


class ResidualBlock(nn.Module):
    """x + P₂ ρ(P₁ D x): D a 3x3 convolution of each channel, P₁ and P₂ channel matrices.

    P₁ multiplies the width by `expansion` and P₂ brings it back. D costs nine products a channel,
    so a block that doubles the width costs a quarter of two dense 3x3 convolutions. ρ is the leaky
    ReLU max(u, `SLOPE` u): without biases and normalisation, brightness dominates every channel,
    and units of a plain ReLU end up negative for all pictures, where no gradient brings them back.
    """

    def __init__(self, width: int, expansion: int = 2, padding: str = "zeros") -> None:
        super().__init__()
        mode = padding_mode(padding)
        self.spatial = nn.Conv2d(
            width, width, 3, padding=1, groups=width, bias=False, padding_mode=mode
        )
        self.expand = nn.Conv2d(width, expansion * width, 1, bias=False)
        self.reduce = nn.Conv2d(expansion * width, width, 1, bias=False)
        with torch.no_grad():
            self.reduce.weight.mul_(0.1)

    def forward(self, x: Tensor, *, overwrite: bool = False) -> Tensor:
        """Return the sum of the input and the branch; `overwrite` allows to put it into x."""
        zeros = self.spatial.padding_mode == "zeros"  # the fused kernels know no other
        dtype = fused_dtype(x, training=self.training) if zeros else None
        if dtype is not None and not is_watched(self):
            weights = self.spatial.weight, self.expand.weight, self.reduce.weight
            return fused_block(x, weights, dtype, overwrite=overwrite)
        # not in place: a hook may keep what it saw
        return x + self.reduce(F.leaky_relu(self.expand(self.spatial(x)), SLOPE))


def _through(chain: nn.Module, x: Tensor, *, overwrite: bool) -> Tensor:
    """Return what the blocks of a chain make of x, which nobody else holds if `overwrite`."""
    if not overwrite:
        return chain(x)
    for block in chain.children():
        x = block(x, overwrite=True)
    return x


def _blocks(width: int, count: int, expansion: int, *, padding: str) -> nn.Sequential:
    return nn.Sequential(*(ResidualBlock(width, expansion, padding) for _ in range(count)))


def _radius(encoder: Sequence[int], decoder: Sequence[int]) -> int:
    """Head, tail and one step of 2^(k+1) pixels a block at level k; and the coarsest block."""
    steps = [(k, n) for side in (encoder, decoder) for k, n in enumerate(side)]
    return 2 + 2 + 2 ** len(encoder) + sum(n * 2 ** (k + 1) for k, n in steps)
