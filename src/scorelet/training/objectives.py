"""What training minimises: pure functions of outputs and targets.

Symbols: x clean image in R^d, z standard normal, y = x + σ z, f denoiser; ℓ logits, c class.
"""

from collections.abc import Callable, Sequence
from typing import NamedTuple

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from scorelet.core.device import widened
from scorelet.core.random import Noise, generator
from scorelet.core.typing import Image, Labels, Logits, NoiseLevel
from scorelet.models import QuantileLaw
from scorelet.models.dithered import dithered
from scorelet.models.turned import TURNS, mean_over_turns

Batch = dict[str, Tensor]


class Loss(NamedTuple):
    """A value to minimise and the terms to log, all of them means over the samples of a batch."""

    value: Tensor
    terms: dict[str, Tensor]


Objective = Callable[[nn.Module, Batch, Noise], Loss]
"""Maps (model, batch, noise) to a loss; the noise has random numbers for each sample."""


USUAL, GROWTH, LEAST = 0.017, 1.3, 0.15
"""The squared error of photographs is about USUAL σ^GROWTH; LEAST of it counts at least."""


def denoising_loss(
    estimate: Image,
    clean: Image,
    sigma: NoiseLevel,
    *,
    power: float = 1.0,
    evenness: float = 0.0,
    floor: float = 2 / 255,
) -> Loss:
    """Squared error of an estimate, balanced over noise levels, and over images if one likes.

    mean over the batch of e / (s^power r^evenness), e the mean over pixels of (f(y) - x)²,
    s = σ + floor, r = LEAST + e / (USUAL s^GROWTH) the error beside what is usual, whose slope is
    not taken. For every fixed power the minimiser is E[x | y, σ] of each noise level; a blind
    network shares its capacity between levels by these weights. The error of photographs grows
    about as σ^GROWTH, so that power weighs all levels alike. With evenness 0 most of the loss is
    that of textures; with 1 a decibel of every image counts alike, as in a mean PSNR. As weights
    then depend on the error itself, the minimiser is E[x | y, σ] only as far as an image
    is so large that its error tells nothing of the noise.

    Args:
        estimate: f(y), (batch, channel, height, width).
        clean: x.
        sigma: σ, (batch,), same unit as the images.
        power: exponent of the weight.
        evenness: exponent of the weight of an image's own error, 0 to 1.
        floor: keeps the weight of noise-free patches finite.
    """
    per_sample = (estimate.float() - clean).square().mean((1, 2, 3))
    level = sigma + floor
    relative = LEAST + per_sample.detach() / (USUAL * level**GROWTH)
    value = (per_sample / (level**power * relative**evenness)).mean()
    return Loss(value, {"mse": per_sample.detach().mean()})


def classification_loss(logits: Logits, label: Labels, *, smoothing: float = 0.0) -> Loss:
    """Cross-entropy -Σ_k q_k log softmax(ℓ)_k with q = (1 - s) 1_c + s / classes.

    Args:
        logits: ℓ, (batch, classes).
        label: c, integers in [0, classes).
        smoothing: s in [0, 1), the share of the target that all classes have alike.

    References: Szegedy et al. 2016, arXiv 1512.00567, section 7 (smoothing).
    """
    wide = widened(logits)
    value = F.cross_entropy(wide, label, label_smoothing=smoothing)
    hits = (wide.detach().argmax(1) == label).float().mean()
    return Loss(value, {"accuracy": hits})


def blind_denoising(power: float, evenness: float = 0.0) -> Objective:
    """Return the objective of a blind denoiser on batches with `clean`, `noisy` and `sigma`."""

    def objective(model: nn.Module, batch: Batch, _noise: Noise) -> Loss:
        clean, sigma = batch["clean"], batch["sigma"]
        return denoising_loss(model(batch["noisy"]), clean, sigma, power=power, evenness=evenness)

    return objective


