"""Gaussian images: the denoiser is the Wiener filter, and everything is known.

Symbols: x ~ N(m, C) in R^d, C = Q diag(v) Q^T, y = x + sigma z ~ N(m, C + sigma^2 I).
All quantities are one linear map L(g) = Q diag(g) Q^T with another gain g:

    f(y)  = m + L(v / (v + sigma^2)) (y - m)        J = L(v / (v + sigma^2))
    score = -L(1 / (v + sigma^2)) (y - m)           x = m + L(sqrt(v)) z
    MSE   = sigma^2 tr J

References: Wiener 1949; Kadkhodaie, Guth, Simoncelli, Mallat 2024, arXiv 2310.02557, eqs. 8 to 10.
"""

import math
from abc import abstractmethod

import torch
from torch import Generator, Tensor

from scorelet.core.device import exactly
from scorelet.core.errors import InputError
from scorelet.core.random import randn
from scorelet.core.typing import Image, NoiseLevel, PerSample, Scalar
from scorelet.models.closed_form import ClosedFormDenoiser, check_float_tensors
from scorelet.models.denoiser import NoiseLike, noise_level

LARGEST_COVARIANCE = 2048
"""Numbers in an image at most whose covariance is estimated, and diagonalised in seconds."""
_ROUNDING = 1e-5  # relative; covariances estimated in float32 are this far from symmetric, positive


def principal_axes(covariance: Tensor) -> tuple[Tensor, Tensor]:
    """Return v (..., d), not negative, and Q (..., d, d) of one or more covariances Q diag(v) Q^T.

    Raises:
        InputError: one of them is not symmetric, or has a negative eigenvalue.
    """
    rounding = _ROUNDING * covariance.abs().amax((-2, -1))
    if ((covariance - covariance.mT).abs().amax((-2, -1)) > rounding).any():
        raise InputError("The covariance is not symmetric: give (C + C.T) / 2 if it should be.")
    variances, basis = torch.linalg.eigh((covariance + covariance.mT) / 2)
    if (variances < -rounding[..., None]).any():
        raise InputError(f"The covariance has a negative eigenvalue, {variances.min():.3g}.")
    return variances.clamp(min=0), basis


class _DiagonalGaussian(ClosedFormDenoiser):
    """A Gaussian whose covariance is diagonal in a basis that the subclass knows."""

    mean: Tensor  # (channel, height, width)
    variances: Tensor  # eigenvalues of C, in the shape that `_apply` wants

    def __init__(self, mean: Tensor, variances: Tensor) -> None:
        super().__init__(tuple(mean.shape))
        self.register_buffer("mean", mean)
        self.register_buffer("variances", variances)

    @property
    def centre(self) -> Tensor:
        """m."""
        return self.mean[None]

    @property
    def spread(self) -> float:
        """The root of the largest v."""
        return float(self.variances.max()) ** 0.5

    @abstractmethod
    def _apply_gain(self, u: Tensor, gain: Tensor) -> Tensor:
        """L(gain) u for images u; the gain has a leading batch axis."""

    def jacobian(self, sigma: NoiseLike) -> Tensor:
        """Return J = C (C + sigma^2 I)^-1, a (d, d) matrix, the same at every y.

        Args:
            sigma: one positive number, unit of the image.
        """
        like = self.mean[None]
        units = torch.eye(self.size, dtype=like.dtype, device=like.device)
        columns = exactly(
            lambda u, level: self._apply_gain(u, self._shrinkage(level, u[:1])),
            units.reshape(-1, *self.shape),
            noise_level(sigma, like, positive=True),
        )
        return columns.flatten(1)  # symmetric, so columns are rows

    def mse(self, sigma: NoiseLike) -> Scalar:
        """Return E ||x - f(y)||^2 = sigma^2 tr J, in total and not per pixel (eq. 10).

        Args:
            sigma: one positive number, unit of the image.
        """
        like = self.mean[None]
        level = noise_level(sigma, like, positive=True)
        return level[0].square() * self._shrinkage(sigma, like).sum()

    def sample(self, count: int, *, rng: Generator) -> Image:
        """Draw `count` images from N(m, C)."""
        white = randn((count, *self.shape), rng=rng, like=self.mean)
        return self.mean + exactly(self._apply_gain, white, self.variances.sqrt()[None])

    def _mean_given(self, y: Image, sigma: NoiseLevel) -> Image:
        mean = self.mean.to(y)
        return mean + self._apply_gain(y - mean, self._shrinkage(sigma, y))

    def _log_density(self, y: Image, sigma: NoiseLevel) -> PerSample:
        total = self._total(sigma, y)
        centred = y - self.mean.to(y)
        distance = (centred * self._apply_gain(centred, 1 / total)).flatten(1).sum(1)
        constant = self.size * math.log(2 * math.pi)
        return -(distance + total.log().flatten(1).sum(1) + constant) / 2

    def _score(self, y: Image, sigma: NoiseLevel) -> Image:
        return -self._apply_gain(y - self.mean.to(y), 1 / self._total(sigma, y))

    def _total(self, sigma: NoiseLike, y: Tensor) -> Tensor:
        """v + sigma^2, with a leading batch axis."""
        level = noise_level(sigma, y, positive=True)
        shape = (-1, *(1 for _ in self.variances.shape))
        return self.variances.to(y) + level.square().reshape(shape)

    def _shrinkage(self, sigma: NoiseLike, y: Tensor) -> Tensor:
        return self.variances.to(y) / self._total(sigma, y)


