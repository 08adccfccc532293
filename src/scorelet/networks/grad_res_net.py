"""A residual network whose gradient denoises: smooth, without biases, equal in training and use.

Symbols: u image, φ features, E energy (one number of an image), G_c class logits.

The backward pass of a network that halves its sides has the shape of a U-Net: transposed
convolutions, and at each layer a product with GELU'(z), where a U-Net has its skip connections. The
energy is made of squares of maps and of products of the image with what is made of them: squares
alone have one sign, and learn to denoise slowly. A
gradient must itself be smooth to learn, so there is no ReLU and no maximum; and it must not depend
on the batch, so there is no batch norm.

References: Thiry, Guth 2024, arXiv 2410.03505; the trunk as in Guth, Kadkhodaie, Simoncelli 2025,
arXiv 2506.05310.
"""

import math
from collections.abc import Iterator, Sequence
from typing import Annotated

import torch
from torch import Tensor, nn

from scorelet.core.device import single_at_least
from scorelet.core.errors import InputError
from scorelet.core.numbers import Count, Factor, at_least
from scorelet.core.options import checked
from scorelet.core.typing import Image, Logits, NoiseLevel, PerSample
from scorelet.networks.channel_affine import affine, squares
from scorelet.networks.gelu import gelu
from scorelet.networks.noise_gain import NoiseFeatures, NoiseGain
from scorelet.networks.recomputed import recomputed
from scorelet.networks.scale_norm import ScaleGroupNorm
from scorelet.networks.widths import at_width, check_stages

ENERGIES = ("maps", "features", "product")
"""E is the mean square of the maps of all stages, or that of the pooled features, or that of maps
plus ⟨u, f(u)⟩ / 2, where f is made of the maps of all stages."""
NORMS = ("block", "activation", "convolution")
"""One norm after the second activation of a block, one after each of the two, or one after each
convolution and before the activation, as the batch norms of ResNet-18."""
UNIT = 0.01
"""Of the strengths of E: one is more than a denoiser ever needs, and they start near zero."""
GAIN = 1.6
"""E gelu(z)² of a normal z is 0.42: weights of this gain keep the scale."""


class GradBlock(nn.Module):
    """norm(gelu(conv(gelu(conv x)) + shortcut x)), with the gains of a noise level.

    Where norms are two, it is norm(gelu(conv(norm(gelu(conv x))) + shortcut x)), or, of
    convolutions, gelu(norm(conv(gelu(norm(conv x)))) + shortcut x).
    """

    def __init__(
        self, inputs: int, outputs: int, stride: int, hidden: int | None, norms: str = NORMS[0]
    ) -> None:
        super().__init__()
        self.early = norms == "convolution"
        self.first = _conv(inputs, outputs, 3, stride)
        self.second = _conv(outputs, outputs, 3)
        self.norm = ScaleGroupNorm(outputs)
        self.gain = NoiseGain(hidden, outputs) if hidden else None
        self.inner_norm = self.inner_gain = None
        if norms != "block":
            self.inner_norm = ScaleGroupNorm(outputs)
            self.inner_gain = NoiseGain(hidden, outputs) if hidden else None
        self.shortcut = self.shortcut_norm = self.shortcut_gain = None
        if stride > 1 or inputs != outputs:
            self.shortcut = _conv(inputs, outputs, 1, stride)
            self.shortcut_norm = ScaleGroupNorm(outputs)
            self.shortcut_gain = NoiseGain(hidden, outputs) if hidden else None

    def forward(self, x: Image, level: Tensor | None = None) -> Tensor:
        """Return the next representation."""
        y = self.first(x)
        y = gelu(self._inner(y, level)) if self.early else self._inner(gelu(y), level)
        y = self.second(y)
        if self.shortcut is not None and self.shortcut_norm is not None:
            x = self.shortcut_norm(self.shortcut(x), _gain(self.shortcut_gain, level))
        if self.early:
            return gelu(self.norm(y, _gain(self.gain, level)) + x)
        return self.norm(gelu(y + x), _gain(self.gain, level))

    def _inner(self, y: Tensor, level: Tensor | None) -> Tensor:
        if self.inner_norm is None:
            return y
        return self.inner_norm(y, _gain(self.inner_gain, level))


