"""Joint laws of images and classes whose logits are made by a network, by one of four heads.

Symbols: m mean and s² variance of clean pixels; u = (y - m) / sqrt(s² + σ²); E energy and G_c class
logits of the network at (u, σ).

    logits      ℓ_c = G_c
    quadratic   ℓ_c = G_c - E
    reference   ℓ_c = -|y - m|² / (2 (s² + σ²)) - (s / σ) E + G_c
    correlated  ℓ_c = -Σ k² / (2 (v + σ²)) - (s / σ) E + G_c

The reference is the law of independent Gaussian pixels, or of correlated ones, with the variances v
of their cosine coefficients k. Where the network is silent, D_u is the Wiener filter of that law,
for independent pixels m + s² / (s² + σ²) (y - m), and what the network adds to it,
-σ s / sqrt(s² + σ²) ∇_u E, has the size of what a denoiser can gain at every noise level.
"""

from collections.abc import Sequence
from typing import Any, Literal, Protocol, final, get_args, runtime_checkable

import torch
from torch import Tensor, nn

from scorelet.core.errors import InputError
from scorelet.core.typing import Image, Logits, NoiseLevel, PerSample
from scorelet.models.classifier import Classifier, class_names, known_fit, sides
from scorelet.models.correlated_pixels import CorrelatedPixels
from scorelet.models.joint_energy import JointDenoiser, JointEnergy

Head = Literal["reference", "correlated", "quadratic", "logits"]


@runtime_checkable
class EnergyNetwork(Protocol):
    """A smooth network with an energy and class logits; called, it returns the logits alone."""

    classes: int | None
    accepts: tuple[int, ...]
    options: dict[str, Any]

    def heads(self, u: Image, sigma: NoiseLevel | None = None) -> tuple[PerSample, Logits]:
        """Return E, (batch,), whose gradient is of order one in each pixel, and G."""
        ...


@final
class NetworkJointEnergy(JointEnergy):
    """ℓ of a network.

    Args:
        network: an `EnergyNetwork`.
        classes: names, in the order of the logits.
        head: how ℓ is made of E and G.
        mean: m of each channel, in [0, 1].
        variance: s², of all channels.
        pixels: the law of correlated pixels, for that head.
        least: the least noise level that it learnt.
        label_level: the noise level at which it labels clean pictures; None: the least. At a
            higher one it goes by what noise of that level would leave, which attacks change less.
        size: (height, width) of the images that it learnt; None: any.
        fit: how pictures of other sizes are brought to that size, see `scorelet.models.Classifier`.
        denoises: whether it has learnt to; where it has not, it labels, and is no `Denoiser`.

    Raises:
        InputError: a network without the two heads, or another number of classes; numbers or names
            that cannot be used.
    """

    classes: tuple[str, ...]  # ty: ignore[incompatible-mutable-override] - never None here
    channels: tuple[int, ...] | None
    size: tuple[int, int] | None
    fit: str
    denoises: bool
    pixels: CorrelatedPixels | None
    mean: Tensor
    variance: Tensor

    def __init__(  # noqa: PLR0913 - what a file holds
        self,
        network: nn.Module,
        classes: Sequence[str],
        *,
        head: str = "reference",
        mean: Sequence[float] | Tensor = (0.5,),
        variance: float | Tensor = 0.06,
        pixels: CorrelatedPixels | None = None,
        least: float = 1 / 255,
        label_level: float | None = None,
        size: Sequence[int] | None = None,
        fit: str = "crop",
        denoises: bool = True,
    ) -> None:
        super().__init__()
        if not isinstance(network, EnergyNetwork) or network.classes is None:
            raise InputError(
                f"A network of class {type(network).__name__} has no energy and logits: expected "
                "one with the method heads, as GradResNet."
            )
        if head not in get_args(Head):
            raise InputError(f"head is {head!r}: use one of {', '.join(get_args(Head))}.")
        self.classes: tuple[str, ...] = class_names(classes)
        if network.classes != len(self.classes):
            raise InputError(
                f"{len(self.classes)} classes are named, and the network has {network.classes} "
                "logits: name as many."
            )
        if not (least > 0 and float(variance) > 0):
            raise InputError(f"least is {least} and variance {variance}: they must be positive.")
        if (head == "correlated") != (pixels is not None):
            raise InputError(
                f"The head is {head!r}, and pixels are {'not ' if pixels is None else ''}given: "
                "the head 'correlated', and no other, needs them (`fit_correlated_pixels`)."
            )
        if pixels is not None and len(pixels.variances) not in network.accepts:
            raise InputError(
                f"The law of pixels has {len(pixels.variances)} channels, and the network takes "
                f"{' or '.join(map(str, network.accepts))}: fit it to pictures of as many."
            )
        if label_level is not None and not least <= label_level < float("inf"):
            raise InputError(
                f"label_level is {label_level:g}: it must be {least:g}, the least level that the "
                "network learnt, or more, and finite."
            )
        self.network: nn.Module = network
        self.head = head
        self.pixels = pixels
        self.least = float(least)
        self.label_level = self.least if label_level is None else float(label_level)
        self.labels = network.classes
        self.channels = network.accepts
        self.size = None if size is None else sides(size)
        self.fit = known_fit(fit)
        self.denoises = denoises
        self.register_buffer("mean", torch.as_tensor(mean, dtype=torch.float32).clone())
        self.register_buffer("variance", torch.as_tensor(variance, dtype=torch.float32).clone())

    def classifier(self) -> Classifier:
        """Return p(c | y) of clean images as a `Classifier`."""
        return Classifier(self, self.classes, size=self.size, fit=self.fit, channels=self.channels)

    def denoiser(self) -> JointDenoiser:
        """Return it as a `Denoiser` that knows classes.

        Raises:
            InputError: it has not learnt to denoise.
        """
        if not self.denoises:
            raise InputError(
                "This model has learnt labels, and no denoising (lambda_dsm: 0, or noise.clean: 1 "
                "in its training): it labels pictures, and cannot denoise or restore them."
            )
        return super().denoiser()

    def _class_logits(self, y: Image, sigma: NoiseLevel) -> Logits:
        return self.network(self._scaled(y, sigma), sigma)

    def _scaled(self, y: Image, sigma: NoiseLevel) -> Image:
        """Return u."""
        spread = self.variance.to(y.dtype) + sigma.square()
        return (y - self.mean.to(y.dtype)[:, None, None]) / spread.sqrt()[:, None, None, None]

    def _logits(self, y: Image, sigma: NoiseLevel) -> Logits:
        u = self._scaled(y, sigma)
        assert isinstance(self.network, EnergyNetwork)
        energy, classes = self.network.heads(u, sigma)
        if self.head == "logits":
            return classes
        if self.head == "quadratic":
            return classes - energy[:, None]
        if self.pixels is None:
            reference = u.square().sum((1, 2, 3)) / 2
        else:
            reference = self.pixels(y - self.mean.to(y.dtype)[:, None, None], sigma)
        ratio = self.variance.to(y.dtype).sqrt() / sigma
        return classes - (reference + ratio * energy)[:, None]
