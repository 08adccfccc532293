"""Joint laws of images and classes whose logits are made by a network.

Symbols: m mean and s² variance of clean pixels; u = (y - m) / sqrt(s² + σ²); E energy and G_c class
logits of the network at (u, σ), of which a head makes ℓ, see `scorelet.models.joint_heads`.
"""

import math
from collections.abc import Sequence
from typing import Any, Protocol, final, runtime_checkable

import torch
from torch import Tensor, nn

from scorelet.core.device import single_at_least
from scorelet.core.errors import InputError
from scorelet.core.network import answered
from scorelet.core.options import checked
from scorelet.core.typing import Image, Logits, NoiseLevel, PerSample
from scorelet.core.words import counted
from scorelet.models.classifier import Classifier, class_names, known_fit, sides
from scorelet.models.correlated_pixels import CorrelatedPixels
from scorelet.models.denoiser import NoiseLike
from scorelet.models.joint_energy import JointEnergy
from scorelet.models.joint_heads import HEADS, known_head


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
        head: how ℓ is made of E and G, one of `HEADS`.
        mean: m of each channel, in [0, 1].
        variance: s², of all channels.
        pixels: the law of pixels that the head has measured, if it measures one.
        least: the least noise level that it learnt.
        label_level: the noise level at which it labels clean pictures; None: the least. At a
            higher one it goes by what noise of that level would leave, which attacks change less.
        size: (height, width) of the images that it learnt; None: any.
        fit: how pictures of other sizes are brought to that size, see `scorelet.models.Classifier`.
        denoises: whether it has learnt to; where it has not, it labels, and is no `Denoiser`.
        classifies: whether it has learnt labels; where it has not, it denoises, and is no
            `Classifier`.
        most: the largest noise level that it learnt. Of more noise the network is told this level,
            and the reference the true one, which is most of the law there.

    Raises:
        InputError: a network without the two heads, or another number of classes; numbers or names
            that cannot be used; it has learnt neither.
    """

    classes: tuple[str, ...]  # ty: ignore[incompatible-mutable-override] - never None here
    channels: tuple[int, ...] | None
    size: tuple[int, int] | None
    fit: str
    head: str
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
        most: float = math.inf,
        classifies: bool = True,
    ) -> None:
        super().__init__()
        if not isinstance(network, EnergyNetwork) or network.classes is None:
            raise InputError(
                f"A network of class {type(network).__name__} has no energy and logits: expected "
                "one with the method heads, as GradResNet."
            )
        self.classes: tuple[str, ...] = class_names(classes)
        if network.classes != len(self.classes):
            raise InputError(
                f"{len(self.classes)} classes are named, and the network has {network.classes} "
                "logits: name as many."
            )
        _check_learnt(denoises=denoises, classifies=classifies)
        _check_head(head, pixels, network.accepts)
        _check_levels(least, most)
        mean = _known_mean(mean, network.accepts)
        _check_variance(float(variance))
        self.network: nn.Module = network
        self.head = head
        self.pixels = pixels
        self.least, self.most = float(least), float(most)
        self.label_level = label_level
        self.labels = network.classes
        self.channels = network.accepts
        self.size = None if size is None else sides(size)
        self.fit = known_fit(fit)
        self.denoises, self.classifies = denoises, classifies
        self.register_buffer("mean", mean)
        self.register_buffer("variance", torch.as_tensor(variance, dtype=torch.float32).clone())

    @property
    def label_level(self) -> float:
        """The noise level at which clean pictures are labelled; None sets the least."""
        return self._label_level

    @label_level.setter
    @checked
    def label_level(self, label_level: float | None) -> None:
        _check_label_level(label_level, self.least, self.most)
        self._label_level = self.least if label_level is None else float(label_level)

    def classifier(self) -> Classifier:
        """Return p(c | y) of clean images as a `Classifier`.

        Raises:
            InputError: it has not learnt labels.
        """
        self._check_classifies()
        return Classifier(self, self.classes, size=self.size, fit=self.fit, channels=self.channels)

    def _class_logits(self, y: Image, sigma: NoiseLevel) -> Logits:
        u, level = self._scaled(y, sigma), sigma.clamp(max=self.most)
        return answered(self.network, y, lambda: self.network(u, level))

    def _scaled(self, y: Image, sigma: NoiseLevel) -> Image:
        """Return u."""
        spread = self.variance.to(y.dtype) + sigma.square()
        return (y - self.mean.to(y.dtype)[:, None, None]) / spread.sqrt()[:, None, None, None]

    def _logits(self, y: Image, sigma: NoiseLevel) -> Logits:
        classes, shared = self._parts(y, sigma)
        return classes + shared[:, None]

    def _parts(self, y: Image, sigma: NoiseLevel) -> tuple[Logits, PerSample]:
        u, level = self._scaled(y, sigma), sigma.clamp(max=self.most)
        network = self.network
        assert isinstance(network, EnergyNetwork)
        energy, classes = answered(self.network, y, lambda: network.heads(u, level))
        ratio = self.variance.to(y.dtype).sqrt() / sigma
        classes = classes.to(single_at_least(classes.dtype))
        return HEADS[self.head].parts(classes, energy, ratio, lambda: self._reference(y, sigma))

    def _reference(self, y: Image, sigma: NoiseLevel) -> PerSample:
        """Return -log p_σ of Gaussian pixels, up to a constant."""
        if self.pixels is None:
            return self._scaled(y, sigma).square().sum((1, 2, 3)) / 2
        return self.pixels(y - self.mean.to(y.dtype)[:, None, None], sigma)

    @property
    def has_gaussian(self) -> bool:
        """Whether the law begins with that of Gaussian pixels: heads reference and correlated."""
        return HEADS[self.head].has_gaussian

    def gaussian_log_density(self, y: Image, sigma: NoiseLike = 0.0) -> PerSample:
        """Return log p_σ(y) of the Gaussian pixels that the law begins with, up to a constant.

        -Σ (y - m)² / (2 (s² + σ²)), or -Σ k² / (2 (v + σ²)) of correlated ones (see
        `scorelet.models.correlated_pixels`), (batch,); arguments as in `logits`. What `log_density`
        tells beyond it, the network has learnt.

        Raises:
            InputError: as `logits`, or it begins with none, see `has_gaussian`.
        """
        if not self.has_gaussian:
            raise InputError(f"The head {self.head!r} begins with no law of Gaussian pixels.")
        return -self._reference(y, self._level(y, sigma))


def _check_head(head: str, pixels: CorrelatedPixels | None, accepts: tuple[int, ...]) -> None:
    if (known_head(head).fit is None) != (pixels is None):
        measuring = " or ".join(repr(name) for name, one in HEADS.items() if one.fit is not None)
        raise InputError(
            f"The head is {head!r}, and pixels are {'not ' if pixels is None else ''}given: "
            f"the head {measuring}, and no other, needs them (`fit_correlated_pixels`)."
        )
    if pixels is not None and len(pixels.variances) not in accepts:
        raise InputError(
            f"The law of pixels has {counted(len(pixels.variances), 'channel')}, and the network "
            f"takes {_listed(accepts)}: fit it to pictures of as many."
        )


def _check_learnt(**learnt: bool) -> None:
    for name, value in learnt.items():
        if not isinstance(value, bool):
            raise InputError(f"{name} is {value!r}: it must be true or false.")
    if not any(learnt.values()):
        raise InputError("denoises and classifies are both false: the network has learnt nothing.")


def _check_levels(least: float, most: float) -> None:
    if not 0 < least <= most:
        raise InputError(
            f"least is {least} and most {most}: they must be positive, and most not below least."
        )


def _check_label_level(level: float | None, least: float, most: float) -> None:
    if level is None:
        return
    if not (least <= level <= most and level < math.inf):
        raise InputError(
            f"label_level is {level!r}: it must be one of the levels that the network learnt, "
            f"{least:g} to {most:g}."
        )


def _known_mean(mean: Sequence[float] | Tensor, accepts: tuple[int, ...]) -> Tensor:
    found = torch.as_tensor(mean, dtype=torch.float32).clone()
    if found.shape not in [(1,), *((count,) for count in accepts)]:
        raise InputError(
            f"The mean of the pictures has shape {tuple(found.shape)}: expected one number for "
            f"each of {_listed(accepts)} channels."
        )
    if not bool(found.isfinite().all()):
        raise InputError("The mean of the pictures is not finite.")
    return found


def _check_variance(variance: float) -> None:
    if not 0 < variance < math.inf:
        raise InputError(
            f"The variance of the pictures is {variance:g}: it must be positive and finite, and "
            "that of pictures of one single colour is 0."
        )


def _listed(counts: tuple[int, ...]) -> str:
    return " or ".join(map(str, counts))