class StageProduct(nn.Module):
    """⟨u, conv(z)⟩ / 2 of maps z and the image at their resolution, with gains of a noise level.

    Squares of maps only ever add up what the network sees; a product with the image has either
    sign, and its gradient is f(u) and the transposed derivative of f, each half.
    """

    def __init__(self, maps: int, channels: int, hidden: int | None) -> None:
        super().__init__()
        self.conv = nn.Conv2d(maps, channels, 3, padding=1, bias=False)
        nn.init.zeros_(self.conv.weight)
        self.gain = NoiseGain(hidden, maps) if hidden else None

    def forward(self, u: Image, maps: Tensor, level: Tensor | None) -> PerSample:
        """Return the product of each image."""
        gain = _gain(self.gain, level)
        seen = self.conv(maps if gain is None else affine(maps, gain))
        return (u * seen).sum((1, 2, 3), dtype=single_at_least(u.dtype)) / 2


class GradResNet(nn.Module):
    """A residual network with an energy and class logits.

    Args:
        channels, classes: of images and labels.
        blocks: of each stage; every stage but the first halves the sides.
        widths: channels of each stage at width 1.
        width: multiplies all widths.
        noise_conditioning: whether it is told the noise level; else it is blind.
        noise_features: their number, if it is told.
        multi_stage_features: whether logits see the pooled maps of all stages, those of all but
            the last through a matrix; else of the last stage only.
        side_bias: whether these matrices have biases, as in the network that was released.
        energy: one of `ENERGIES`.
        norm_placement: one of `NORMS`, where blocks have norms.

    Attributes:
        checkpointing: whether training keeps only what blocks are given, see `recomputed`.

    Shape:
        (batch, channels, h, w), sides multiples of 8 → logits (batch, classes); `heads` returns the
        energy, too.
    """

    receptive_radius = None
    checkpointing: bool = False

    @checked
    def __init__(  # noqa: PLR0913 - what can be switched
        self,
        channels: Count = 3,
        classes: Count = 10,
        *,
        blocks: Sequence[Annotated[int, at_least(0)]] = (2, 2, 2, 2),
        widths: Sequence[Count] = (64, 128, 256, 512),
        width: Factor = 1.0,
        noise_conditioning: bool = True,
        noise_features: Count = 64,
        multi_stage_features: bool = True,
        side_bias: bool = False,
        energy: str = "product",
        norm_placement: str = NORMS[0],
    ) -> None:
        super().__init__()
        self.options = {
            "channels": channels, "classes": classes, "blocks": list(blocks),
            "widths": list(widths), "width": width, "noise_conditioning": noise_conditioning,
            "noise_features": noise_features, "multi_stage_features": multi_stage_features,
            "side_bias": side_bias, "energy": energy, "norm_placement": norm_placement,
        }  # fmt: skip
        if energy not in ENERGIES:
            raise InputError(f"energy is {energy!r}: use {' or '.join(ENERGIES)}.")
        if norm_placement not in NORMS:
            raise InputError(f"norm_placement is {norm_placement!r}: use {' or '.join(NORMS)}.")
        check_stages(blocks, widths)
        self.energy, self.classes, self.accepts = energy, classes, (channels,)
        self.multiple = 2 ** (len(blocks) - 1)
        sizes = [at_width(n, width) for n in widths]
        hidden = noise_features if noise_conditioning else None
        self.level = NoiseFeatures(noise_features) if noise_conditioning else None
        self.stem = _conv(channels, sizes[0], 3)
        self.stages = nn.ModuleList()
        inputs = sizes[0]
        for number, (count, outputs) in enumerate(zip(blocks, sizes, strict=True)):
            stage = nn.ModuleList()
            for k in range(count):
                stride = 2 if number and k == 0 else 1
                stage.append(GradBlock(inputs, outputs, stride, hidden, norm_placement))
                inputs = outputs
            self.stages.append(stage)
        sides = sizes[:-1] if multi_stage_features else []
        self.sides = nn.ModuleList(nn.Linear(n, n // 2, bias=side_bias) for n in sides)
        features = sizes[-1] + sum(n // 2 for n in sides)
        self.classify = nn.Linear(features, classes, bias=False)
        nn.init.normal_(self.classify.weight, std=0.003)
        products = sizes if energy == "product" else []
        self.products = nn.ModuleList(StageProduct(n, channels, hidden) for n in products)
        self.strengths = nn.Parameter(torch.full((len(sizes),), 0.003))

    def forward(self, x: Image, sigma: NoiseLevel | None = None) -> Logits:
        """Return class logits; σ is needed if the network is told the noise level."""
        return self.classify(self._features(_moments(self._maps(x, self._told(sigma)))))

    def heads(self, u: Image, sigma: NoiseLevel | None = None) -> tuple[PerSample, Logits]:
        """Return E, whose gradient is of order one in each pixel, and G."""
        level = self._told(sigma)
        maps = self._maps(u, level)
        moments = _moments(maps)
        features = self._features(moments)
        if self.energy == "features":
            square = features.square().mean(1, keepdim=True)
        else:
            square = torch.stack([square.mean(1) for _, square in moments], 1)
        strengths = self.strengths[: square.shape[1]]
        energy = UNIT * math.prod(u.shape[1:]) / 2 * (square * strengths).sum(1)
        for product, image, z in zip(self.products, _octaves(u), maps, strict=False):
            energy = energy + product(image, z, level)
        return energy, self.classify(features)

    def energy_weights(self) -> list[Tensor]:
        """Return the weights that class logits do not see."""
        return [self.strengths, *self.products.parameters()]

    def _told(self, sigma: NoiseLevel | None) -> Tensor | None:
        if self.level is None:
            return None
        if sigma is None:
            raise InputError("This network is told the noise level: give sigma.")
        return self.level(sigma)

    def _maps(self, x: Image, level: Tensor | None) -> list[Tensor]:
        """Return the maps of each stage."""
        x = gelu(self.stem(x))
        maps = []
        for stage in self.stages:
            assert isinstance(stage, nn.ModuleList)
            for block in stage:
                x = self._block(block, x, level)
            maps.append(x)
        return maps

    def _block(self, block: nn.Module, x: Image, level: Tensor | None) -> Tensor:
        told = () if level is None else (level,)
        if self.checkpointing and self.training and torch.is_grad_enabled():
            return recomputed(block, x, *told)
        return block(x, *told)

    def _features(self, moments: list[Tensor]) -> Tensor:
        pooled = [mean for mean, _ in moments]
        if len(self.sides) == 0:
            return pooled[-1]
        sides = [side(z) for side, z in zip(self.sides, pooled, strict=False)]
        return torch.cat([*sides, pooled[-1]], 1)


def _moments(maps: list[Tensor]) -> list[Tensor]:
    """Return of each stage the mean of each map and the mean of its square."""
    return [squares(z) / (z.shape[2] * z.shape[3]) for z in maps]


def _octaves(u: Image) -> Iterator[Image]:
    """Yield u and, one after the other, half the sums of 2x2 blocks, as if 0 were around it.

    Every pixel counts alike, and no norm grows: means of the blocks that odd sides cut would make
    the last pixels of stage k up to 4^k times as strong as others.
    """
    while True:
        yield u
        u = nn.functional.avg_pool2d(u, 2, ceil_mode=True, divisor_override=2)


def _gain(gain: NoiseGain | None, level: Tensor | None) -> Tensor | None:
    return None if gain is None or level is None else gain(level)


def _conv(inputs: int, outputs: int, size: int, stride: int = 1) -> nn.Conv2d:
    conv = nn.Conv2d(inputs, outputs, size, stride=stride, padding=size // 2, bias=False)
    nn.init.normal_(conv.weight, std=GAIN / (inputs * size * size) ** 0.5)
    return conv
