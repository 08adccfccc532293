"""Noise schedules of diffusions: how an image becomes noise as time goes on.

Symbols: x_0 clean image, z standard normal, t time from 0 to T,

    x_t = α(t) x_0 + σ(t) z,      dx = f(t) x dt + g(t) dw,

    f = α'/α,   g² = (σ²)' - 2 f σ².

A denoiser D(y, s) of y = x_0 + s z serves all schedules: x_t / α has noise of level s = σ/α, so

    E[x_0 | x_t] = D(x_t/α, σ/α),      ∇ log p_t(x_t) = (α E[x_0 | x_t] - x_t) / σ².

References: Song, Sohl-Dickstein, Kingma, Kumar, Ermon, Poole 2021, arXiv 2011.13456, section 3;
Karras, Aittala, Aila, Laine 2022, arXiv 2206.00364, section 2; Guth, Coste, De Bortoli, Mallat
2022, arXiv 2208.05003, section 2.
"""

import math
from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from scorelet.core.errors import InputError
from scorelet.core.numbers import holds, is_whole


class NoiseSchedule(ABC):
    """α and σ as functions of times, tensors of any shape, and the diffusion that they belong to.

    Attributes:
        end: T.
        noise_std: the deviation of the noise that samplers begin with at T.
    """

    @property
    @abstractmethod
    def end(self) -> float:
        """T."""

    @abstractmethod
    def alpha(self, t: Tensor) -> Tensor:
        """Return α(t)."""

    @abstractmethod
    def sigma(self, t: Tensor) -> Tensor:
        """Return σ(t)."""

    @abstractmethod
    def drift(self, t: Tensor) -> Tensor:
        """Return f(t)."""

    @abstractmethod
    def diffusion(self, t: Tensor) -> Tensor:
        """Return g(t)²."""

    @property
    @abstractmethod
    def noise_std(self) -> float:
        """The deviation of what samplers begin with."""

    def level(self, t: Tensor) -> Tensor:
        """Return σ/α, the noise level that a denoiser is told."""
        return self.sigma(t) / self.alpha(t)

    def times(self, steps: int, *, power: float = 1.0) -> Tensor:
        """Return t_0 = 0 < t_1 < ... < t_N = T with t_k = T (k/N)^power.

        Args:
            steps: N.
            power: 1 is uniform; 2 quadratic, whose steps grow as k, where the score changes less.

        Raises:
            InputError: no step, or a power that is not positive.
        """
        if not is_whole(steps, least=1):
            raise InputError(f"There are {steps!r} steps: a sampler takes at least one.")
        if not holds(lambda: 0 < power < math.inf):
            raise InputError(f"The power of the times is {power!r}: it must be positive.")
        return self.end * (torch.arange(steps + 1, dtype=torch.float64) / steps) ** power


@dataclass(frozen=True)
class OrnsteinUhlenbeck(NoiseSchedule):
    """α = e^-t, σ² = s² (1 - e^-2t): dx = -x dt + √2 s dw. Data should have variance near s².

    Args:
        end: T; e^-2T of the data's variance is left when sampling begins.
        scale: s, in the unit of the data.

    Raises:
        InputError: an end or a scale that is not positive.

    References: arXiv 2208.05003, section 2.
    """

    end: float = 5.0
    scale: float = 1.0

    def __post_init__(self) -> None:
        """Check the end and the scale."""
        _check_end(self.end)
        if not holds(lambda: 0 < self.scale < math.inf):
            raise InputError(f"The scale of the data is {self.scale!r}: it must be positive.")

    def alpha(self, t: Tensor) -> Tensor:
        """Return e^-t."""
        return torch.exp(-t)

    def sigma(self, t: Tensor) -> Tensor:
        """Return s √(1 - e^-2t)."""
        return self.scale * torch.sqrt(-torch.expm1(-2 * t))

    def drift(self, t: Tensor) -> Tensor:
        """Return -1."""
        return -torch.ones_like(t)

    def diffusion(self, t: Tensor) -> Tensor:
        """Return 2 s²."""
        return 2 * self.scale**2 * torch.ones_like(t)

    @property
    def noise_std(self) -> float:
        """s."""
        return self.scale


