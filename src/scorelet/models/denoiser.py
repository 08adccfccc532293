"""Denoisers: estimates of a clean image from a noisy one.

Symbols: x clean image, z standard normal, y = x + sigma z observed image, f(y, sigma) estimate of
E[x | y]. Images are (batch, channel, height, width) with values in [0, 1]; sigma has their unit.
"""

import math
from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import NamedTuple, final

import torch
from torch import Tensor, nn

from scorelet.core.errors import InputError
from scorelet.core.network import Network, answered, unwrapped
from scorelet.core.typing import Image, Labels, NoiseLevel
from scorelet.models.answers import image_like
from scorelet.models.labels import LabelLike, class_labels

NoiseLike = float | int | Sequence[float | int] | Tensor
"""What a user may give as noise level: a number, or one number per image."""


Curve = Sequence[Sequence[float]]
"""Pairs [measured, true] of a noise level, by which an estimate of it is corrected."""


class Locality(NamedTuple):
    """Which pixels a result depends on: what it takes to cut a picture into tiles.

    Attributes:
        receptive_radius: a pixel of the result depends on those at most so far away; None: on all.
        multiple: side in pixels of the grid to which tiles have to keep.
    """

    receptive_radius: int | None = None
    multiple: int = 1

    @classmethod
    def of(cls, network: nn.Module) -> "Locality":
        """Return what a network says of itself; one that is no `Network` may see all."""
        if not isinstance(network, Network):
            return cls()
        return cls(network.receptive_radius, network.multiple)


def noise_level(sigma: NoiseLike, y: Tensor, *, positive: bool = False) -> NoiseLevel:
    """Return `sigma` as a (batch,) tensor with the dtype and device of `y`.

    This is the only conversion of noise levels; gradients flow to a `sigma` that requires them.
    Values are not checked where they cannot be read: inside torch.compile, and for a `sigma` that
    torch.vmap maps over.

    Args:
        sigma: a number, a 0-d tensor, or a list or tensor of one value per image; unit of `y`.
        y: any tensor with the batch on its first axis.
        positive: refuse zero too.

    Raises:
        InputError: wrong length, negative or non-finite values, or not numbers.
    """
    if isinstance(sigma, float | int):
        kind = torch.finfo(y.dtype)
        _check_range(sigma, (kind.tiny if positive else 0) <= sigma <= kind.max, y.dtype, positive)
        return y.new_full(y.shape[:1], sigma)
    try:
        level = torch.as_tensor(sigma, dtype=y.dtype, device=y.device)
    except (TypeError, ValueError) as error:
        raise InputError(f"sigma must be a number or a list of numbers, got {sigma!r}.") from error
    batch = y.shape[0]
    if level.ndim > 1 or (level.ndim == 1 and level.shape[0] != batch):
        raise InputError(
            f"sigma has shape {tuple(level.shape)} for a batch of {batch}: "
            "give one number, or one number per image."
        )
    _check_range(sigma, _in_range(level, positive=positive), y.dtype, positive)
    return level.expand(batch)


def check_tensor(y: object) -> None:
    """Refuse images that are no tensor, as those of NumPy.

    Raises:
        InputError: they are of another class.
    """
    if not isinstance(y, Tensor):
        raise InputError(
            f"The image batch is of class {type(y).__name__}: expected a tensor of floats (batch, "
            "channel, height, width) with values in [0, 1]."
        )


def _check_range(sigma: NoiseLike, fine: bool, dtype: torch.dtype, positive: bool) -> None:
    if not fine:
        wanted = "positive" if positive else "zero or positive"
        narrow = f" in {dtype}, as the images are" if dtype.itemsize < 4 else ""
        raise InputError(f"sigma must be finite and {wanted}{narrow}, got {sigma}.")


def _in_range(level: Tensor, *, positive: bool) -> bool:
    if torch.compiler.is_compiling():
        return True
    try:
        low, high = (float(number) for number in level.detach().aminmax())
    except RuntimeError:  # under torch.vmap a tensor has no single value; an empty one has none
        return True
    return (low > 0 if positive else low >= 0) and high < math.inf


