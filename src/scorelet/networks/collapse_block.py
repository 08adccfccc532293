"""One block of learned scattering: x → N P Std ρ W x, and a concentration behind it if wanted.

Symbols: W wavelets of half an octave or one, ρ a non-linearity of complex coefficients, Std and P
as in `ChannelMatrix`, N division by the norm of the channels at each pixel.

References: Guth, Zarka, Mallat, ICLR 2022, arXiv 2110.05283; Zarka, Guth, Mallat, ICLR 2021,
arXiv 2012.10424.
"""

from dataclasses import dataclass

import torch
from torch import Tensor, nn

from scorelet.core.errors import InputError
from scorelet.core.numbers import Count
from scorelet.networks.amplitudes import Amplitude
from scorelet.networks.channel_matrix import ChannelMatrix, Group, normalized
from scorelet.networks.collapse import (
    collapse_dtype,
    collapsed,
    evaluated,
    known_to_kernels,
)
from scorelet.networks.concentration import Concentration
from scorelet.networks.morlet_conv import MorletConv2d
from scorelet.networks.operators import Operators
from scorelet.wavelets.morlet.bank import Kind


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
        initial: how P starts, see `ChannelMatrix`.
        norm: whether there is N.
    """

    angles: Count = 4
    full_angles: bool = False
    kernel: Count | None = None
    amplitude: str = "mod"
    skip: bool = True
    field: str = "complex"
    learned: bool = True
    shrinkage: str = "soft"
    parseval: bool = False
    initial: str = "orthonormal"
    norm: bool = True


PHASE_COLLAPSE = Block()
"""The blocks of the network of phase collapse for CIFAR-10."""
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
        self.pairs, self.skip, self.norm = pairs, design.skip, design.norm
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
            initial=design.initial,
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
        dtype = collapse_dtype(x, parts, training=self.training) if self.norm else None
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
        if self.norm and known_to_kernels(parts) and self.project.weight.dtype == torch.float32:
            self._operators = {
                dtype: evaluated(parts, dtype, pairs=self.pairs, skip=self.skip)
                for dtype in (torch.float32, torch.bfloat16)
            }

    def _plain(self, x: Tensor) -> Tensor:
        """Return it by torch's operators, for every device and any derivative, and without N."""
        z = self.wavelets(x)
        if self.skip:
            linear = z.flatten(1, 2)
            rectified = self.amplitude(linear)
        else:
            linear = z[:, :, 0] if self.pairs else z[:, :, 0, 0]
            rectified = self.amplitude(z[:, :, 1:].flatten(1, 2))
        u = self.project(linear, rectified)
        return normalized(u, pairs=self.gives_pairs) if self.norm else u
