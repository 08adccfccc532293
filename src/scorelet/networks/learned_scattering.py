"""Learned scattering: fixed Morlet wavelets and amplitudes, learned matrices across channels.

    S = classifier ∘ Π_j ( F_jᵀ ρ_λ F_j  N P_j Std ρ W_j )

W wavelets of half an octave or one, ρ a non-linearity of complex coefficients, Std and P_j as in
`ChannelMatrix`, N division by the norm of the channels at each pixel; the concentration by a tight
frame F_j is optional. Nothing has a bias but the classifier.

References: Guth, Zarka, Mallat, ICLR 2022, arXiv 2110.05283; Zarka, Guth, Mallat, ICLR 2021,
arXiv 2012.10424 (relu of four phases, real P, octaves, concentration).
"""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from itertools import pairwise
from typing import Any

import torch
from torch import Tensor, nn

from scorelet.core.errors import InputError
from scorelet.networks.amplitudes import Amplitude
from scorelet.networks.channel_matrix import ChannelMatrix, Group, normalized
from scorelet.networks.collapse import (
    Operators,
    collapse_dtype,
    collapsed,
    evaluated,
    known_to_kernels,
)
from scorelet.networks.concentration import Concentration
from scorelet.networks.folding import fold_norm
from scorelet.networks.morlet_conv import MorletConv2d
from scorelet.networks.sized_classifier import SizedClassifier
from scorelet.wavelets.morlet.bank import Kind

IMAGENET_MEAN = (0.485, 0.456, 0.406)
IMAGENET_STD = (0.229, 0.224, 0.225)
CIFAR_SIZES = (64, 128, 256, 512, 512, 512, 512, 512)
IMAGENET_SIZES = (32, 64, 64, 128, 256, 512, 512, 512, 512, 512, 256)


@dataclass(frozen=True)
class Block:
    """What all blocks of a network have in common.

    Args:
        angles: L, of the wavelets.
        full_angles: half octaves only: angles spread over 2π instead of π.
        kernel: points a side of the wavelets in space; None: see `MorletConv2d`.
        amplitude: name of ρ, of `scorelet.networks.amplitudes`.
        skip: keep all linear coefficients beside ρ of all, those of the low pass included; else
            the low pass is kept as it is and ρ is applied to the bands.
        field: of P: "complex" or "real".
        learned: whether P learns; else it is a fixed random operator.
        shrinkage: of the concentration, see `Concentration`.
        parseval: whether training shall keep a real P that learns, and frames, tight.
    """

    angles: int = 4
    full_angles: bool = False
    kernel: int | None = None
    amplitude: str = "mod"
    skip: bool = True
    field: str = "complex"
    learned: bool = True
    shrinkage: str = "soft"
    parseval: bool = False


FOUR_PHASES = Block(angles=8, amplitude="relu", skip=False, field="real", parseval=True)
"""The blocks of the networks of separation and concentration."""


class CollapseBlock(nn.Module):
    """x → N P Std ρ W x, and the concentration if there are atoms.

    Args:
        channels: of the input, real, or complex if `pairs`.
        outputs: of P.
        design: what it has in common with other blocks.
        pairs: whether the input is complex.
        kind: of the wavelets.
        atoms: rows of the frame of the concentration; None: there is none.

    Shape:
        real (batch, channels, h, w) or pairs (batch, channels, 2, h, w) → pairs, or real channels
        if everything is real.
    """

    def __init__(
        self,
        channels: int,
        outputs: int,
        design: Block,
        *,
        pairs: bool = False,
        kind: Kind = "octave",
        atoms: int | None = None,
    ) -> None:
        super().__init__()
        self.pairs, self.skip = pairs, design.skip
        self.wavelets = MorletConv2d(
            design.angles, kind=kind, size=design.kernel, full_angles=design.full_angles
        )
        bands = channels * design.angles
        rectified = bands + channels if design.skip else bands
        self.amplitude = Amplitude(design.amplitude, rectified)
        self.project = ChannelMatrix(
            [
                Group(channels + bands, True) if design.skip else Group(channels, pairs),
                Group(self.amplitude.fan * rectified, not self.amplitude.collapses),
            ],
            outputs,
            field=design.field,
            learned=design.learned,
        )
        if atoms and self.gives_pairs:
            raise InputError("Concentration is for real channels: take mod or relu, and a real P.")
        frame = Concentration(outputs, atoms, shrinkage=design.shrinkage) if atoms else None
        self.concentrate = frame
        self._operators: dict[torch.dtype, Operators] = {}

    @property
    def gives_pairs(self) -> bool:
        """Whether the result is complex."""
        return self.project.gives_pairs

    def forward(self, x: Tensor) -> Tensor:
        """Return the next representation."""
        parts = self.wavelets, self.amplitude, self.project
        dtype = collapse_dtype(x, parts, training=self.training)
        if dtype is None:
            u = self._plain(x)
        else:
            known = self._operators.get(dtype)
            u = collapsed(x, parts, dtype, skip=self.skip, operators=known)
        return u if self.concentrate is None else self.concentrate(u)

    @torch.no_grad()
    def fold(self) -> None:
        """Keep P with Std in it, for kernels: the weights must not change any more."""
        parts = self.wavelets, self.amplitude, self.project
        if known_to_kernels(parts):
            self._operators = {
                dtype: evaluated(parts, dtype, pairs=self.pairs, skip=self.skip)
                for dtype in (torch.float32, torch.bfloat16)
            }

    def _plain(self, x: Tensor) -> Tensor:
        """Return N P Std ρ W x by torch's operators, for every device and any derivative."""
        z = self.wavelets(x)
        if self.skip:
            linear = z.flatten(1, 2)
            rectified = self.amplitude(linear)
        else:
            linear = z[:, :, 0] if self.pairs else z[:, :, 0, 0]
            rectified = self.amplitude(z[:, :, 1:].flatten(1, 2))
        return normalized(self.project(linear, rectified), pairs=self.gives_pairs)


