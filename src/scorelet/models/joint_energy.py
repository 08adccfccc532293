"""The law of a noisy image and its class: one function that labels and denoises.

Symbols: y = x + σ z noisy image in R^d, c class; ℓ_c(y, σ) = log p_σ(y, c) + κ(σ), logits.

    p(c | y) = softmax_c ℓ            log p_σ(y) = logsumexp_c ℓ - κ(σ)
    D_u(y) = y + σ² ∇ logsumexp_c ℓ = E[x | y]        D_c(y) = y + σ² ∇ℓ_c = E[x | y, c]

so that D_u = Σ_c p(c | y) D_c, and ∇ log p(c | y) = (D_c - D_u) / σ²: what an attack adds to an
image is a difference of two denoisers. κ is unknown: densities can be compared at one noise level
only.

References: Thiry, Guth 2024, arXiv 2410.03505.
"""

import math
from abc import ABC, abstractmethod
from contextlib import AbstractContextManager, nullcontext

import torch
from torch import Tensor, nn
from torch.func import vjp

from scorelet.core.derivatives import differentiating
from scorelet.core.device import full_precision
from scorelet.core.errors import InputError
from scorelet.core.typing import Image, Labels, Logits, NoiseLevel, PerSample
from scorelet.core.words import counted
from scorelet.models.denoiser import Denoiser, NoiseLike, check_tensor, noise_level
from scorelet.models.image_gradient import image_gradient
from scorelet.models.labels import LabelLike, class_labels


