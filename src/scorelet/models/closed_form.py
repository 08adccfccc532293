"""What denoisers with a known density share: log p_sigma, its gradient and samples.

Symbols: p density of x in R^d, p_sigma density of y = x + sigma z, f(y) = E[x | y].
"""

import math
from abc import abstractmethod
from dataclasses import dataclass
from typing import final

import torch
from torch import Generator, Tensor
from torch.func import jvp

from scorelet.core.derivatives import differentiating
from scorelet.core.device import exactly
from scorelet.core.errors import InputError
from scorelet.core.random import Noise
from scorelet.core.typing import Image, Labels, NoiseLevel, PerSample
from scorelet.models.denoiser import Denoiser, NoiseLike, noise_level

_POWER_SEED = 20230
_POWERS = 20


class ClosedFormDenoiser(Denoiser):
    """The exact posterior mean under a density on images of one shape, for sigma > 0.

    Args:
        shape: (channel, height, width) of the images.
    """

    needs_noise = True

    def __init__(self, shape: tuple[int, ...]) -> None:
        super().__init__()
        if len(shape) != 3:
            raise InputError(f"One image must be (channel, height, width), got {tuple(shape)}.")
        self.shape = tuple(shape)
        self.size = math.prod(shape)
        self.channels, self.learnt = self.shape[:1], (self.shape[1], self.shape[2])

    @final
    def log_density(self, y: Tensor, sigma: NoiseLike) -> PerSample:
        """Return log p_sigma(y), normalised, in nats.

        Args:
            y: (batch, channel, height, width).
            sigma: one number or one per image, unit of `y`, positive.

        Raises:
            InputError: `y` has another shape than the model, or sigma is not positive.
        """
        self._check(y)
        level = noise_level(sigma, y, positive=True)
        return exactly(self._log_density, y, level) if len(y) else y.new_zeros(0)

    @final
    def score(self, y: Tensor, sigma: NoiseLike) -> Image:
        """Return grad log p_sigma(y); arguments and errors as in `log_density`."""
        self._check(y)
        level = noise_level(sigma, y, positive=True)
        return exactly(self._score, y, level) if len(y) else y

    @final
    def noisy(self, sigma: float | int) -> "NoisyDensity":
        """Return the density p_sigma of y = x + sigma z as an energy, -log p_sigma."""
        return NoisyDensity(self, float(sigma))

    @property
    @abstractmethod
    def spread(self) -> float:
        """Standard deviation of x along the direction in which it varies most, roughly."""

    @abstractmethod
    def sample(self, count: int, *, rng: Generator) -> Image:
        """Draw `count` images x from p, with the dtype and device of the model."""

    @final
    def _denoise(
        self, y: Image, sigma: NoiseLevel, cond: Tensor | None, label: Labels | None
    ) -> Image:
        return exactly(self._mean_given, y, sigma) if len(y) else y

    @abstractmethod
    def _mean_given(self, y: Image, sigma: NoiseLevel) -> Image:
        """Compute E[x | y]; this and what follows in float32 at least."""

    @abstractmethod
    def _log_density(self, y: Image, sigma: NoiseLevel) -> PerSample: ...

    @abstractmethod
    def _score(self, y: Image, sigma: NoiseLevel) -> Image: ...

    def _check(self, y: Tensor) -> None:
        super()._check(y)
        if tuple(y.shape[1:]) != self.shape:
            raise InputError(
                f"The images have shape {tuple(y.shape[1:])}: this model is for {self.shape}."
            )


def largest_variance(points: Tensor, weights: Tensor) -> float:
    """Return the largest eigenvalue of the covariance of points, by the power method.

    Args:
        points: (point, ...).
        weights: (point,), with sum 1.
    """
    rows = points.flatten(1)
    v = Noise(_POWER_SEED, (0,)).normal(rows[:1])[0]
    for _ in range(_POWERS):
        along = rows @ (v / v.norm())
        v = (weights * (along - weights @ along)) @ rows
        if not v.any():
            return 0.0
    return float(v.norm())


@dataclass(frozen=True)
class NoisyDensity:
    """The density p_sigma of noisy images, as `Energy`: U(y) = -log p_sigma(y), normalised.

    Args:
        model: what is known in closed form.
        sigma: noise level, positive, unit of the images; one for all.
    """

    model: ClosedFormDenoiser
    sigma: float

    def energy(self, x: Tensor) -> PerSample:
        """Return -log p_sigma(x), (batch,); arguments and errors as in `log_density`."""
        return -self.model.log_density(x, self.sigma)

    def force(self, x: Tensor) -> Image:
        """Return +grad U, the negative of the score."""
        return -self.model.score(x, self.sigma)

    def score(self, x: Tensor) -> Image:
        """Return grad log p_sigma(x)."""
        return self.model.score(x, self.sigma)

    def hessian_vec(self, x: Tensor, v: Tensor) -> Image:
        """Return the Hessian of U at x times v, the derivative of the force along v."""
        with differentiating():
            return jvp(self.force, (x.contiguous(),), (v,))[1]  # jvp refuses expanded tensors


def check_float_tensors(**tensors: Tensor) -> None:
    """Raise InputError if a parameter of a model is not floating point, or not finite."""
    for name, tensor in tensors.items():
        if not tensor.is_floating_point() or not bool(torch.isfinite(tensor).all()):
            raise InputError(f"The {name} must be finite floating-point numbers.")
