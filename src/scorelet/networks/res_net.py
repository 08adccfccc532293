"""Residual networks without biases, with their non-linearity as an argument.

References: He et al. 2016, arXiv 1512.03385; bias-free, with norms that have no parameters: Guth,
Zarka, Mallat 2022, arXiv 2110.05283, section on standard networks; norms after the non-linearity:
Guth, Ménard, Rochette, Mallat, JMLR 2024, arXiv 2305.18512, appendix D.
"""

from collections.abc import Sequence
from typing import Annotated

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from scorelet.core.errors import InputError
from scorelet.core.numbers import Count, Factor, at_least
from scorelet.core.options import checked
from scorelet.networks.widths import at_width, check_stages

RECTIFIERS = ("relu", "abs", "soft", "soft fixed", "tanh", "squash")
"""max(x, 0), |x|, sign(x) max(|x| - λ, 0) with λ learned from 0.1 or fixed at 1, tanh x,
x / (1 + |x|)."""


class Rectifier(nn.Module):
    """One of `RECTIFIERS`; the learned threshold has one entry for each channel."""

    def __init__(self, name: str, channels: int) -> None:
        super().__init__()
        if name not in RECTIFIERS:
            raise InputError(f"Unknown non-linearity {name!r}: one of {', '.join(RECTIFIERS)}.")
        self.name = name
        if name == "soft":
            self.threshold = nn.Parameter(torch.full((channels, 1, 1), 0.1))

    def forward(self, x: Tensor) -> Tensor:
        """Return ρ(x)."""
        match self.name:
            case "relu":
                return x.relu()
            case "abs":
                return x.abs()
            case "soft":
                return x - x.clamp(-self.threshold.abs(), self.threshold.abs())
            case "soft fixed":
                return F.softshrink(x, 1.0)
            case "tanh":
                return x.tanh()
            case "squash":
                return x / (1 + x.abs())
        raise AssertionError(f"{self.name} has no formula here")


class BasicBlock(nn.Module):
    """ρ(norm(conv(ρ(norm(conv x)))) + shortcut x).

    With norms after ρ it is norm(ρ(conv(norm(ρ(conv x))) + shortcut x)), no norm in the shortcut.
    """

    def __init__(
        self, inputs: int, outputs: int, stride: int, rectifier: str, affine: bool, after: bool
    ) -> None:
        super().__init__()
        self.after = after
        self.first = _conv(inputs, outputs, 3, stride)
        self.norm1 = nn.BatchNorm2d(outputs, affine=affine)
        self.rectify1 = Rectifier(rectifier, outputs)
        self.second = _conv(outputs, outputs, 3)
        self.norm2 = nn.BatchNorm2d(outputs, affine=affine)
        self.rectify2 = Rectifier(rectifier, outputs)
        self.shortcut: nn.Module = nn.Identity()
        if stride > 1 or inputs != outputs:
            self.shortcut = nn.Sequential(_conv(inputs, outputs, 1, stride))
            if not after:
                self.shortcut.append(nn.BatchNorm2d(outputs, affine=affine))

    def forward(self, x: Tensor) -> Tensor:
        """Return the next representation."""
        if self.after:
            y = self.norm1(self.rectify1(self.first(x)))
            return self.norm2(self.rectify2(self.second(y) + self.shortcut(x)))
        y = self.rectify1(self.norm1(self.first(x)))
        return self.rectify2(self.norm2(self.second(y)) + self.shortcut(x))


class ResNet(nn.Module):
    """A residual network of basic blocks.

    Args:
        channels, classes: of images and labels.
        blocks: basic blocks of each stage: (2, 2, 2, 2) is ResNet-18, (3, 3, 3) with widths
            (16, 32, 64) ResNet-20.
        widths: channels of each stage at width 1; every stage but the first halves the sides.
        width: multiplies all widths.
        stem: "imagenet": 7x7 of stride 2 and a maximum over 3x3 of stride 2; "cifar": 3x3.
        rectifier: a name of `RECTIFIERS`.
        bias_free: norms without gain and bias.
        norm: "before" the non-linearity, in shortcuts, too; or "after" it, none in shortcuts, and
            then the last layer has no bias either if `bias_free`.

    Shape:
        (batch, channels, h, w), values in [0, 1] → logits (batch, classes).
    """

    @checked
    def __init__(  # noqa: PLR0913 - what can be varied
        self,
        channels: Count = 3,
        classes: Count = 10,
        *,
        blocks: Sequence[Annotated[int, at_least(0)]] = (2, 2, 2, 2),
        widths: Sequence[Count] = (64, 128, 256, 512),
        width: Factor = 1.0,
        stem: str = "cifar",
        rectifier: str = "relu",
        bias_free: bool = True,
        norm: str = "before",
    ) -> None:
        super().__init__()
        self.options = {
            "channels": channels, "classes": classes, "blocks": list(blocks),
            "widths": list(widths), "width": width, "stem": stem, "rectifier": rectifier,
            "bias_free": bias_free, "norm": norm,
        }  # fmt: skip
        if norm not in ("before", "after"):
            raise InputError(f"norm is {norm!r}: it must be before or after the non-linearity.")
        if stem not in ("imagenet", "cifar"):
            raise InputError(f"stem is {stem!r}: it must be imagenet or cifar.")
        check_stages(blocks, widths)
        sizes = [at_width(n, width) for n in widths]
        large, after = stem == "imagenet", norm == "after"
        parts: list[nn.Module] = [
            nn.BatchNorm2d(sizes[0], affine=not bias_free),
            Rectifier(rectifier, sizes[0]),
        ]
        parts = parts[::-1] if after else parts
        parts.insert(0, _conv(channels, sizes[0], 7 if large else 3, 2 if large else 1))
        if large:
            parts.append(nn.MaxPool2d(3, stride=2, padding=1))
        self.stem = nn.Sequential(*parts)
        self.stages = nn.ModuleList()
        inputs = sizes[0]
        for number, (count, outputs) in enumerate(zip(blocks, sizes, strict=True)):
            stage = nn.Sequential()
            for k in range(count):
                stride = 2 if number and k == 0 else 1
                stage.append(BasicBlock(inputs, outputs, stride, rectifier, not bias_free, after))
                inputs = outputs
            self.stages.append(stage)
        self.classes, self.accepts = classes, (channels,)
        self.classify = nn.Linear(inputs, classes, bias=not (after and bias_free))

    receptive_radius = None
    multiple = 1

    def forward(self, x: Tensor) -> Tensor:
        """Return logits."""
        x = self.stem(x - 0.5)
        for stage in self.stages:
            x = stage(x)
        return self.classify(x.mean((2, 3)))


def _conv(inputs: int, outputs: int, size: int, stride: int = 1) -> nn.Conv2d:
    return nn.Conv2d(inputs, outputs, size, stride=stride, padding=size // 2, bias=False)
