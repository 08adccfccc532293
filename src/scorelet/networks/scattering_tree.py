"""The scattering tree S_T: fixed scattering coefficients, one matrix across channels, a classifier.

References: Zarka, Guth, Mallat 2021, arXiv 2012.10424; Oyallon, Mallat 2015, arXiv 1412.8659.
"""

import torch.nn.functional as F
from torch import Tensor, nn

from scorelet.core.errors import InputError
from scorelet.networks.channel_matrix import ChannelMatrix, Group, normalized
from scorelet.wavelets.scattering.transform import Scattering2d


class ScatteringTree(nn.Module):
    """x → classifier(N P Std S x), S of order 2.

    Args:
        channels, classes: of images and labels.
        size: side of the images in pixels, at least 2^scales.
        scales, angles: J and L.
        outputs: rows of P.
        pool: side of the squares whose means the classifier sees, stride 1; 1: every position.
        learned: whether P learns; else it is a fixed random operator.

    Shape:
        (batch, channels, size, size), values in [0, 1] → logits (batch, classes). `logits` takes
        coefficients (batch, channels · paths, h, w), which can be computed once for all epochs.

    For CIFAR-10 it has 104,064 parameters, the classifier's bias not counted.
    """

    receptive_radius = None
    multiple = 1

    def __init__(
        self,
        channels: int = 3,
        classes: int = 10,
        *,
        size: int = 32,
        scales: int = 3,
        angles: int = 8,
        outputs: int = 128,
        pool: int = 1,
        learned: bool = True,
    ) -> None:
        super().__init__()
        self.options = {
            "channels": channels, "classes": classes, "size": size, "scales": scales,
            "angles": angles, "outputs": outputs, "pool": pool, "learned": learned,
        }  # fmt: skip
        if size < 2**scales:
            raise InputError(f"Images of {size} pixels are too small for {scales} scales.")
        self.classes, self.accepts, self.size, self.pool = classes, (channels,), size, pool
        self.scattering = Scattering2d(J=scales, L=angles)
        inputs = channels * len(self.scattering.paths)
        self.project = ChannelMatrix([Group(inputs, False)], outputs, field="real", learned=learned)
        side = size // 2**scales - pool + 1
        if side < 1:
            raise InputError(f"Means over {pool} positions need as many: {size} pixels give fewer.")
        self.norm = nn.BatchNorm2d(outputs)
        self.classify = nn.Linear(outputs * side**2, classes)

    def features(self, x: Tensor) -> Tensor:
        """Return S x, (batch, channels · paths, h, w)."""
        return self.scattering(x).flatten(1, 2)

    def logits(self, features: Tensor) -> Tensor:
        """Return logits of coefficients."""
        u = self.norm(normalized(self.project(features), pairs=False))
        if self.pool > 1:
            u = F.avg_pool2d(u, self.pool, stride=1)
        return self.classify(u.flatten(1))

    def forward(self, x: Tensor) -> Tensor:
        """Return logits."""
        return self.logits(self.features(x))

    def tight_weights(self) -> list[Tensor]:
        """Return what a Parseval step after each step of training shall keep tight."""
        return [self.project.weight] if self.options["learned"] else []
