"""Mixtures of isotropic Gaussians: the simplest density with several modes.

Symbols: x ~ sum_k w_k N(m_k, v_k I) in R^d, y = x + sigma z, t_k = v_k + sigma^2,
r_k(y) = w_k N(y; m_k, t_k I) / p_sigma(y) the probability of component k given y:

    f(y) = sum_k r_k (m_k + (v_k / t_k) (y - m_k))       score = -sum_k r_k (y - m_k) / t_k
"""

import math

import torch
from torch import Generator, Tensor

from scorelet.core.errors import InputError
from scorelet.core.random import randn
from scorelet.core.typing import Image, NoiseLevel, PerSample
from scorelet.models.closed_form import ClosedFormDenoiser, check_float_tensors, largest_variance


class GaussianMixtureDenoiser(ClosedFormDenoiser):
    """The exact posterior mean under a mixture of isotropic Gaussians.

    Args:
        weights: w, (component,), not negative, with sum 1.
        means: m, (component, channel, height, width), values in [0, 1].
        variances: v, (component,), per pixel, squared unit of the image; zero is a point.

    Raises:
        InputError: wrong shapes or values.
    """

    weights: Tensor
    means: Tensor
    variances: Tensor

    def __init__(self, weights: Tensor, means: Tensor, variances: Tensor) -> None:
        check_float_tensors(weights=weights, means=means, variances=variances)
        super().__init__(tuple(means.shape[1:]))
        count = means.shape[0]
        if tuple(weights.shape) != (count,) or tuple(variances.shape) != (count,):
            raise InputError(
                f"{count} means need {count} weights and variances, "
                f"got {tuple(weights.shape)} and {tuple(variances.shape)}."
            )
        if (weights < 0).any() or (variances < 0).any() or abs(float(weights.sum()) - 1) > 1e-5:
            raise InputError("Weights must be >= 0 with sum 1, and variances >= 0.")
        self.register_buffer("weights", weights)
        self.register_buffer("means", means)
        self.register_buffer("variances", variances)

    @property
    def centre(self) -> Tensor:
        """The mean of all components."""
        return torch.tensordot(self.weights, self.means, 1)[None]

    @property
    def spread(self) -> float:
        """The root of the largest eigenvalue of the covariance, sum_k w_k v_k that of the means."""
        within = float(self.weights @ self.variances)
        return (within + largest_variance(self.means, self.weights)) ** 0.5

    def sample(self, count: int, *, rng: Generator) -> Image:
        """Draw `count` images from the mixture."""
        picks = torch.multinomial(
            self.weights.to(rng.device), count, replacement=True, generator=rng
        ).to(self.means.device)
        white = randn((count, *self.shape), rng=rng, like=self.means)
        return self.means[picks] + self.variances[picks].sqrt()[:, None, None, None] * white

    def _mean_given(self, y: Image, sigma: NoiseLevel) -> Image:
        offsets, total = self._offsets(y, sigma)
        gain = self.variances.to(y) / total
        estimates = self.means.flatten(1).to(y) + gain[..., None] * offsets
        return self._average(y, sigma, estimates)

    def _log_density(self, y: Image, sigma: NoiseLevel) -> PerSample:
        return self._log_joint(y, sigma).logsumexp(1)

    def _score(self, y: Image, sigma: NoiseLevel) -> Image:
        offsets, total = self._offsets(y, sigma)
        return self._average(y, sigma, -offsets / total[..., None])

    def _average(self, y: Image, sigma: NoiseLevel, values: Tensor) -> Image:
        """sum_k r_k(y) values_k, for values (batch, component, d)."""
        posterior = self._log_joint(y, sigma).softmax(1)
        return (posterior[..., None] * values).sum(1).reshape(y.shape)

    def _log_joint(self, y: Image, sigma: NoiseLevel) -> Tensor:
        """log(w_k N(y; m_k, t_k I)), (batch, component)."""
        offsets, total = self._offsets(y, sigma)
        distance = offsets.square().sum(-1) / total
        log_normal = -(distance + self.size * (2 * math.pi * total).log()) / 2
        return self.weights.to(y).log() + log_normal

    def _offsets(self, y: Image, sigma: NoiseLevel) -> tuple[Tensor, Tensor]:
        """y - m_k, (batch, component, d), and t_k, (batch, component)."""
        offsets = y.flatten(1)[:, None] - self.means.flatten(1).to(y)
        return offsets, self.variances.to(y) + sigma.square()[:, None]