def clean_denoising(law: QuantileLaw, clean: float, power: float) -> Objective:
    """Return the objective of a denoiser on batches of clean images `x`: noise is added here.

    Args:
        law: of the noise levels.
        clean: share of the images that get no noise.
        power: of the weight, see `denoising_loss`.
    """

    def objective(model: nn.Module, batch: Batch, noise: Noise) -> Loss:
        x = batch["x"]
        u = noise.uniform(x, use=1)
        share = ((u - clean) / max(1 - clean, 1e-9)).clamp(min=0)
        sigma = torch.where(u >= clean, law.quantile(share).to(x.dtype), 0)
        y = x + sigma[:, None, None, None] * noise.normal(x, use=0)
        return denoising_loss(model(y, sigma), x, sigma, power=power)

    return objective


def drowning(
    teacher: Callable[[Image], Image], law: QuantileLaw, power: float, evenness: float = 0.0
) -> Objective:
    """Return the objective of f(y, t) = E_e g(y + t e), on batches with `noisy`: see
    `scorelet.models.dithered`.

    Each batch is shown to g in one of the eight orientations, so that what is learnt is the mean
    over these, too, as of `scorelet.models.turned`.

    Args:
        teacher: g, a denoiser of white noise, called with y + t e and y - t e; its answers are not
            differentiated.
        law: of t.
        power, evenness: of the weight, see `denoising_loss`; an image's own error is that beside
            the answers to two e, most of which is chance.
    """

    def objective(model: nn.Module, batch: Batch, noise: Noise) -> Loss:
        y = batch["noisy"]
        turn = _turn(noise)
        level = law.quantile(noise.uniform(y, use=1)).to(y.dtype)
        with torch.no_grad():
            e = level[:, None, None, None] * noise.normal(y, use=0)
            target = dithered(lambda image: _in_turns(teacher, image, [turn]), y, e)
        return denoising_loss(model(y, level), target, level, power=power, evenness=evenness)

    return objective


def distillation(
    teacher: Callable[[Image], Image], turns: int, power: float, evenness: float = 0.0
) -> Objective:
    """Return the objective of a blind denoiser that learns what another, or it itself before, makes
    of a patch in several orientations, on batches with `noisy` and `sigma`.

    The target is the mean of `turns` answers, a random one of the eight and others as far apart as
    may be, so that its mean is F(y) of `scorelet.models.turned`. It has hardly any variance, where
    a clean picture has that of x given y, which is the whole error of a good denoiser.

    Args:
        teacher: a blind denoiser; its answers are not differentiated.
        turns: 1, 2, 4 or 8.
        power, evenness: of the weight, see `denoising_loss`; an image's own error is that beside
            the target.
    """

    def objective(model: nn.Module, batch: Batch, noise: Noise) -> Loss:
        y = batch["noisy"]
        first = _turn(noise)
        chosen = [(first + k) % TURNS for k in range(0, TURNS, TURNS // turns)]
        with torch.no_grad():
            target = _in_turns(teacher, y, chosen)
        return denoising_loss(model(y), target, batch["sigma"], power=power, evenness=evenness)

    return objective


def _turn(noise: Noise) -> int:
    """Return the orientation of a step, which all parts of its batch have in common."""
    # one key more than the generators of samples, which are those of (seed, sample)
    draws = generator(noise.seed, noise.step, 0)
    return int(torch.randint(TURNS, (), generator=draws))


def _in_turns(teacher: Callable[[Image], Image], y: Image, turns: Sequence[int]) -> Image:
    return mean_over_turns(lambda image, _: teacher(image), y, turns)


def classification(smoothing: float) -> Objective:
    """Return the objective of a classifier on batches with `x` and `label`."""

    def objective(model: nn.Module, batch: Batch, _noise: Noise) -> Loss:
        return classification_loss(model(batch["x"]), batch["label"], smoothing=smoothing)

    return objective
