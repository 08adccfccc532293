"""The U-Net of diffusion models: residual blocks that are told the noise level, and attention."""

import math
from collections.abc import Sequence
from typing import Annotated

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from scorelet.core.errors import InputError
from scorelet.core.numbers import Count, Range, at_least
from scorelet.core.options import checked
from scorelet.networks.noise_gain import LevelLayers

GROUPS = 32
"""Of the normalisations."""
_GROUPED = Range(lambda n: n > 0 and n % GROUPS == 0, f"a multiple of {GROUPS}, above 0")
_PERIOD = 10_000.0
"""Longest of the sines that a level is written in, by 2π."""


class DiffusionUNet(nn.Module):
    """U-Net whose blocks are told the noise level, which comes as the first channel.

    At each resolution stand `blocks` residual blocks of width·m channels, m from `multipliers`, one
    more on the way up, each beside the result of one on the way down; resolutions are connected by
    convolutions of stride 2, and by nearest neighbours and a convolution. The level is written in
    sines and goes through two linear layers; each block takes from it a scale and a shift, after
    its second normalisation over 32 groups of channels. Results of all blocks begin at their
    inputs, that of the network at 0.

    Args:
        channels: that it sees: the level, constant over an image, and those of the image with what
            is shown beside it.
        outputs: channels of the result.
        width: channels that multipliers count in, a multiple of 32.
        multipliers: of each resolution, fine to coarse.
        blocks: at each resolution on the way down.
        attention: halvings after which blocks are followed by attention over all places; the
            coarsest one has it in any case.
        heads: of the attention.

    Shape:
        (batch, channels, height, width) → (batch, outputs, height, width), sides divisible by
        2^(resolutions - 1).

    Attributes:
        options, accepts, receptive_radius, multiple, classes: see `Network`.

    Raises:
        InputError: a width that is no multiple of 32, too few channels, resolutions or blocks, or
            heads that do not share the channels evenly.

    References: Nichol, Dhariwal 2021, arXiv 2102.09672, and its code; Guth, Coste, De Bortoli,
    Mallat 2022, arXiv 2208.05003, whose sizes are those of the configurations wavelet-celebahq128
    and pixel-celebahq128.
    """

    @checked
    def __init__(
        self,
        channels: Annotated[int, at_least(2)] = 2,
        *,
        outputs: Count = 1,
        width: Annotated[int, _GROUPED] = 128,
        multipliers: Sequence[Count] = (1, 2, 2),
        blocks: Count = 3,
        attention: Sequence[Annotated[int, at_least(0)]] = (),
        heads: Count = 4,
    ) -> None:
        super().__init__()
        _check_resolutions(width, multipliers, attention, heads)
        self.options = {
            "channels": channels,
            "outputs": outputs,
            "width": width,
            "multipliers": list(multipliers),
            "blocks": blocks,
            "attention": list(attention),
            "heads": heads,
        }
        self.accepts = (channels,)
        self.multiple = 2 ** (len(multipliers) - 1)
        self.receptive_radius = None
        self.classes = None
        self.width = width
        told = 4 * width
        self.level = LevelLayers(nn.Linear(width, told), nn.SiLU(), nn.Linear(told, told))
        now = width * multipliers[0]
        self.first = nn.Conv2d(channels - 1, now, 3, padding=1)
        self.down, self.up = nn.ModuleList(), nn.ModuleList()
        known = [now]
        for halvings, m in enumerate(multipliers):
            if halvings:
                self.down.append(_Stage([nn.Conv2d(now, now, 3, stride=2, padding=1)]))
                known.append(now)
            for _ in range(blocks):
                self.down.append(_block(now, m * width, told, halvings in attention, heads))
                now = m * width
                known.append(now)
        self.middle = _Stage(
            [_Residual(now, now, told), _Attention(now, heads), _Residual(now, now, told)]
        )
        for halvings, m in reversed(list(enumerate(multipliers))):
            for number in range(blocks + 1):
                inputs = now + known.pop()
                now = m * width
                stage = _block(inputs, now, told, halvings in attention, heads)
                if halvings and number == blocks:
                    stage.parts.append(_Larger(now))
                self.up.append(stage)
        last = nn.Conv2d(now, outputs, 3, padding=1)
        self.last = nn.Sequential(_Norm(now), nn.SiLU(), _silent(last))

    def forward(self, x: Tensor) -> Tensor:
        """Return the result for images x, whose first channel is the level."""
        told = self.level(_sines(x[:, 0].mean((1, 2)), self.width))
        found = [self.first(x[:, 1:])]
        for stage in self.down:
            found.append(stage(found[-1], told))
        h = self.middle(found[-1], told)
        for stage in self.up:
            h = stage(torch.cat([h, found.pop()], 1), told)
        return self.last(h)


