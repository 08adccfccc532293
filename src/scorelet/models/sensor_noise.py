"""Noise that is not white: its variance depends on the signal, or its pixels on one another.

Symbols: x clean image, y noisy image, z standard normal; a and b of var(y | x) = a x + b.
"""

import math
from dataclasses import dataclass

import torch
from torch import Generator, Tensor

from scorelet.core.errors import InputError
from scorelet.core.random import randn
from scorelet.core.typing import Image


@dataclass(frozen=True)
class PoissonGaussianNoise:
    """y = a P + sqrt(b) z with P Poisson of mean x / a: photons of gain `a`, and reading them.

    E[y | x] = x and var(y | x) = a x + b. Where a = 0 the noise is white with sigma = sqrt(b).

    Args:
        a: what one photon adds to y, in the unit of the image; zero or positive.
        b: variance of the noise in the dark, in that unit squared; zero or positive.

    Raises:
        InputError: a or b is negative or not finite.

    References: Foi, Trimeche, Katkovnik, Egiazarian 2008, Practical Poissonian-Gaussian noise
    modeling and fitting for single-image raw-data, IEEE TIP 17, eq. 1 to 5.
    """

    a: float
    b: float = 0.0

    def __post_init__(self) -> None:
        for name, value in (("a", self.a), ("b", self.b)):
            if not (0 <= value < math.inf):
                raise InputError(f"{name} is {value}: it must be zero or a positive number.")

    def variance(self, x: Tensor) -> Tensor:
        """Return a x + b; negative signals count as 0."""
        return self.a * x.clamp(min=0) + self.b

    def add(self, x: Image, *, rng: Generator) -> Image:
        """Return a noisy image; it is not clipped, and negative signals give no photons.

        Args:
            x: clean image, in any unit.
            rng: source of the noise; on the device of `x` if a > 0.
        """
        y = x
        if self.a > 0:
            photons = torch.poisson(x.clamp(min=0).double() / self.a, generator=rng)
            y = (self.a * photons).to(x) + x.clamp(max=0)
        return y + math.sqrt(self.b) * randn(tuple(x.shape), rng=rng, like=x) if self.b else y


@dataclass(frozen=True, eq=False)
class CorrelatedNoise:
    """Stationary periodic Gaussian noise y = x + F^-1 sqrt(S) F z with a power spectrum S.

    The covariance of pixels at distance d is the inverse Fourier transform of S at d; the variance
    is the mean of S over all frequencies; S = s^2 everywhere is white noise of sigma = s.

    Args:
        power: S, (height, width), zero or positive, in the order of `torch.fft.fft2`; S(k) = S(-k).

    Raises:
        InputError: another shape, negative or non-finite values, or a spectrum that is no real
            noise's.
    """

    power: Tensor

    def __post_init__(self) -> None:
        power = self.power
        if power.ndim != 2 or not power.is_floating_point() or not power.numel():
            raise InputError(
                f"The spectrum has shape {tuple(power.shape)} and dtype {power.dtype}: expected "
                "floats (height, width)."
            )
        if not bool((power.isfinite() & (power >= 0)).all()):
            raise InputError("The spectrum must be finite and zero or positive everywhere.")
        mirrored = power.flip((0, 1)).roll((1, 1), (0, 1))
        if not torch.allclose(power, mirrored, rtol=1e-4, atol=float(power.max()) * 1e-6):
            raise InputError("The spectrum must be that of real noise: S(k) = S(-k).")

    @classmethod
    def filtered(cls, kernel: Tensor, sigma: float, size: tuple[int, int]) -> "CorrelatedNoise":
        """Return white noise after a linear filter, of standard deviation `sigma`.

        Args:
            kernel: (rows, columns), not larger than `size`; its sum does not matter.
            sigma: of the filtered noise, in the unit of the image.
            size: height and width of the images.
        """
        power = torch.fft.fft2(kernel, s=size).abs().square()
        return cls(sigma**2 * power / power.mean())

    def covariance(self) -> Tensor:
        """Return the covariance of pixels by their distance, (height, width), that of 0 first."""
        return torch.fft.ifft2(self.power).real

    def add(self, x: Image, *, rng: Generator) -> Image:
        """Return a noisy image of the size of the spectrum, channels independent.

        Raises:
            InputError: images of another size.
        """
        if x.shape[-2:] != self.power.shape:
            raise InputError(
                f"The spectrum is {tuple(self.power.shape)}, the image {tuple(x.shape[-2:])}: "
                "they must have one size."
            )
        white = torch.fft.fft2(randn(tuple(x.shape), rng=rng, like=x))
        return x + torch.fft.ifft2(white * self.power.to(x).sqrt()).real
