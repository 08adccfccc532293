"""Log-normal maps: a surrogate of convergence maps of gravitational lensing.

Symbols: g Gaussian field with covariance xi_g(r) and variance s^2 = xi_g(0); kappa the map,
kappa = k0 (exp(g - s^2/2) - 1), E kappa = 0, with covariance

    xi_kappa(r) = k0^2 (exp(xi_g(r)) - 1)        xi_g(r) = log(1 + xi_kappa(r) / k0^2)

A covariance of g that is wanted may have slightly negative power; it is set to 0, and everything
that is said of the map follows from what is left.

References: Coles, Jones 1991, MNRAS 248, 1.
"""

import math
from dataclasses import dataclass
from functools import lru_cache
from typing import ClassVar, NamedTuple

import torch
from torch import Generator, Tensor

from scorelet.core.errors import InputError
from scorelet.data.fields.ensembles.base import IndexedEnsemble
from scorelet.data.fields.ensembles.checks import check_positive, check_size
from scorelet.data.fields.ensembles.grids import filter_field, squared_frequency, unit_variance


class Moments(NamedTuple):
    """One-point moments: standard deviation, skewness, kurtosis (3 for a Gaussian)."""

    std: float
    skewness: float
    kurtosis: float


@dataclass(frozen=True)
class LogNormal(IndexedEnsemble):
    """kappa = k0 (exp(g - s^2/2) - 1), with P(w) close to c / (xi^eta + |w|^eta), xi = 4 pi / L.

    The wanted spectrum has no power at k = 0 and unit pixel variance. With the defaults what the
    maps have is within 0.3 % of it at k != 0. At k = 0, where g has none, they have some: 15 % of
    that at |k| = 1 for L = 8, 10 % for 16, 4 % for 64, 2 % for 256, and more for a smaller shift.
    `power` is exact at every k. One-point law and spectrum are those of a lensing map of about that
    roughness; filaments and haloes are too few, so that peak counts and scattering covariances tell
    the two apart.

    Args:
        eta: slope of the spectrum at high frequencies, positive.
        shift: k0; -k0 is the least value. A smaller one gives heavier tails, and a spectrum further
            from the wanted one; where k0^2 is not above the deepest trough of the wanted covariance
            there is no Gaussian field, and the size is refused.
    """

    name: ClassVar[str] = "log_normal"
    formula: ClassVar[str] = (
        "shift (exp(g - s^2/2) - 1) with Gaussian g, P(w) about c / ((4 pi / L)^eta + |w|^eta)"
    )
    reference: ClassVar[str] = "Coles, Jones 1991"

    eta: float = 1.2
    shift: float = 1.25

    def __post_init__(self) -> None:
        """Raise InputError for an impossible slope or shift."""
        check_positive(eta=self.eta, shift=self.shift)

    def target(self, size: int) -> Tensor:
        """Return the wanted spectrum, (L, L) float64; `power` is what the maps have."""
        check_size(size)
        xi = 4 * math.pi / size
        wanted = 1 / (xi**self.eta + squared_frequency(size) ** (self.eta / 2))
        wanted[0, 0] = 0
        return unit_variance(wanted)

    def gaussian_power(self, size: int) -> Tensor:
        """Return the spectrum of g, (L, L) float64."""
        return _gaussian_power(self, size).clone()

    def moments(self, size: int) -> Moments:
        """Return the exact one-point moments: with e = exp(s^2),

        std = k0 sqrt(e - 1), skewness = (e + 2) sqrt(e - 1), kurtosis = e^4 + 2 e^3 + 3 e^2 - 3.
        """
        self._check_size(size)
        e = math.exp(float(_gaussian_power(self, size).mean()))
        root = math.sqrt(e - 1)
        return Moments(self.shift * root, (e + 2) * root, e**4 + 2 * e**3 + 3 * e**2 - 3)

    def _check_size(self, size: int) -> None:
        super()._check_size(size)
        _gaussian_power(self, size)  # which has to exist

    def _power(self, size: int) -> Tensor:
        covariance = _transform(_gaussian_power(self, size), inverse=True)
        return _transform(self.shift**2 * torch.expm1(covariance)).clamp(min=0)

    def _draw(self, size: int, rng: Generator) -> Tensor:
        power = _gaussian_power(self, size)
        g = filter_field(torch.randn(size, size, generator=rng, dtype=torch.float64), power.sqrt())
        return self.shift * torch.expm1(g - power.mean() / 2)


@lru_cache(maxsize=16)
def _gaussian_power(maps: LogNormal, size: int) -> Tensor:
    covariance = _transform(maps.target(size), inverse=True)
    least = math.sqrt(max(0.0, -float(covariance.min())))
    if maps.shift <= least:
        raise InputError(
            f"shift={maps.shift:g} is too small for maps of side {size}, whose covariance falls to "
            f"-{least**2:.2g}: give {1.01 * least:.3g} or more."
        )
    return _transform(torch.log1p(covariance / maps.shift**2)).clamp(min=0)


def _transform(table: Tensor, *, inverse: bool = False) -> Tensor:
    """From a covariance xi(r) to the spectrum P(k) = sum_r xi(r) exp(-i w r), or back."""
    return torch.fft.ifft2(table).real if inverse else torch.fft.fft2(table).real
