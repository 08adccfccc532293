"""Two layers: a learned tight frame on patches, a non-linearity, and a linear classifier.

Patches are cut, divided by their norm, analysed by F; the classifier sees the coefficients ρ(F x)
("frame"), or the image that Fᵀ ρ(F x) makes of them, averaged where patches overlap ("synthesis").

References: Zarka, Guth, Mallat 2021, arXiv 2012.10424, section on two-layer networks.
"""

import torch
import torch.nn.functional as F
from torch import Tensor

from scorelet.core.errors import InputError
from scorelet.core.numbers import Count, Factor
from scorelet.core.options import checked
from scorelet.networks.concentration import Concentration
from scorelet.networks.sized_classifier import SizedClassifier
from scorelet.networks.widths import at_width


class PatchFrame(SizedClassifier):
    """A two-layer classifier on patches.

    Args:
        channels, classes: of images and labels.
        size: side of the images in pixels.
        patch, stride: of the patches, in pixels; they must cover the image.
        atoms: p, at width 1.
        width: multiplies them, rounded, at least 1.
        shrinkage: ρ, a name of `scorelet.networks.concentration.THRESHOLDS`.
        features: "synthesis" or "frame".

    Shape:
        (batch, channels, size, size), values in [0, 1] → logits (batch, classes).

    With patch 8, stride 4 and 8192 atoms it has 1,603,590 parameters for CIFAR-10, the classifier's
    bias not counted; with one channel, 28 pixels, patch 14, stride 7 and 2048 atoms 409,250.
    """

    @checked
    def __init__(  # noqa: PLR0913 - what can be varied
        self,
        channels: Count = 3,
        classes: Count = 10,
        *,
        size: Count = 32,
        patch: Count = 8,
        stride: Count = 4,
        atoms: Count = 8192,
        width: Factor = 1.0,
        shrinkage: str = "relu0",
        features: str = "synthesis",
    ) -> None:
        options = {
            "channels": channels, "classes": classes, "size": size, "patch": patch,
            "stride": stride, "atoms": atoms, "width": width, "shrinkage": shrinkage,
            "features": features,
        }  # fmt: skip
        super().__init__(options)
        if features not in ("frame", "synthesis"):
            raise InputError(f"features is {features!r}: it must be frame or synthesis.")
        if patch > size or (size - patch) % stride:
            raise InputError(
                f"Patches of {patch} pixels every {stride} do not cover images of {size} pixels."
            )
        atoms = at_width(atoms, width)
        self.patch, self.stride, self.features = patch, stride, features
        self.frame = Concentration(channels * patch**2, atoms, shrinkage=shrinkage)
        places = (size - patch) // stride + 1
        if features == "synthesis":
            self.add_head(channels, size)
        else:
            self.add_head(atoms, places)
        ones = torch.ones(1, patch**2, places**2)
        cover = F.fold(ones, (size, size), (patch, patch), stride=stride)
        self.register_buffer("cover", cover, persistent=False)

    cover: Tensor

    def tight_weights(self) -> list[Tensor]:
        """Return what a Parseval step after each step of training shall keep tight."""
        return [self.frame.weight]

    def forward(self, x: Tensor) -> Tensor:
        """Return logits.

        Raises:
            InputError: images of another size.
        """
        self.check_size(x)
        patches = F.unfold(x - 0.5, (self.patch, self.patch), stride=self.stride)
        patches = F.normalize(patches, dim=1, eps=1e-6)[..., None]
        if self.features == "frame":
            places = (self.size - self.patch) // self.stride + 1
            flat = self.frame.coefficients(patches)[..., 0]
            return self.head(flat.unflatten(2, (places, places)))
        flat = self.frame(patches)[..., 0]
        sides, patch = (self.size, self.size), (self.patch, self.patch)
        return self.head(F.fold(flat, sides, patch, stride=self.stride) / self.cover)