class JointEnergy(nn.Module, ABC):
    """log p_σ(y, c) up to a constant, a column for each class. Subclasses write `_logits`,
    and `_class_logits` where labels alone are cheaper.

    No image of a batch may depend on another one. Derivatives exist under `torch.no_grad`, and
    a loss on them can be differentiated. `torch.autocast` has an effect in training mode only.

    Attributes:
        labels: how many classes there are.
        classes: their names, by which labels can be given; None: numbers only.
        size: (height, width) of the images that it learnt; None: any.
        channels: the channel counts that it takes, or None for any.
        least: the least noise level that it knows; below it logits are those of this level.
        most: the largest noise level that it has learnt; inf: any.
        label_level: the noise level at which clean images are labelled, between those two: beyond
            them the nearer one.
        needs_noise: sigma = 0 is refused.
        denoises: whether it has learnt log p_σ(y), not only labels. Where it has not, densities,
            scores and denoised images are refused.
        classifies: whether it has learnt labels. Where it has not, posteriors, and what is told a
            class, are refused.
    """

    labels: int
    classes: tuple[str, ...] | None = None
    size: tuple[int, int] | None = None
    channels: tuple[int, ...] | None = None
    least: float = 0.0
    most: float = math.inf
    label_level: float = 0.0
    needs_noise: bool = False
    denoises: bool = True
    classifies: bool = True

    @property
    def clean_level(self) -> float:
        """`label_level`, or the nearest level that it has learnt."""
        return min(max(self.label_level, self.least), self.most)

    @abstractmethod
    def _logits(self, y: Image, sigma: NoiseLevel) -> Logits:
        """Compute ℓ at levels from `least` on."""

    def _class_logits(self, y: Image, sigma: NoiseLevel) -> Logits:
        """Compute ℓ up to a number that all classes share, at levels from `least` on."""
        return self._logits(y, sigma)

    def _parts(self, y: Image, sigma: NoiseLevel) -> tuple[Logits, PerSample]:
        """Compute ℓ as logits and a number of each image that all classes share.

        It may be large: added to logits, it rounds them, and where a score is differentiated what
        all classes share cancels up to that rounding only.
        """
        return self._logits(y, sigma), y.new_zeros(len(y))

    def forward(self, y: Image, sigma: NoiseLike | None = None) -> Logits:
        """Return what labels: as `class_logits`."""
        return self.class_logits(y, sigma)

    def logits(self, y: Image, sigma: NoiseLike = 0.0) -> Logits:
        """Return ℓ, (batch, classes).

        Args:
            y: images (batch, channel, height, width), values in [0, 1] before the noise.
            sigma: noise level in the unit of `y`, one number or one per image.

        Raises:
            InputError: no image batch of float32 or float64, another channel count, or a level that
                cannot be used; `_logits` has other columns than `labels`.
        """
        level = self._level(y, sigma)
        with self._precision(y):
            return self._fitting(self._logits(y, level), y)

    def class_logits(self, y: Image, sigma: NoiseLike | None = None) -> Logits:
        """Return ℓ up to a number that all classes share, which may differ from image to image.

        Their softmax is p(c | y), too, without the rounding of log p_σ(y), which is large, in it
        and in its gradient.

        Args:
            y: as in `logits`.
            sigma: as in `logits`; None: clean images, labelled at `label_level`.

        Raises:
            InputError: as `logits`; it has not learnt labels.
        """
        self._check_classifies()
        level = self._level(y, self.clean_level if sigma is None else sigma)
        with self._precision(y):
            return self._fitting(self._class_logits(y, level), y)

    def posterior(self, y: Image, sigma: NoiseLike | None = None) -> Logits:
        """Return p(c | y), (batch, classes); arguments and errors as in `class_logits`."""
        return self.class_logits(y, sigma).softmax(1)

    def log_density(
        self, y: Image, sigma: NoiseLike = 0.0, label: LabelLike | None = None
    ) -> PerSample:
        """Return log p_σ(y), or log p_σ(y, label), up to κ(σ), (batch,).

        Raises:
            InputError: as `denoise`.
        """
        self._check_denoises()
        return _chosen(self.logits(y, sigma), self._labels(label, y))

    def score(self, y: Tensor, sigma: NoiseLike, label: LabelLike | None = None) -> Image:
        """Return ∇ log p_σ(y), or ∇ log p_σ(y | label); arguments and errors as in `denoise`."""
        return self.logits_and_score(y, sigma, label)[1]

    def posterior_gradient(self, y: Image, sigma: NoiseLike, label: LabelLike) -> Image:
        """Return ∇ log p(label | y) = (D_label - D_u) / σ², which needs no density of images.

        Arguments and errors as in `log_posterior_and_gradient`.
        Against it an attack on the label moves, along it one towards the label.
        """
        return self.log_posterior_and_gradient(y, sigma, label)[1]

    def log_posterior_and_gradient(
        self, y: Image, sigma: NoiseLike, label: LabelLike
    ) -> tuple[Logits, Image]:
        """Return log p(c | y), (batch, classes), and `posterior_gradient`, from one forward pass.

        With m = logsumexp_{k≠c} ℓ_k - ℓ_c, log p(c | y) = -log(1 + e^m), whose gradient
        -sigmoid(m) ∇m is as exact where p(c | y) is nearly 1 as elsewhere.

        Arguments and errors as in `class_logits`; a label as in `denoise`.
        """
        self._check_classifies()
        level = self._level(y, sigma)
        labels = class_labels(label, y, classes=self.labels, names=self.classes)

        def value(image: Tensor) -> tuple[Tensor, Tensor]:
            logits = self._fitting(self._class_logits(image, level), y)
            return _log_posterior(logits, labels).sum(), logits.log_softmax(1)

        with self._precision(y):
            gradient, posterior = image_gradient(value, y, (level, *self.parameters()))
        return posterior, gradient

    def logits_and_score(
        self, y: Tensor, sigma: NoiseLike, label: LabelLike | None = None
    ) -> tuple[Logits, Image]:
        """Return ℓ and ∇ log p_σ(y), or ∇ log p_σ(y | label), from one forward pass.

        Arguments and errors as in `denoise`.
        """
        self._check_denoises()
        level, labels = self._level(y, sigma), self._labels(label, y)

        def value(image: Tensor) -> tuple[Tensor, Tensor]:
            logits, shared = self._parts(image, level)
            logits = self._fitting(logits, y)
            return (_chosen(logits, labels) + shared).sum(), logits + shared[:, None]

        with self._precision(y):
            score, logits = image_gradient(value, y, (level, *self.parameters()))
        return logits, score

    def denoise(self, y: Tensor, sigma: NoiseLike, label: LabelLike | None = None) -> Image:
        """Return D_u(y), or D_label(y); differentiable in y.

        Args:
            y, sigma: as in `logits`; where σ is 0, y comes back.
            label: class of the clean image, one number or one per image, or a name; None: over all
                classes.

        Raises:
            InputError: as `logits`; a label out of range or unknown; it has learnt labels only, or
                a label is given, and it has learnt none.
        """
        score = self.score(y, sigma, label)
        return y + noise_level(sigma, y).square()[:, None, None, None] * score

    def denoise_all(self, y: Image, sigma: NoiseLike) -> Tensor:
        """Return D_c(y) of every class, (batch, class, channel, height, width)."""
        self._check_denoises()
        self._check_classifies()
        level = self._level(y, sigma)
        with self._precision(y), differentiating():
            logits, pull, *_ = vjp(lambda image: self._fitting(self._logits(image, level), y), y)
            columns = torch.eye(self.labels, dtype=logits.dtype, device=y.device)
            scores = torch.stack([pull(seed.expand_as(logits))[0] for seed in columns], 1)
        return y[:, None] + noise_level(sigma, y).square()[:, None, None, None, None] * scores

    def denoiser(self) -> "JointDenoiser":
        """Return it as a `Denoiser` that knows classes.

        Raises:
            InputError: it has not learnt to denoise.
        """
        self._check_denoises()
        return JointDenoiser(self)

    def _check_denoises(self) -> None:
        if not self.denoises:
            raise InputError(
                "This model has learnt labels, and no denoising (lambda_dsm: 0, or noise.clean: 1 "
                "in its training): it labels pictures, and has no density of them, which "
                "denoising, restoring, drawing samples and explaining an attack need."
            )

    def _check_classifies(self) -> None:
        if not self.classifies:
            raise InputError(
                "This model has learnt to denoise, and no labels (lambda_ce: 0 in its training): "
                "its classes mean nothing; labels, attacks on them, and denoising as of one class "
                "need a model that has learnt both."
            )

    def _fitting(self, logits: Tensor, y: Tensor) -> Logits:
        """Return the logits, which have a row for each image and a column for each class."""
        if logits.shape != (len(y), self.labels):
            raise InputError(
                f"The logits have shape {tuple(logits.shape)}: expected {(len(y), self.labels)}, a "
                "row for each image and a column for each of the labels that the model says it has."
            )
        return logits

    def _precision(self, y: Tensor) -> AbstractContextManager[None]:
        """That of y, whatever autocast says; a training may choose less."""
        return nullcontext() if self.training else full_precision(y)

    def _level(self, y: Tensor, sigma: NoiseLike) -> NoiseLevel:
        check_tensor(y)
        if y.ndim != 4 or not y.is_floating_point():
            raise InputError(
                f"The image batch has shape {tuple(y.shape)} and dtype {y.dtype}: expected floats "
                "(batch, channel, height, width) with values in [0, 1]."
            )
        if torch.finfo(y.dtype).bits < 32:
            raise InputError(
                f"The image batch has dtype {y.dtype}: classes differ in a large log-density by "
                "less than half precision keeps; take float32 for images and model."
            )
        if 0 in y.shape[1:]:
            raise InputError(
                f"The image batch has shape {tuple(y.shape)}, without a pixel: give images of at "
                "least one."
            )
        if self.channels is not None and y.shape[1] not in self.channels:
            known = " or ".join(map(str, self.channels))
            got = counted(y.shape[1], "channel")
            raise InputError(f"The image has {got}: this model takes {known}.")
        return noise_level(sigma, y, positive=self.needs_noise).clamp(min=self.least)

    def _labels(self, label: LabelLike | None, y: Image) -> Labels | None:
        if label is None:
            return None
        self._check_classifies()
        return class_labels(label, y, classes=self.labels, names=self.classes)


class JointDenoiser(Denoiser):
    """D_u of a joint law, or D_c if a label is given."""

    def __init__(self, joint: JointEnergy) -> None:
        super().__init__()
        self.joint, self.channels = joint, joint.channels
        if joint.classifies:
            self.labels, self.classes = joint.labels, joint.classes
        self.learnt, self.most = joint.size, joint.most
        self.needs_noise = joint.needs_noise

    def _denoise(
        self, y: Image, sigma: NoiseLevel, cond: Tensor | None, label: Labels | None
    ) -> Image:
        return self.joint.denoise(y, sigma, label)


def _log_posterior(logits: Logits, label: Labels) -> PerSample:
    """Return log p(label | y) = -log(1 + e^m), m = logsumexp of the others less the label's ℓ."""
    own = label[:, None] == torch.arange(logits.shape[1], device=label.device)
    others = logits.masked_fill(own, -math.inf).logsumexp(1)
    return -nn.functional.softplus(others - _chosen(logits, label))


def _chosen(logits: Logits, label: Labels | None) -> PerSample:
    """Return logsumexp_c ℓ, or the column of the label."""
    return logits.logsumexp(1) if label is None else logits.gather(1, label[:, None])[:, 0]