class Denoiser(nn.Module, ABC):
    """The posterior mean f(y, sigma) ~ E[x | y] of y = x + sigma z.

    Call it as `denoiser(y, 0.1)`, as `denoiser(y, sigmas)` with one level per image, or, when it
    is blind, as `denoiser(y)`. Subclasses write `_denoise` and describe themselves by attributes:

    - `blind`: the noise level is not needed, and is ignored if given;
    - `homogeneous`: f(a y, a sigma) = a f(y, sigma) for a > 0, so that images may have any unit;
    - `conditional`: a condition `cond` is understood;
    - `needs_cond`: without a condition it cannot answer; one is then understood, too;
    - `labels`: how many classes it can be conditioned on, or None;
    - `classes`: their names, or None;
    - `takes`: (height, width) of the images that it takes, if it takes no others, or None;
    - `learnt`: (height, width) of the images that it learnt, if all had one size, or None;
    - `most`: the largest noise level that it has learnt, or inf;
    - `drawn_between`: the least and the largest level between which samples of it are drawn, if it
      has learnt all of them for that, or None;
    - `needs_noise`: sigma = 0 is refused;
    - `channels`: the channel counts it takes, or None for any;
    - `locality`: which pixels a result depends on; all of them if nothing is said;
    - `calibration`: curves that correct the noise level found from its residual, by kind of
      picture (`scorelet.analysis.noise_level.curve_name`); empty if none was measured.

    References: Robbins 1956; Miyasawa 1961; Kadkhodaie, Guth, Simoncelli, Mallat 2024,
    arXiv 2310.02557, section 2.
    """

    blind: bool = False
    homogeneous: bool = False
    conditional: bool = False
    needs_cond: bool = False
    labels: int | None = None
    classes: tuple[str, ...] | None = None
    learnt: tuple[int, int] | None = None
    takes: tuple[int, int] | None = None
    most: float = math.inf
    drawn_between: tuple[float, float] | None = None
    needs_noise: bool = False
    channels: tuple[int, ...] | None = None
    locality: Locality = Locality()
    calibration: Mapping[str, Curve] = MappingProxyType({})

    @property
    def centre(self) -> Tensor | None:
        """The mean of the images, where samplers start; it broadcasts with them. None: unknown."""
        return None

    def takes_size(self, size: tuple[int, ...]) -> bool:
        """Whether it answers to images of a size, (height, width)."""
        return self.takes is None or tuple(size) == self.takes

    def knows(self, size: tuple[int, ...]) -> bool:
        """Whether images of a size are as those that it learnt; to one that sees less, all are."""
        if self.learnt is None or size == self.learnt:
            return True
        radius = self.locality.receptive_radius
        return radius is not None and radius < min(self.learnt)

    @final
    def forward(
        self,
        y: Tensor,
        sigma: NoiseLike | None = None,
        cond: Tensor | None = None,
        label: LabelLike | None = None,
    ) -> Image:
        """Return the estimate of the clean image, with the shape, dtype and device of `y`.

        Args:
            y: noisy image (batch, channel, height, width), values in [0, 1] before the noise.
            sigma: noise standard deviation in the unit of `y`, one number or one per image.
            cond: what the denoiser is conditioned on, if it is conditional; None: nothing, which a
                denoiser that needs a condition refuses.
            label: class of the clean image, one number, one of the names in `classes`, or an
                integer tensor of one per image, if the denoiser knows `labels`; None: the estimate
                is over all classes.

        Raises:
            InputError: `y` is not a float image batch of a known channel count, sigma is missing
                or cannot be used, a label is out of range, a condition is missing, or a condition
                or label was given to a denoiser without them; the answer is no tensor, is complex,
                or has another shape.
        """
        self._check(y)
        if sigma is None and not self.blind:
            raise InputError(
                "This denoiser needs the noise level: call it as denoiser(y, sigma), "
                "with sigma in the unit of the image."
            )
        self._check_condition(cond)
        classes = None if label is None else self._classes(label, y)
        if sigma is None:
            level = y.new_full((y.shape[0],), torch.nan)  # unknown: whoever uses it will notice
        else:
            level = noise_level(sigma, y, positive=self.needs_noise)
        clean = answered(self, y, lambda: self._denoise(y, level, cond, classes))
        return image_like(y, clean)

    @abstractmethod
    def _denoise(
        self, y: Image, sigma: NoiseLevel, cond: Tensor | None, label: Labels | None
    ) -> Image:
        """Compute f(y, sigma) on checked inputs; a blind denoiser may get sigma = NaN."""

    def know_classes_of(self, denoiser: "Denoiser") -> None:
        """Take the same labels as another denoiser, by number or by name: for what wraps one."""
        self.labels, self.classes = denoiser.labels, denoiser.classes

    def check_label(self, label: LabelLike | None) -> None:
        """Refuse a label that this denoiser does not know, before it is given images.

        Raises:
            InputError: it knows no classes, or not this one.
        """
        if label is not None:
            self._classes(label, torch.empty(1))

    def _classes(self, label: LabelLike, y: Tensor) -> Labels:
        if self.labels is None:
            raise InputError("This denoiser knows no classes: call it without label.")
        return class_labels(label, y, classes=self.labels, names=self.classes)

    def _check_condition(self, cond: Tensor | None) -> None:
        if cond is None and self.needs_cond:
            raise InputError(
                "This denoiser needs a condition: give cond, of the height and width of the "
                "picture (in the shell --cond PATH)."
            )
        if cond is not None and not (self.conditional or self.needs_cond):
            raise InputError("This denoiser takes no condition: call it as denoiser(y, sigma).")

    def _check(self, y: Tensor) -> None:
        check_tensor(y)
        if y.ndim != 4:
            raise InputError(
                f"The image batch has shape {tuple(y.shape)}: "
                "expected (batch, channel, height, width)."
            )
        if 0 in y.shape[2:]:
            raise InputError(
                f"The image batch has shape {tuple(y.shape)}, without a pixel: give images of at "
                "least one."
            )
        if not y.is_floating_point():
            raise InputError(
                f"The image has dtype {y.dtype}: convert it to floating point, values in [0, 1]."
            )
        if self.channels is not None and y.shape[1] not in self.channels:
            known = " or ".join(str(count) for count in self.channels)
            got = "1 channel" if y.shape[1] == 1 else f"{y.shape[1]} channels"
            do = "make it RGB, or choose another" if y.shape[1] == 1 else "choose another"
            raise InputError(f"The image has {got}: this denoiser takes {known}; {do}.")


