"""Convolutions of 5x5 with stride 2 and relu on gray images, without biases.

    logits = A relu(w_J * ... relu(w_1 * u)),

u the luma of standardised colours; no padding.

Reference: Guth, Ménard, Rochette, Mallat, JMLR 2024, arXiv 2305.18512, tutorial of its repository.
"""

from collections.abc import Sequence
from itertools import pairwise

from torch import nn

from scorelet.core.errors import InputError
from scorelet.core.numbers import Count, Factor
from scorelet.core.options import checked
from scorelet.networks.gray_classifier import Colours, GrayClassifier

_KERNEL, _STRIDE = 5, 2


class StridedCNN(GrayClassifier):
    """A small convolutional classifier.

    Args:
        channels: of the images, 1 or 3; of colours only the luma is seen.
        classes: number of classes.
        size: side of the images in pixels; the classifier has one weight for each position.
        sizes: outputs of the convolutions at width 1.
        width: multiplies them, rounded, at least 1.

    Shape:
        (batch, channels, size, size), values in [0, 1] → logits (batch, classes).

    Raises:
        InputError: images too small for so many convolutions.
    """

    @checked
    def __init__(
        self,
        channels: Colours = 3,
        classes: Count = 10,
        *,
        size: Count = 32,
        sizes: Sequence[Count] = (32, 64),
        width: Factor = 1.0,
    ) -> None:
        super().__init__(channels, classes, size=size, sizes=sizes, width=width)
        widths, side = [1, *self.widths], size
        for inputs, outputs in pairwise(widths):
            self.layers.append(nn.Conv2d(inputs, outputs, _KERNEL, stride=_STRIDE, bias=False))
            self.layers.append(nn.ReLU())
            side = (side - _KERNEL) // _STRIDE + 1
        if side < 1:
            raise InputError(
                f"Images of {size} pixels are too small for {len(sizes)} convolutions."
            )
        self.classify = nn.Linear(widths[-1] * side**2, classes, bias=False)
