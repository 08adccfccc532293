"""The ideal denoiser of a finite set of images: what a network that memorises converges to.

Symbols: x_1, ..., x_n the set, x uniform on it, y = x + sigma z in R^d,
w_i(y) = softmax_i(-||y - x_i||^2 / (2 sigma^2)) the probability of x_i given y:

    f(y) = sum_i w_i x_i        J(y) = Cov[x | y] / sigma^2

References: Kadkhodaie, Guth, Simoncelli, Mallat 2024, arXiv 2310.02557, eqs. 3, 8 and 9.
"""

import math

import torch
from torch import Generator, Tensor

from scorelet.core.device import exactly
from scorelet.core.errors import InputError
from scorelet.core.typing import Image, NoiseLevel, PerSample
from scorelet.models.closed_form import ClosedFormDenoiser, check_float_tensors, largest_variance
from scorelet.models.denoiser import NoiseLike, noise_level


class FiniteSetDenoiser(ClosedFormDenoiser):
    """The exact posterior mean under the uniform law on a finite set of images.

    Distances are sums of squared differences, not expanded squares, which in float32 would lose
    all digits at small sigma. They are computed in slices of the set; when gradients in y are
    recorded the slices stay in memory (`posterior_covariance` gives the Jacobian without).

    Args:
        points: x_i, (n, channel, height, width), values in [0, 1].
        slice_size: how many numbers one slice may hold.

    Raises:
        InputError: no point, or wrong shape.
    """

    points: Tensor

    def __init__(self, points: Tensor, *, slice_size: int = 2**24) -> None:
        check_float_tensors(points=points)
        super().__init__(tuple(points.shape[1:]))
        if points.shape[0] == 0:
            raise InputError("FiniteSetDenoiser needs at least one image, got none.")
        self.slice_size = slice_size
        self.register_buffer("points", points)

    @property
    def centre(self) -> Tensor:
        """The mean of the points."""
        return self.points.mean(0, keepdim=True)

    @property
    def spread(self) -> float:
        """The root of the largest eigenvalue of the covariance of the points."""
        count = len(self.points)
        return largest_variance(self.points, self.points.new_full((count,), 1 / count)) ** 0.5

    def sample(self, count: int, *, rng: Generator) -> Image:
        """Draw `count` images of the set, with replacement."""
        picks = torch.randint(len(self.points), (count,), generator=rng, device=rng.device)
        return self.points[picks.to(self.points.device)]

    def posterior_covariance(self, y: Tensor, sigma: NoiseLike) -> Tensor:
        """Return Cov[x | y] = sum_i w_i (x_i - f)(x_i - f)^T, (batch, d, d).

        It is sigma^2 times the Jacobian of f at y. Arguments and errors as in `log_density`.
        """
        self._check(y)
        level = noise_level(sigma, y, positive=True)
        return exactly(self._covariance_given, y, level)

    def _covariance_given(self, y: Image, sigma: NoiseLevel) -> Tensor:
        weights = self._logits(y, sigma).softmax(1)
        points = self.points.flatten(1).to(y)
        covariances = []
        for weight in weights:
            centred = points - weight @ points
            covariances.append((weight[:, None] * centred).mT @ centred)
        return torch.stack(covariances)

    def _mean_given(self, y: Image, sigma: NoiseLevel) -> Image:
        weights = self._logits(y, sigma).softmax(1)
        return (weights @ self.points.flatten(1).to(y)).reshape(y.shape)

    def _log_density(self, y: Image, sigma: NoiseLevel) -> PerSample:
        log_normaliser = self.size / 2 * (2 * math.pi * sigma.square()).log()
        return self._logits(y, sigma).logsumexp(1) - math.log(len(self.points)) - log_normaliser

    def _score(self, y: Image, sigma: NoiseLevel) -> Image:
        return (self._mean_given(y, sigma) - y) / sigma.square()[:, None, None, None]

    def _logits(self, y: Image, sigma: NoiseLevel) -> Tensor:
        """-||y - x_i||^2 / (2 sigma^2), (batch, n)."""
        rows = max(1, self.slice_size // max(1, y.numel()))
        image = y.flatten(1)[:, None]
        slices = self.points.flatten(1).to(y).split(rows)
        distances = torch.cat([(image - part).square().sum(-1) for part in slices], dim=1)
        return -distances / (2 * sigma.square()[:, None])
