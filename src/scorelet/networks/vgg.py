"""VGG networks without biases, with normalisations behind their non-linearity.

    VGG, a layer:            x ↦ norm(ρ(W * x)),                     W (out, in, k, k) learned
    FactorizedVGG, a layer:  x ↦ P norm(ρ(±f_1 * x, ..., ±f_5 * x)), f fixed, P (out, 10 in) learned

A maximum over 2 x 2 ends each stage; the mean over what is left of the picture goes into one linear
classifier. norm has no parameters. The last features of `FactorizedVGG` are rectified and
normalised, too: its last P and the classifier would be one matrix otherwise. (The paper does not
say so, nor where the maxima are taken.)

Reference: Guth, Ménard 2024, arXiv 2409.19460, section 2.3 and appendices B.1, B.2.
"""

from collections.abc import Sequence
from typing import Annotated, Any

import numpy as np
import torch
from torch import Tensor, nn

from scorelet.core.errors import InputError
from scorelet.core.numbers import Count, Factor, Range
from scorelet.core.options import checked
from scorelet.networks.frozen_filters import FrozenFilters
from scorelet.networks.hermite_gaussian import hermite_gaussians
from scorelet.networks.widths import at_width

VGG11 = ((64,), (128,), (256, 256), (512, 512), (512, 512))
"""Channels of its eight convolutions, by stage."""
_ODD = Range(lambda side: side >= 3 and side % 2 == 1, "an odd number of at least 3")


class _Stages(nn.Module):
    """What both have alike.

    Args:
        channels, classes: of images and labels.
        kernel: side of the filters.
        stages: channels of each stage at width 1.
        width: multiplies all of them.
        others: options of the one constructor only.

    Attributes: those of `scorelet.core.network.Network`.
    """

    receptive_radius = None

    def __init__(
        self,
        channels: int,
        classes: int,
        *,
        kernel: int,
        stages: Sequence[Sequence[int]],
        width: float,
        **others: object,
    ) -> None:
        super().__init__()
        if not stages or not all(stages):
            raise InputError(
                f"stages is {stages!r}: give the channels of each stage, as [[8], [16]]."
            )
        self.options: dict[str, Any] = {
            "channels": channels, "classes": classes, "kernel": kernel,
            "stages": [list(stage) for stage in stages], "width": width, **others,
        }  # fmt: skip
        self.accepts: tuple[int, ...] = (channels,)
        self.classes = classes
        self.multiple = 2 ** len(stages)
        self.stages = nn.ModuleList()
        inputs = channels
        for stage in stages:
            layers = nn.Sequential()
            for neurons in stage:
                outputs = at_width(neurons, width)
                layers.append(self.layer(inputs, outputs))
                inputs = outputs
            layers.append(nn.MaxPool2d(2))
            self.stages.append(layers)
        self.outputs = inputs
        self.classify = nn.Linear(inputs, self.classes, bias=False)

    def layer(self, inputs: int, outputs: int) -> nn.Module:
        """Return a layer."""
        raise NotImplementedError

    def features(self, x: Tensor) -> Tensor:
        """Return what the classifier takes the mean of."""
        if min(x.shape[-2:]) < self.multiple:
            raise InputError(
                f"The images have {x.shape[-2]} x {x.shape[-1]} pixels: {len(self.stages)} stages "
                f"need {self.multiple} x {self.multiple}."
            )
        x = x - 0.5
        for stage in self.stages:
            x = stage(x)
        return x

    def forward(self, x: Tensor) -> Tensor:
        """Return logits."""
        return self.classify(self.features(x).mean((2, 3)))


class VGG(_Stages):
    """Convolutions that learn all of their filters.

    Args:
        channels, classes: of images and labels.
        kernel: side of the filters.
        stages: channels of the convolutions of each stage at width 1; VGG-11.
        width: multiplies all of them.

    Shape:
        (batch, channels, h, w), values in [0, 1], sides at least 2^stages → (batch, classes).
    """

    @checked
    def __init__(
        self,
        channels: Count = 3,
        classes: Count = 10,
        *,
        kernel: Annotated[int, _ODD] = 3,
        stages: Sequence[Sequence[Count]] = VGG11,
        width: Factor = 1.0,
    ) -> None:
        super().__init__(channels, classes, kernel=kernel, stages=stages, width=width)

    def layer(self, inputs: int, outputs: int) -> nn.Module:
        """Return convolution, rectifier, norm."""
        kernel: int = self.options["kernel"]
        convolution = nn.Conv2d(inputs, outputs, kernel, padding=kernel // 2, bias=False)
        return nn.Sequential(convolution, nn.ReLU(), nn.BatchNorm2d(outputs, affine=False))


class FactorizedVGG(_Stages):
    """Filters that are fixed, matrices across channels that are learned.

    Args:
        channels, classes: of images and labels.
        filters: numbers (K, kernel, kernel), as those that trained networks share, see
            `analysis.weight_covariance.universal_filters`; None: the five Hermite-Gaussian
            functions of lowest order.
        kernel: side of the filters.
        stages: outputs of the matrices of each stage at width 1; VGG-11.
        width: multiplies all of them.

    Shape:
        (batch, channels, h, w), values in [0, 1], sides at least 2^stages → (batch, classes).

    With VGG-11's widths, five filters, three channels and ten classes there are 10,247,040 weights.
    """

    @checked
    def __init__(
        self,
        channels: Count = 3,
        classes: Count = 10,
        *,
        filters: Sequence[Sequence[Sequence[float]]] | np.ndarray | Tensor | None = None,
        kernel: Annotated[int, _ODD] = 5,
        stages: Sequence[Sequence[Count]] = VGG11,
        width: Factor = 1.0,
    ) -> None:
        filters = filters.tolist() if isinstance(filters, np.ndarray | Tensor) else filters
        options = {"kernel": kernel, "stages": stages, "width": width, "filters": filters}
        super().__init__(channels, classes, **options)
        self.last = nn.Sequential(nn.ReLU(), nn.BatchNorm2d(self.outputs, affine=False))

    def layer(self, inputs: int, outputs: int) -> nn.Module:
        """Return filters with their rectifier, norm, matrix."""
        filters = FrozenFilters(self._filters())
        inner = filters.copies * inputs
        norm = nn.BatchNorm2d(inner, affine=False)
        return nn.Sequential(filters, norm, nn.Conv2d(inner, outputs, 1, bias=False))

    @property
    def copies(self) -> dict[str, int]:
        """How many channels come of one in front of each matrix, by its name: for `align`."""
        return {
            f"{name}.2": module[0].copies
            for name, module in self.named_modules()
            if isinstance(module, nn.Sequential) and isinstance(module[0], FrozenFilters)
        }

    def features(self, x: Tensor) -> Tensor:
        """Return what the classifier takes the mean of."""
        return self.last(super().features(x))

    def _filters(self) -> Tensor:
        given, kernel = self.options["filters"], self.options["kernel"]
        if given is None:
            return hermite_gaussians(kernel)
        try:
            filters = torch.tensor(given, dtype=torch.float64)
        except (TypeError, ValueError) as error:
            raise InputError("filters must be numbers [filter][row][column].") from error
        if filters.ndim != 3 or filters.shape[1:] != (kernel, kernel):
            raise InputError(
                f"The filters have shape {tuple(filters.shape)}: expected (filters, {kernel}, "
                f"{kernel}), or change kernel."
            )
        return filters