@dataclass(frozen=True)
class VariancePreserving(NoiseSchedule):
    """β(t) = low + (high - low) t on [0, 1]: α = e^(-B/2), σ² = 1 - e^-B with B(t) = ∫_0^t β.

    It is the process of `OrnsteinUhlenbeck` with B/2 as its time.

    Args:
        low, high: β at 0 and at 1.

    Raises:
        InputError: unless 0 < low <= high.

    References: Ho, Jain, Abbeel 2020, arXiv 2006.11239; arXiv 2011.13456, appendix C.
    """

    low: float = 0.1
    high: float = 20.0
    end: float = 1.0

    def __post_init__(self) -> None:
        """Check the range."""
        if not holds(lambda: 0 < self.low <= self.high < math.inf):
            raise InputError(
                f"β goes from {self.low!r} to {self.high!r}: expected 0 < low <= high, finite."
            )
        _check_end(self.end)

    def alpha(self, t: Tensor) -> Tensor:
        """Return e^(-B/2)."""
        return torch.exp(-self._integral(t) / 2)

    def sigma(self, t: Tensor) -> Tensor:
        """Return √(1 - e^-B)."""
        return torch.sqrt(-torch.expm1(-self._integral(t)))

    def drift(self, t: Tensor) -> Tensor:
        """Return -β/2."""
        return -self.diffusion(t) / 2

    def diffusion(self, t: Tensor) -> Tensor:
        """Return β."""
        return self.low + (self.high - self.low) * t

    @property
    def noise_std(self) -> float:
        """1."""
        return 1.0

    def _integral(self, t: Tensor) -> Tensor:
        return self.low * t + (self.high - self.low) * t**2 / 2


@dataclass(frozen=True)
class VarianceExploding(NoiseSchedule):
    """α = 1, σ = t: the image stays, and its noise grows to T.

    Args:
        end: T, the largest noise level, in the unit of the image; many times its deviation.
        least: t_1, the least level above 0 that a sampler asks a denoiser for; 0: what `times`
            makes of the number of steps.

    Raises:
        InputError: an end that is not positive, or a least level that is not below it.

    References: arXiv 2011.13456, section 3.4; arXiv 2206.00364, table 1 and eq. 5 (with power 7).
    """

    end: float = 20.0
    least: float = 0.0

    def __post_init__(self) -> None:
        """Check the levels."""
        _check_end(self.end)
        if not holds(lambda: 0 <= self.least < self.end):
            raise InputError(
                f"The least level is {self.least!r} and the largest {self.end}: expected 0 <= "
                "least < largest."
            )

    def times(self, steps: int, *, power: float = 1.0) -> Tensor:
        """Return 0, and N levels from `least` to T whose roots 1/power are evenly spaced."""
        times = super().times(steps, power=power)
        if not self.least or steps == 1:
            return times
        first, last = self.least ** (1 / power), self.end ** (1 / power)
        share = torch.arange(steps, dtype=torch.float64) / (steps - 1)
        return torch.cat([times[:1], (first + share * (last - first)) ** power])

    def alpha(self, t: Tensor) -> Tensor:
        """Return 1."""
        return torch.ones_like(t)

    def sigma(self, t: Tensor) -> Tensor:
        """Return t."""
        return t

    def drift(self, t: Tensor) -> Tensor:
        """Return 0."""
        return torch.zeros_like(t)

    def diffusion(self, t: Tensor) -> Tensor:
        """Return 2 t."""
        return 2 * t

    @property
    def noise_std(self) -> float:
        """T."""
        return self.end


def _check_end(end: Any) -> None:  # noqa: ANN401 - whatever was given
    if not holds(lambda: 0 < end < math.inf):
        raise InputError(f"The schedule ends at {end!r}: it must be a positive time.")
