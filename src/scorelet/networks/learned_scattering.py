"""Learned scattering: fixed Morlet wavelets and amplitudes, learned matrices across channels.

    S = classifier ∘ Π_j ( N P_j Std ρ W_j )

W wavelets of half an octave or one, ρ a non-linearity of complex coefficients, Std and P_j as in
`ChannelMatrix`, N division by the norm of the channels at each pixel. Nothing has a bias but the
classifier.

References: Guth, Zarka, Mallat, ICLR 2022, arXiv 2110.05283; Zarka, Guth, Mallat, ICLR 2021,
arXiv 2012.10424 (relu of four phases, real P, octaves).
"""

from collections.abc import Sequence
from itertools import pairwise

import torch
from torch import Tensor, nn

from scorelet.core.errors import InputError
from scorelet.networks.amplitudes import Amplitude, modulus
from scorelet.networks.channel_matrix import ChannelMatrix, Group, normalized
from scorelet.networks.morlet_conv import MorletConv2d
from scorelet.wavelets.morlet.bank import Kind

IMAGENET_MEAN = (0.485, 0.456, 0.406)
IMAGENET_STD = (0.229, 0.224, 0.225)
CIFAR_SIZES = (64, 128, 256, 512, 512, 512, 512, 512)
IMAGENET_SIZES = (32, 64, 64, 128, 256, 512, 512, 512, 512, 512, 256)


class CollapseBlock(nn.Module):
    """x → N P Std ρ W x.

    Args:
        channels: of the input, real, or complex if `pairs`.
        outputs: of P.
        kind: of the wavelets.
        angles, full_angles, size: of the wavelets.
        amplitude: name of ρ.
        skip: keep all linear coefficients beside ρ of all, those of the low pass included; else
            the low pass is kept as it is and ρ is applied to the bands.
        field: of P.
        learned: whether P learns.

    Shape:
        real (batch, channels, h, w) or pairs (batch, channels, 2, h, w) → pairs, or real channels
        if everything is real.
    """

    def __init__(
        self,
        channels: int,
        outputs: int,
        *,
        pairs: bool = False,
        kind: Kind = "octave",
        angles: int = 4,
        full_angles: bool = False,
        size: int | None = None,
        amplitude: str = "mod",
        skip: bool = True,
        field: str = "complex",
        learned: bool = True,
    ) -> None:
        super().__init__()
        self.pairs, self.skip = pairs, skip
        self.wavelets = MorletConv2d(angles, kind=kind, size=size, full_angles=full_angles)
        bands = channels * angles
        self.amplitude = Amplitude(amplitude, bands + channels if skip else bands)
        kept = not self.amplitude.collapses
        ours = self.amplitude.fan * (bands + channels if skip else bands)
        linear = Group(channels + bands, True) if skip else Group(channels, pairs)
        self.project = ChannelMatrix(
            [linear, Group(ours, kept)], outputs, field=field, learned=learned
        )

    @property
    def gives_pairs(self) -> bool:
        """Whether the result is complex."""
        return self.project.gives_pairs

    def forward(self, x: Tensor) -> Tensor:
        """Return the next representation."""
        z = self.wavelets(x)
        if self.skip:
            linear = z.flatten(1, 2)
            rectified = self.amplitude(linear)
        else:
            linear = z[:, :, 0] if self.pairs else z[:, :, 0, 0]
            rectified = self.amplitude(z[:, :, 1:].flatten(1, 2))
        u = self.project(linear, rectified)
        return normalized(u, pairs=self.gives_pairs)


class LearnedScattering(nn.Module):
    """A classifier of images by learned scattering.

    Args:
        channels: of the images.
        classes: number of classes.
        size: side of the images in pixels; the classifier has one weight for each position.
        sizes: outputs of P_1, P_2, ... at width 1.
        width: multiplies all sizes, rounded, at least 1.
        angles, full_angles, kernel, amplitude, skip, field, learned: see `CollapseBlock`.
        factorize: number of blocks that are whole octaves; those after them come in pairs that
            make an octave. None: all are.

    With the defaults it is the network of the paper for CIFAR-10: 24,459,018 parameters with skip,
    12,251,018 without.

    Shape:
        (batch, channels, size, size), values in [0, 1] → logits (batch, classes).
    """

    def __init__(
        self,
        channels: int = 3,
        classes: int = 10,
        *,
        size: int = 32,
        sizes: Sequence[int] = CIFAR_SIZES,
        width: float = 1.0,
        angles: int = 4,
        full_angles: bool = False,
        kernel: int | None = None,
        factorize: int | None = 0,
        amplitude: str = "mod",
        skip: bool = True,
        field: str = "complex",
        learned: bool = True,
    ) -> None:
        super().__init__()
        self.options = {
            "channels": channels, "classes": classes, "size": size, "sizes": list(sizes),
            "width": width, "angles": angles, "full_angles": full_angles, "kernel": kernel,
            "factorize": factorize, "amplitude": amplitude, "skip": skip, "field": field,
            "learned": learned,
        }  # fmt: skip
        widths = [channels, *(max(1, round(n * width)) for n in sizes)]
        blocks, pairs, side = [], False, size
        for j, (inputs, outputs) in enumerate(pairwise(widths)):
            block = CollapseBlock(
                inputs, outputs, pairs=pairs, kind=_kind(j, factorize), angles=angles,
                full_angles=full_angles, size=kernel, amplitude=amplitude, skip=skip, field=field,
                learned=learned,
            )  # fmt: skip
            blocks.append(block)
            pairs, side = block.gives_pairs, -(-side // block.wavelets.stride)
        if side < 1:
            raise InputError(f"Images of {size} pixels are too small for {len(sizes)} blocks.")
        self.size = size
        self.blocks = nn.ModuleList(blocks)
        features = widths[-1] * (2 if pairs else 1)
        self.norm = nn.BatchNorm2d(features)
        self.classify = nn.Linear(features * side**2, classes)
        mean, deviation = (IMAGENET_MEAN, IMAGENET_STD) if channels == 3 else ((0.5,), (0.25,))
        self.register_buffer("mean", torch.tensor(mean)[:, None, None], persistent=False)
        self.register_buffer("deviation", torch.tensor(deviation)[:, None, None], persistent=False)

    def forward(self, x: Tensor) -> Tensor:
        """Return logits."""
        if x.shape[-2:] != (self.size, self.size):
            raise InputError(
                f"The images have {x.shape[-2]} x {x.shape[-1]} pixels: this network takes "
                f"{self.size} x {self.size}."
            )
        u = (x - self.mean) / self.deviation
        for block in self.blocks:
            u = block(u)
        if u.ndim == 5:
            u = u.flatten(1, 2)
        return self.classify(self.norm(u).flatten(1))


def _kind(block: int, factorize: int | None) -> Kind:
    if factorize is None or block < factorize:
        return "octave"
    return "second half" if (block - factorize) % 2 else "half"


__all__ = ["CollapseBlock", "LearnedScattering", "modulus"]
