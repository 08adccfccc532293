"""What plain classifiers of gray images have in common: layers and relu, nothing with a bias."""

from collections.abc import Sequence
from typing import Annotated

from torch import Tensor, nn

from scorelet.core.numbers import Range
from scorelet.networks.gray_input import standard_luma
from scorelet.networks.sized_classifier import SizedClassifier
from scorelet.networks.widths import at_width

Colours = Annotated[int, Range(lambda channels: channels in (1, 3), "1 or 3")]
"""Channels of the images."""


class GrayClassifier(SizedClassifier):
    """logits = A layers(u), u the luma of standardised colours.

    A subclass appends to `layers`, and sets A, `classify`, which reads all that they give.

    Args:
        channels, classes, size: of the images, and of the labels.
        sizes: outputs of the layers at width 1.
        width: multiplies them.

    Attributes:
        widths: outputs of the layers.
    """

    classify: nn.Linear

    def __init__(
        self, channels: int, classes: int, *, size: int, sizes: Sequence[int], width: float
    ) -> None:
        options = {
            "channels": channels, "classes": classes, "size": size, "sizes": list(sizes),
            "width": width,
        }  # fmt: skip
        super().__init__(options)
        self.layers = nn.Sequential()
        self.widths = [at_width(n, width) for n in sizes]

    def forward(self, x: Tensor) -> Tensor:
        """Return logits.

        Raises:
            InputError: images of another size.
        """
        self.check_size(x)
        return self.classify(self.layers(standard_luma(x)).flatten(1))
