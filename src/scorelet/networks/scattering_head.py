"""A classifier that learns one linear layer: logits are linear in scattering coefficients.

Symbols: x pictures, S their scattering coefficients, m and s mean and deviation of each channel
and path over pictures and positions, z logits:

    z = A (S x - m)/s + b.

Only A and b are learnt. S does not depend on them, so the coefficients of a training set are
computed once.

References: Bruna, Mallat, IEEE PAMI 2013, arXiv 1203.1513; Oyallon, Mallat, CVPR 2015,
arXiv 1412.8659; the baseline of Guth, Zarka, Mallat, ICLR 2022, arXiv 2110.05283.
"""

from collections.abc import Sequence
from typing import Annotated, Protocol, runtime_checkable

from jaxtyping import Float
from torch import Tensor, nn

from scorelet.core.errors import InputError
from scorelet.core.numbers import Count, at_least
from scorelet.core.options import checked
from scorelet.core.typing import Image, Logits
from scorelet.wavelets import Scattering2d

Coefficients = Float[Tensor, "batch coefficient rows columns"]


@runtime_checkable
class FixedFeatures(Protocol):
    """A network that is logits(features(x)), in whose features there is nothing to learn.

    Training computes the features of every picture once and keeps them.
    """

    def features(self, x: Image) -> Tensor:
        """Return what is fixed: the same in training and evaluation."""
        ...

    def logits(self, features: Tensor) -> Logits:
        """Return what is learnt."""
        ...


class ScatteringCoefficients(nn.Module):
    """Scattering coefficients with channels and paths on one axis, by channel, then by path.

    Args:
        channels: of the pictures.
        scattering: the transform.

    Shape:
        (batch, channel, height, width) → (batch, channel · path, height / 2^J, width / 2^J).

    Attributes:
        channel_kinds: "order 0", "order 1" or "order 2" for each channel of the output.
    """

    def __init__(self, channels: int, scattering: Scattering2d) -> None:
        super().__init__()
        self.scattering = scattering
        self.channel_kinds = [f"order {path.order}" for path in scattering.paths] * channels

    def forward(self, x: Image) -> Coefficients:
        """Return the coefficients of x."""
        return self.scattering(x).flatten(1, 2)


class ScatteringHead(nn.Module):
    """Fixed scattering coefficients, standardised, and a linear layer over all positions.

    Args:
        channels: of the pictures.
        size: (height, width) of the pictures, multiples of 2^J are used without loss.
        classes: number of classes.
        scales: J, octaves: coefficients are averaged over about 2^J pixels.
        angles: L in a half circle.
        order: of the longest paths.

    Shape:
        (batch, channel, height, width), values in [0, 1] → (batch, classes).

    Attributes:
        options: the constructor's arguments, for checkpoints.
        accepts: channel counts of the pictures that it takes.
        receptive_radius: None, a logit depends on every pixel.
        multiple: 2^J, the distance of the coefficients.
        classes: number of logits.

    Means and deviations are those of `nn.BatchNorm2d` without weights of its own: of each batch
    in training, averages of them in evaluation. With 3 channels of 32x32, J = 3 and 10 classes
    there are 104,170 weights.
    """

    @checked
    def __init__(
        self,
        channels: Count = 3,
        *,
        size: Sequence[Count] = (32, 32),
        classes: Annotated[int, at_least(2)] = 10,
        scales: Count = 3,
        angles: Count = 8,
        order: Count = 2,
    ) -> None:
        super().__init__()
        scattering = Scattering2d(scales, angles, order=order)
        height, width = _sides(size, scales)
        self.options = {
            "channels": channels,
            "size": [height, width],
            "classes": classes,
            "scales": scales,
            "angles": angles,
            "order": order,
        }
        self.accepts = (channels,)
        self.receptive_radius = None
        self.multiple = 1 << scales
        self.classes = classes
        self.coefficients = ScatteringCoefficients(channels, scattering)
        outputs = channels * len(scattering.paths)
        self.standardise = nn.BatchNorm2d(outputs, affine=False)
        self.head = nn.Linear(outputs * (height >> scales) * (width >> scales), classes)
        nn.init.zeros_(self.head.weight)  # a convex problem: every start is as good
        nn.init.zeros_(self.head.bias)

    def forward(self, x: Image) -> Logits:
        """Return the logits of pictures."""
        return self.logits(self.features(x))

    def features(self, x: Image) -> Coefficients:
        """Return the scattering coefficients, before they are standardised."""
        return self.coefficients(x)

    def logits(self, features: Coefficients) -> Logits:
        """Return the logits that belong to scattering coefficients."""
        return self.head(self.standardise(features).flatten(1))


def _sides(size: Sequence[int], scales: int) -> tuple[int, int]:
    if len(size) != 2 or min(size) < 2**scales:
        raise InputError(f"size {size!r} must be two sides of at least 2^{scales} pixels.")
    return size[0], size[1]
