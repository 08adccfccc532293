"""Noise: the laws from which training draws noise levels, and the noise itself.

Symbols: sigma noise standard deviation, in the unit of the image (values in [0, 1]);
u uniform on [0, 1); P(sigma <= s) the cumulative distribution.
"""

import math
from dataclasses import dataclass
from typing import Protocol, runtime_checkable

import torch
from torch import Generator, Tensor

from scorelet.core.errors import InputError
from scorelet.core.random import randn
from scorelet.core.typing import Image, NoiseLevel
from scorelet.models.denoiser import NoiseLike, noise_level


@runtime_checkable
class NoiseLaw(Protocol):
    """A distribution of noise levels."""

    @property
    def mean(self) -> float:
        """The mean of sigma."""
        ...

    def cdf(self, sigma: float) -> float:
        """The probability of a level of at most `sigma`."""
        ...

    def sample(self, batch: int, *, rng: Generator) -> NoiseLevel:
        """Draw `batch` levels, on the device of `rng`."""
        ...


@runtime_checkable
class QuantileLaw(NoiseLaw, Protocol):
    """A law whose levels are a function of one uniform number."""

    def quantile(self, u: Tensor) -> NoiseLevel:
        """Return the level below which the share `u` of all levels lies."""
        ...


@dataclass(frozen=True)
class UniformNoise:
    """sigma uniform on [low, high]: density 1 / (high - low), mean (low + high) / 2.

    low = high is one fixed level.
    """

    low: float
    high: float

    def __post_init__(self) -> None:
        """Raise InputError for an impossible range."""
        if self.low != self.high:
            _check_range(self.low, self.high)

    @property
    def mean(self) -> float:
        """(low + high) / 2."""
        return (self.low + self.high) / 2

    def cdf(self, sigma: float) -> float:
        """(sigma - low) / (high - low), clipped to [0, 1]."""
        if self.low == self.high:
            return float(sigma >= self.low)
        return (_clip(sigma, self.low, self.high) - self.low) / (self.high - self.low)

    def quantile(self, u: Tensor) -> NoiseLevel:
        """Return low + (high - low) u."""
        return self.low + (self.high - self.low) * u

    def sample(self, batch: int, *, rng: Generator) -> NoiseLevel:
        """Draw levels."""
        return self.quantile(_uniform(batch, rng))


@dataclass(frozen=True)
class QuadraticNoise:
    """sigma = high u^2: density proportional to sigma^(-1/2) on [0, high], mean high / 3.

    Half of the levels are below high / 4, so that weak noise is seen often.

    References: the law with which the networks of Kadkhodaie, Guth, Simoncelli, Mallat 2024,
    arXiv 2310.02557, were trained (in their code).
    """

    high: float = 1.0

    def __post_init__(self) -> None:
        """Raise InputError for an impossible range."""
        _check_range(0.0, self.high)

    @property
    def mean(self) -> float:
        """high / 3."""
        return self.high / 3

    def cdf(self, sigma: float) -> float:
        """sqrt(sigma / high), clipped to [0, 1]."""
        return math.sqrt(_clip(sigma, 0.0, self.high) / self.high)

    def quantile(self, u: Tensor) -> NoiseLevel:
        """Return high u^2."""
        return self.high * u.square()

    def sample(self, batch: int, *, rng: Generator) -> NoiseLevel:
        """Draw levels."""
        return self.quantile(_uniform(batch, rng))


@dataclass(frozen=True)
class LogUniformNoise:
    """log(sigma) uniform on [log(low), log(high)]: every octave of noise is as frequent."""

    low: float
    high: float

    def __post_init__(self) -> None:
        """Raise InputError for an impossible range."""
        _check_range(self.low, self.high)
        if self.low == 0:
            raise InputError("LogUniformNoise needs low > 0, got 0: give a small positive level.")

    @property
    def mean(self) -> float:
        """(high - low) / log(high / low)."""
        return (self.high - self.low) / math.log(self.high / self.low)

    def cdf(self, sigma: float) -> float:
        """log(sigma / low) / log(high / low), clipped to [0, 1]."""
        ratio = _clip(sigma, self.low, self.high) / self.low
        return math.log(ratio) / math.log(self.high / self.low)

    def quantile(self, u: Tensor) -> NoiseLevel:
        """Return low (high / low)^u."""
        return self.low * (self.high / self.low) ** u

    def sample(self, batch: int, *, rng: Generator) -> NoiseLevel:
        """Draw levels."""
        return self.quantile(_uniform(batch, rng))


@dataclass(frozen=True)
class MixedNoise:
    """A mixture: sigma is drawn from law k with probability shares[k] / sum(shares)."""

    shares: tuple[float, ...]
    laws: tuple[NoiseLaw, ...]

    def __post_init__(self) -> None:
        """Raise InputError for shares that are no weights of these laws."""
        if len(self.shares) != len(self.laws) or not self.laws:
            raise InputError(
                f"{len(self.shares)} shares for {len(self.laws)} noise laws: give one for each."
            )
        if min(self.shares) <= 0 or not math.isfinite(sum(self.shares)):
            raise InputError(f"Shares of noise laws must be positive numbers, got {self.shares}.")

    @property
    def mean(self) -> float:
        """sum_k p_k mean_k with p_k = shares[k] / sum(shares)."""
        weighted = (s * law.mean for s, law in zip(self.shares, self.laws, strict=True))
        return sum(weighted) / sum(self.shares)

    def cdf(self, sigma: float) -> float:
        """sum_k p_k P_k(sigma)."""
        weighted = (s * law.cdf(sigma) for s, law in zip(self.shares, self.laws, strict=True))
        return sum(weighted) / sum(self.shares)

    def sample(self, batch: int, *, rng: Generator) -> NoiseLevel:
        """Draw a law and a level of it, one by one."""
        shares = torch.tensor(self.shares, device=rng.device)
        chosen = torch.multinomial(shares, batch, replacement=True, generator=rng).tolist()
        return torch.cat([self.laws[k].sample(1, rng=rng) for k in chosen])


def add_noise(x: Image, sigma: NoiseLike, *, rng: Generator) -> Image:
    """Return y = x + sigma z with standard normal z from `rng`.

    Args:
        x: clean image, values in [0, 1]; the result is not clipped.
        sigma: noise level, one number or one per image, unit of `x`; zero is allowed.
        rng: source of the noise, on any device.

    Raises:
        InputError: sigma cannot be used.
    """
    level = noise_level(sigma, x)[:, None, None, None]
    return x + level * randn(tuple(x.shape), rng=rng, like=x)


def _uniform(batch: int, rng: Generator) -> Tensor:
    return torch.rand(batch, generator=rng, device=rng.device)


def _clip(value: float, low: float, high: float) -> float:
    return min(max(value, low), high)


def _check_range(low: float, high: float) -> None:
    if not (0 <= low < high < math.inf):
        raise InputError(
            f"Noise levels must satisfy 0 <= low < high, finite; got low {low} and high {high}."
        )