class LearnedScattering(SizedClassifier):
    """A classifier of images by learned scattering.

    Args:
        channels: of the images.
        classes: number of classes.
        size: side of the images in pixels; the classifier has one weight for each position.
        sizes: outputs of P_1, P_2, ... at width 1.
        width: multiplies sizes and atoms, rounded, at least 1.
        factorize: number of blocks that are whole octaves; those after them come in pairs that
            make an octave. None: all are.
        atoms: rows of the frames of the concentrations, at width 1; None: no concentration.
        block: a `Block`, or a dictionary of those of its arguments that differ from the defaults.

    With the defaults it is the phase-collapse network for CIFAR-10: 24,459,018 parameters with
    skip, 12,251,018 without. With sizes (64, 128, 256, 512), factorize None and the block
    `FOUR_PHASES` it is S_P (5,704,896 parameters, the classifier's bias not counted), with atoms
    (1024, 2048, 4096, 8192) besides S_C (11,275,456).

    Shape:
        (batch, channels, size, size), values in [0, 1] → logits (batch, classes).
    """

    mean: Tensor
    deviation: Tensor

    def __init__(
        self,
        channels: int = 3,
        classes: int = 10,
        *,
        size: int = 32,
        sizes: Sequence[int] = CIFAR_SIZES,
        width: float = 1.0,
        factorize: int | None = 0,
        atoms: Sequence[int] | None = None,
        block: Block | Mapping[str, Any] = Block(),
    ) -> None:
        design = block if isinstance(block, Block) else Block(**block)
        options = {
            "channels": channels, "classes": classes, "size": size, "sizes": list(sizes),
            "width": width, "factorize": factorize,
            "atoms": None if atoms is None else list(atoms), "block": asdict(design),
        }  # fmt: skip
        super().__init__(options)
        if design.parseval and design.field == "complex":
            raise InputError(
                "A Parseval step is for a real P, of a complex one it would leave the imaginary "
                "part of P Pᴴ as it is: take field: real, or parseval: false."
            )
        if atoms is not None and len(atoms) != len(sizes):
            raise InputError(f"{len(sizes)} blocks have {len(atoms)} frames: give one for each.")
        self.design = design
        widths = [channels, *(max(1, round(n * width)) for n in sizes)]
        frames = [round(n * width) for n in atoms] if atoms else [None] * len(sizes)
        self.blocks = nn.ModuleList()
        pairs, side = False, size
        for j, (inputs, outputs) in enumerate(pairwise(widths)):
            kind = _kind(j, factorize)
            part = CollapseBlock(inputs, outputs, design, pairs=pairs, kind=kind, atoms=frames[j])
            self.blocks.append(part)
            pairs, side = part.gives_pairs, side // part.wavelets.stride
        if side < 1:
            raise InputError(f"Images of {size} pixels are too small for {len(sizes)} blocks.")
        self.add_head(widths[-1] * (2 if pairs else 1), side)
        colours = channels == 3
        mean, deviation = (IMAGENET_MEAN, IMAGENET_STD) if colours else ((0.5,), (0.25,))
        self.register_buffer("mean", torch.tensor(mean)[:, None, None], persistent=False)
        self.register_buffer("deviation", torch.tensor(deviation)[:, None, None], persistent=False)

    def tight_weights(self) -> list[Tensor]:
        """Return what a Parseval step after each step of training shall keep tight."""
        if not self.design.parseval:
            return []
        blocks = [block for block in self.blocks if isinstance(block, CollapseBlock)]
        frames = [b.concentrate.weight for b in blocks if b.concentrate is not None]
        learned = [b.project.weight for b in blocks if self.design.learned]
        return learned + frames

    @torch.no_grad()
    def fold(self) -> None:
        """Put the last norm, as it is in evaluation, into the classifier."""
        if isinstance(self.norm, nn.BatchNorm2d):
            fold_norm(self.norm, self.classify)
            self.norm = nn.Identity()

    def forward(self, x: Tensor) -> Tensor:
        """Return logits.

        Raises:
            InputError: images of another size.
        """
        self.check_size(x)
        u = (x - self.mean) / self.deviation
        for block in self.blocks:
            u = block(u)
        return self.head(u.flatten(1, 2) if u.ndim == 5 else u)


def _kind(block: int, factorize: int | None) -> Kind:
    if factorize is None or block < factorize:
        return "octave"
    return "second half" if (block - factorize) % 2 else "half"