class ResidualDenoiser(Denoiser):
    """A blind denoiser f(y) = y - n(y), where the network n estimates the noise sigma z.

    If n is bias-free (homogeneous of degree one), so is f: f(a y) = a f(y) for a > 0, and
    f(y) = J(y) y, with J the Jacobian of f at y.

    Args:
        network: any module that maps an image batch to one of the same shape. One that is a
            `scorelet.networks.Network` says itself which channel counts it takes and how far it
            sees.
        channels: the channel counts that the denoiser takes; None: what the network says, or any.
        calibration: see `Denoiser`.
        compute_dtype: the dtype of the network's weights where it differs from the images'; the
            subtraction keeps the images' dtype.

    Raises:
        InputError: the network is a `Denoiser`, whose images would come out as noise.

    References: Mohan, Kadkhodaie, Simoncelli, Fernandez-Granda 2020, arXiv 1906.05478;
    Kadkhodaie et al. 2024, arXiv 2310.02557, eq. 6.
    """

    blind = True

    def __init__(
        self,
        network: nn.Module,
        *,
        channels: tuple[int, ...] | None = None,
        calibration: Mapping[str, Curve] | None = None,
        compute_dtype: torch.dtype | None = None,
    ) -> None:
        super().__init__()
        if isinstance(unwrapped(network), Denoiser):
            raise InputError(
                "The network is a denoiser already, and gives no noise: take it as it is."
            )
        self.network = network
        self.compute_dtype = compute_dtype
        self.channels = channels
        self.calibration = dict(calibration or {})
        if isinstance(network, Network):
            self.channels = channels or network.accepts
        self.locality = Locality.of(network)

    def _denoise(
        self, y: Image, sigma: NoiseLevel, cond: Tensor | None, label: Labels | None
    ) -> Image:
        noise = self.network(y if self.compute_dtype is None else y.to(self.compute_dtype))
        return y - image_like(y, noise, "network")
