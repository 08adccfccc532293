"""Labelled mixtures of Gaussians with any covariances: a joint law that is known exactly.

Symbols: component k of class c(k) with weight w_k, mean m_k, covariance C_k = Q diag(v) Q^T;

    ℓ_c(y, σ) = log sum_{k of c} w_k N(y; m_k, C_k + σ² Id)
    one component a class:    D_c(y) = m_c + C_c (C_c + σ² Id)^-1 (y - m_c)

References: Bishop 2006, Pattern Recognition and Machine Learning, sections 2.3 and 9.2.
"""

import math

import torch
from torch import Generator, Tensor

from scorelet.core.errors import InputError
from scorelet.core.random import randn
from scorelet.core.typing import Image, Labels, Logits, NoiseLevel
from scorelet.models.closed_form import check_float_tensors
from scorelet.models.gaussian import principal_axes
from scorelet.models.joint_energy import JointEnergy


class MixtureJointEnergy(JointEnergy):
    """The exact log p_σ(y, c), normalised.

    Args:
        weights: w, (component,), positive, with sum 1.
        means: m, (component, channel, height, width).
        covariances: C, (component, d, d) with d = channel · height · width; symmetric, no negative
            eigenvalue. Where one is 0, there is no density without noise: sigma = 0 is refused.
        labels: c(k), (component,) whole numbers; every class from 0 to the largest has a component.

    Raises:
        InputError: wrong shapes or values.
    """

    weights: Tensor
    means: Tensor
    axes: Tensor
    variances: Tensor
    members: Tensor

    def __init__(self, weights: Tensor, means: Tensor, covariances: Tensor, labels: Tensor) -> None:
        super().__init__()
        check_float_tensors(weights=weights, means=means, covariances=covariances)
        count, size = len(means), means[0].numel()
        shapes = tuple(weights.shape), tuple(covariances.shape), tuple(labels.shape)
        if shapes != ((count,), (count, size, size), (count,)):
            raise InputError(
                f"{count} means of {size} pixels need weights ({count},), covariances ({count}, "
                f"{size}, {size}) and labels ({count},): got {shapes[0]}, {shapes[1]}, {shapes[2]}."
            )
        classes = int(labels.max()) + 1
        if int(labels.min()) < 0 or len(labels.unique()) < classes or classes < 2:
            raise InputError(
                "Labels must be 0 to classes - 1, each with a component, two at least."
            )
        if (weights <= 0).any() or abs(float(weights.sum()) - 1) > 1e-5:
            raise InputError("Weights must be > 0 with sum 1.")
        variances, axes = principal_axes(covariances)
        self.labels, self.channels = classes, (means.shape[1],)
        self.size = (means.shape[2], means.shape[3])
        self.needs_noise = not bool(variances.all())
        for name, tensor in {
            "weights": weights,
            "means": means,
            "axes": axes,
            "variances": variances,
            "members": labels[:, None] == torch.arange(classes),
        }.items():
            self.register_buffer(name, tensor)

    def sample(self, count: int, *, rng: Generator) -> tuple[Image, Labels]:
        """Draw clean images and their classes."""
        picks = torch.multinomial(self.weights, count, replacement=True, generator=rng)
        white = randn((count, self.means[0].numel()), rng=rng, like=self.means)
        scaled = (self.variances[picks].sqrt() * white)[:, :, None]
        moved = (self.axes[picks] @ scaled).reshape(count, *self.means.shape[1:])
        return self.means[picks] + moved, self.members[picks].int().argmax(1)

    def _logits(self, y: Image, sigma: NoiseLevel) -> Logits:
        if y.shape[2:] != self.means.shape[2:]:
            got, own = (f"{shape[2]}x{shape[3]}" for shape in (y.shape, self.means.shape))
            raise InputError(f"The images are {got}: this mixture is one of {own} pixels.")
        offsets = (y[:, None] - self.means.to(y)).flatten(2)
        along = torch.einsum("bkd,kde->bke", offsets, self.axes.to(y))
        total = self.variances.to(y) + sigma.square()[:, None, None]
        squares = (along.square() / total + total.log() + math.log(2 * math.pi)).sum(2)
        components = self.weights.to(y).log() - squares / 2
        masked = components[:, :, None].masked_fill(~self.members, -math.inf)
        return masked.logsumexp(1)
