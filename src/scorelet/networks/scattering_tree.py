"""The scattering tree S_T: fixed scattering coefficients, one matrix across channels, a classifier.

References: Zarka, Guth, Mallat 2021, arXiv 2012.10424; Oyallon, Mallat 2015, arXiv 1412.8659.
"""

from torch import Tensor

from scorelet.core.errors import InputError
from scorelet.core.numbers import Count, Factor
from scorelet.core.options import checked
from scorelet.networks.channel_matrix import ChannelMatrix, Group, normalized
from scorelet.networks.scattering_head import ScatteringCoefficients
from scorelet.networks.sized_classifier import SizedClassifier
from scorelet.networks.widths import at_width
from scorelet.wavelets.scattering.transform import Scattering2d


class ScatteringTree(SizedClassifier):
    """x → classifier(N P Std S x), S of order 2.

    Args:
        channels, classes: of images and labels.
        size: side of the images in pixels, at least 2^scales.
        scales, angles: J and L.
        outputs: rows of P at width 1.
        width: multiplies them, rounded, at least 1.
        pool: side of the squares whose means the classifier sees, stride 1; 1: every position.
        learned: whether P learns; else it is a fixed random operator.

    Shape:
        (batch, channels, size, size), values in [0, 1] → logits (batch, classes). `logits` takes
        coefficients (batch, channels · paths, h, w), which can be computed once for all epochs.

    For CIFAR-10 it has 104,064 parameters, the classifier's bias not counted.
    """

    @checked
    def __init__(  # noqa: PLR0913 - what can be varied
        self,
        channels: Count = 3,
        classes: Count = 10,
        *,
        size: Count = 32,
        scales: Count = 3,
        angles: Count = 8,
        outputs: Count = 128,
        width: Factor = 1.0,
        pool: Count = 1,
        learned: bool = True,
    ) -> None:
        options = {
            "channels": channels, "classes": classes, "size": size, "scales": scales,
            "angles": angles, "outputs": outputs, "width": width, "pool": pool,
            "learned": learned,
        }  # fmt: skip
        super().__init__(options)
        if not size >> scales:
            raise InputError(f"Images of {size} pixels are too small for {scales} scales.")
        scattering = Scattering2d(J=scales, L=angles)
        self.coefficients = ScatteringCoefficients(channels, scattering)
        outputs = at_width(outputs, width)
        inputs = channels * len(scattering.paths)
        self.project = ChannelMatrix([Group(inputs, False)], outputs, field="real", learned=learned)
        if size >> scales < pool:
            raise InputError(f"Means over {pool} positions need as many: {size} pixels give fewer.")
        self.add_head(outputs, size >> scales, pool=pool)

    def features(self, x: Tensor) -> Tensor:
        """Return S x, (batch, channels · paths, h, w)."""
        return self.coefficients(x)

    def logits(self, features: Tensor) -> Tensor:
        """Return logits of coefficients."""
        return self.head(normalized(self.project(features), pairs=False))

    def forward(self, x: Tensor) -> Tensor:
        """Return logits.

        Raises:
            InputError: images of another size.
        """
        self.check_size(x)
        return self.logits(self.features(x))

    def tight_weights(self) -> list[Tensor]:
        """Return what a Parseval step after each step of training shall keep tight."""
        return [self.project.weight] if self.options["learned"] else []
