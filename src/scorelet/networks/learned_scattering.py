"""Learned scattering: fixed Morlet wavelets and amplitudes, learned matrices across channels.

    S = classifier ∘ Π_j ( F_jᵀ ρ_λ F_j  N P_j Std ρ W_j )

W wavelets of half an octave or one, ρ a non-linearity of complex coefficients, Std and P_j as in
`ChannelMatrix`, N division by the norm of the channels at each pixel; the concentration by a tight
frame F_j is optional, N may be left out. Nothing has a bias but the classifier, and that need not.

References: Guth, Zarka, Mallat, ICLR 2022, arXiv 2110.05283; Zarka, Guth, Mallat, ICLR 2021,
arXiv 2012.10424 (relu of four phases, real P, octaves, concentration).
"""

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from itertools import pairwise
from typing import Annotated, Any

import torch
from torch import Tensor, nn

from scorelet.core.errors import InputError
from scorelet.core.numbers import Count, Factor, at_least
from scorelet.core.options import checked
from scorelet.networks.collapse_block import PHASE_COLLAPSE, Block, CollapseBlock
from scorelet.networks.folding import fold_norm
from scorelet.networks.sized_classifier import SizedClassifier
from scorelet.networks.widths import at_width
from scorelet.wavelets.morlet.bank import Kind

IMAGENET_MEAN = (0.485, 0.456, 0.406)
IMAGENET_STD = (0.229, 0.224, 0.225)
CIFAR_SIZES = (64, 128, 256, 512, 512, 512, 512, 512)
IMAGENET_SIZES = (32, 64, 64, 128, 256, 512, 512, 512, 512, 512, 256)


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
        bias_free: the norm before the classifier has no gain and offset, the classifier no bias.

    With the defaults it is the phase-collapse network for CIFAR-10: 24,459,018 parameters with
    skip, 12,251,018 without. With sizes (64, 128, 256, 512), factorize None and the block
    `FOUR_PHASES` it is S_P (5,704,896 parameters, the classifier's bias not counted), with atoms
    (1024, 2048, 4096, 8192) besides S_C (11,275,456).

    Shape:
        (batch, channels, size, size), values in [0, 1] → logits (batch, classes).
    """

    mean: Tensor
    deviation: Tensor

    @checked
    def __init__(  # noqa: PLR0913 - what can be varied
        self,
        channels: Count = 3,
        classes: Count = 10,
        *,
        size: Count = 32,
        sizes: Sequence[Count] = CIFAR_SIZES,
        width: Factor = 1.0,
        factorize: Annotated[int, at_least(0)] | None = 0,
        atoms: Sequence[Count] | None = None,
        block: Block | Mapping[str, Any] = PHASE_COLLAPSE,
        bias_free: bool = False,
    ) -> None:
        design = checked(Block)(**(asdict(block) if isinstance(block, Block) else block))
        options = {
            "channels": channels, "classes": classes, "size": size, "sizes": list(sizes),
            "width": width, "factorize": factorize,
            "atoms": None if atoms is None else list(atoms), "block": asdict(design),
            "bias_free": bias_free,
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
        widths = [channels, *(at_width(n, width) for n in sizes)]
        frames = [at_width(n, width) for n in atoms] if atoms else [None] * len(sizes)
        self.blocks = nn.ModuleList()
        pairs, side = False, size
        for j, (inputs, outputs) in enumerate(pairwise(widths)):
            kind = _kind(j, factorize)
            part = CollapseBlock(inputs, outputs, design, pairs=pairs, kind=kind, atoms=frames[j])
            self.blocks.append(part)
            pairs, side = part.gives_pairs, side // part.wavelets.stride
        if side < 1:
            raise InputError(f"Images of {size} pixels are too small for {len(sizes)} blocks.")
        self.add_head(widths[-1] * (2 if pairs else 1), side, bias_free=bias_free)
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
