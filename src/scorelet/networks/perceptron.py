"""A network of linear layers and relu on the pixels of gray images, without biases.

    logits = W_J relu(W_(J-1) ... relu(W_1 u)),

u the luma of standardised colours.

Reference: Guth, Ménard, Rochette, Mallat, JMLR 2024, arXiv 2305.18512, tutorial of its repository.
"""

from collections.abc import Sequence
from itertools import pairwise

from torch import nn

from scorelet.core.numbers import Count, Factor
from scorelet.core.options import checked
from scorelet.networks.gray_classifier import Colours, GrayClassifier


class Perceptron(GrayClassifier):
    """A classifier of images by their pixels.

    Args:
        channels: of the images, 1 or 3; of colours only the luma is seen.
        classes: number of classes.
        size: side of the images in pixels.
        sizes: neurons of the hidden layers at width 1.
        width: multiplies them, rounded, at least 1.

    Shape:
        (batch, channels, size, size), values in [0, 1] → logits (batch, classes).
    """

    @checked
    def __init__(
        self,
        channels: Colours = 3,
        classes: Count = 10,
        *,
        size: Count = 32,
        sizes: Sequence[Count] = (512, 256),
        width: Factor = 1.0,
    ) -> None:
        super().__init__(channels, classes, size=size, sizes=sizes, width=width)
        self.layers.append(nn.Flatten())
        widths = [size**2, *self.widths]
        for inputs, outputs in pairwise(widths):
            self.layers.append(nn.Linear(inputs, outputs, bias=False))
            self.layers.append(nn.ReLU())
        self.classify = nn.Linear(widths[-1], classes, bias=False)