class GaussianDenoiser(_DiagonalGaussian):
    """The Wiener filter of N(m, C), for any mean and covariance.

    Args:
        mean: m, (channel, height, width), values in [0, 1].
        covariance: C, (d, d) with d = channel * height * width, symmetric and positive
            semi-definite; squared unit of the image. It is diagonalised once.

    Raises:
        InputError: wrong shapes, not symmetric, or with a negative eigenvalue.
    """

    basis: Tensor  # Q, eigenvectors in its columns

    def __init__(self, mean: Tensor, covariance: Tensor) -> None:
        check_float_tensors(mean=mean, covariance=covariance)
        size = mean.numel()
        if tuple(covariance.shape) != (size, size):
            raise InputError(
                f"The covariance has shape {tuple(covariance.shape)}: "
                f"a mean of shape {tuple(mean.shape)} needs ({size}, {size})."
            )
        variances, basis = principal_axes(covariance)
        super().__init__(mean, variances)
        self.register_buffer("basis", basis)

    def _apply_gain(self, u: Tensor, gain: Tensor) -> Tensor:
        basis = self.basis.to(u)
        return (((u.flatten(1) @ basis) * gain) @ basis.mT).reshape(u.shape)


class StationaryGaussianDenoiser(_DiagonalGaussian):
    """The Wiener filter of a periodic, stationary Gaussian field, by fast Fourier transform.

    Args:
        spectrum: S, (height, width) for one channel or (channel, height, width) for independent
            ones: S(k) = E |X(k)|^2 with X the orthonormal discrete Fourier transform of x - m, in
            the order of `torch.fft.fftfreq`. These are the eigenvalues of C: their mean is the
            pixel variance. S(k) = S(-k) >= 0.
        mean: m, the same at every pixel.

    Raises:
        InputError: wrong shape, negative values, or S(k) != S(-k).
    """

    def __init__(self, spectrum: Tensor, *, mean: float = 0.0) -> None:
        check_float_tensors(spectrum=spectrum)
        if spectrum.ndim == 2:
            spectrum = spectrum[None]
        if spectrum.ndim != 3 or (spectrum < 0).any():
            raise InputError(
                "The spectrum must be (height, width) or (channel, height, width) and not negative."
            )
        mirrored = spectrum.flip(-2, -1).roll((1, 1), dims=(-2, -1))
        if (spectrum - mirrored).abs().max() > _ROUNDING * spectrum.max():
            raise InputError("The spectrum of a real field is even: S(k) must equal S(-k).")
        super().__init__(torch.full_like(spectrum, mean), (spectrum + mirrored) / 2)

    def _apply_gain(self, u: Tensor, gain: Tensor) -> Tensor:
        return torch.fft.ifft2(torch.fft.fft2(u) * gain).real