def _check_resolutions(
    width: int, multipliers: Sequence[int], attention: Sequence[int], heads: int
) -> None:
    if not multipliers:
        raise InputError("multipliers is empty: give one of each resolution, as [1, 2, 2].")
    coarsest = len(multipliers) - 1
    attends = [m * width for k, m in enumerate(multipliers) if k in attention or k == coarsest]
    if uneven := [n for n in attends if n % heads]:
        raise InputError(f"heads is {heads}: expected a divisor of {uneven[0]} channels.")


class _Norm(nn.GroupNorm):
    """Over 32 groups of channels, in the layout in which it is fast.

    Where the channels of a place lie together, torch's kernel for processors takes many times
    as long as where places of a channel do: far more than copies there and back.
    """

    def __init__(self, channels: int) -> None:
        super().__init__(GROUPS, channels)

    def forward(self, input: Tensor) -> Tensor:  # noqa: A002 - as in torch
        if input.is_cuda or input.is_contiguous():
            return super().forward(input)
        return super().forward(input.contiguous()).contiguous(memory_format=torch.channels_last)


class _Stage(nn.Module):
    """Parts one after the other; residual blocks are told the level."""

    def __init__(self, parts: Sequence[nn.Module]) -> None:
        super().__init__()
        self.parts = nn.ModuleList(parts)

    def forward(self, x: Tensor, told: Tensor) -> Tensor:
        for part in self.parts:
            x = part(x, told) if isinstance(part, _Residual) else part(x)
        return x


class _Residual(nn.Module):
    """x + conv(SiLU(scale · norm(conv(SiLU(norm(x)))) + shift))."""

    def __init__(self, inputs: int, outputs: int, told: int) -> None:
        super().__init__()
        self.enter = nn.Sequential(
            _Norm(inputs), nn.SiLU(), nn.Conv2d(inputs, outputs, 3, padding=1)
        )
        self.told = LevelLayers(nn.SiLU(), nn.Linear(told, 2 * outputs))
        self.norm = _Norm(outputs)
        self.leave = nn.Sequential(nn.SiLU(), _silent(nn.Conv2d(outputs, outputs, 3, padding=1)))
        self.skip = nn.Identity() if inputs == outputs else nn.Conv2d(inputs, outputs, 1)

    def forward(self, x: Tensor, told: Tensor) -> Tensor:
        scale, shift = self.told(told)[..., None, None].chunk(2, 1)
        return self.skip(x) + self.leave((1 + scale) * self.norm(self.enter(x)) + shift)


class _Attention(nn.Module):
    """x + attention over all places of norm(x)."""

    def __init__(self, channels: int, heads: int) -> None:
        super().__init__()
        self.heads = heads
        self.norm = _Norm(channels)
        self.enter = nn.Conv2d(channels, 3 * channels, 1)
        self.leave = _silent(nn.Conv2d(channels, channels, 1))

    def forward(self, x: Tensor) -> Tensor:
        sets = self.enter(self.norm(x)).flatten(2).unflatten(1, (3, self.heads, -1))
        query, key, value = sets.mT.unbind(1)  # (batch, head, place, channel)
        found = F.scaled_dot_product_attention(query, key, value)
        return x + self.leave(found.mT.reshape(x.shape))


class _Larger(nn.Module):
    """Twice as large by nearest neighbours, and a convolution."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.conv = nn.Conv2d(channels, channels, 3, padding=1)

    def forward(self, x: Tensor) -> Tensor:
        return self.conv(F.interpolate(x, scale_factor=2, mode="nearest"))


def _block(inputs: int, outputs: int, told: int, attends: bool, heads: int) -> _Stage:
    residual = _Residual(inputs, outputs, told)
    return _Stage([residual, _Attention(outputs, heads)] if attends else [residual])


def _silent(layer: nn.Conv2d) -> nn.Conv2d:
    """Return a layer whose weights are 0."""
    nn.init.zeros_(layer.weight)
    assert layer.bias is not None
    nn.init.zeros_(layer.bias)
    return layer


def _sines(level: Tensor, width: int) -> Tensor:
    """Return cos and sin of levels at width/2 frequencies, 1 to 1/10,000, geometric."""
    half = width // 2
    exponents = torch.arange(half, device=level.device, dtype=level.dtype) / half
    phases = level[:, None] * torch.exp(-math.log(_PERIOD) * exponents)
    return torch.cat([phases.cos(), phases.sin()], 1)
