"""Gaussian fields: every quantity is a sum over frequencies.

Symbols as in `base`: X orthonormal transform of a field of mean 0, P(k) = E |X(k)|^2.

    U(x)  = 1/2 sum_k |X(k)|^2 / P(k)        force = IFFT(FFT(x) / P)        score = -force
    H(P)  = 1/2 sum_k log(2 pi e P(k))
    KL(P, Q) = 1/2 sum_k (P/Q - 1 - log(P/Q))

Where P(k) = 0 for some k, the density is that on the subspace of the other frequencies: they alone
are summed over.
"""

import math
from abc import abstractmethod
from dataclasses import dataclass
from functools import lru_cache
from typing import final

import torch
from torch import Generator, Tensor

from scorelet.core.device import exactly
from scorelet.core.errors import InputError
from scorelet.core.per_sample import sum_per_sample
from scorelet.core.typing import Image, PerSample
from scorelet.data.fields.ensembles.base import IndexedEnsemble
from scorelet.data.fields.ensembles.grids import even_part, filter_field


@dataclass(frozen=True)
class GaussianField(IndexedEnsemble):
    """A stationary Gaussian field of mean 0: x = IFFT(sqrt(P) FFT(z)) with white normal z.

    A subclass writes `_spectrum`.
    """

    @abstractmethod
    def _spectrum(self, size: int) -> Tensor:
        """P(k), (L, L) float64, not negative."""

    @final
    def log_density(self, x: Tensor) -> PerSample:
        """Return log p(x) = -U(x) - 1/2 sum_k log(2 pi P(k)), in nats."""
        self._check_field(x)
        return exactly(self._log_density, x)

    @final
    def entropy(self, size: int) -> float:
        """Return H = -E log p(x) = 1/2 sum_k log(2 pi e P(k)), in nats, of the whole field."""
        power = self.power(size)
        return float((2 * math.pi * math.e * power[power > 0]).log().sum()) / 2

    @final
    def _draw(self, size: int, rng: Generator) -> Tensor:
        white = torch.randn(size, size, generator=rng, dtype=torch.float64)
        return filter_field(white, _cached_root(self, size))

    @final
    def _power(self, size: int) -> Tensor:
        return _cached_power(self, size).clone()

    @final
    def _log_density(self, x: Image) -> PerSample:
        power = _cached_power(self, x.shape[-1])
        support = power[power > 0]
        return -self._energy(x) - float((2 * math.pi * support).log().sum()) / 2

    @final
    def _energy(self, x: Image) -> PerSample:
        return sum_per_sample(x * self._force(x)) / 2

    @final
    def _force(self, x: Image) -> Image:
        return filter_field(x, _cached_inverse(self, x.shape[-1]))

    @final
    def _hessian_vec(self, x: Image, v: Image) -> Image:
        return self._force(v.expand_as(x))


def gaussian_divergence(p: Tensor, q: Tensor) -> float:
    """Return KL(P, Q) = E_P log(p / q) of Gaussian fields with the spectra P and Q, in nats.

    Args:
        p: P(k) >= 0, any shape, as `Ensemble.power` gives it.
        q: Q(k) >= 0, the same shape.

    Returns:
        1/2 sum_k (P/Q - 1 - log(P/Q)); infinite where one law has frequencies that the other
        lacks. It is 0 only for P = Q.

    Raises:
        InputError: different shapes, or negative or non-finite values.
    """
    if p.shape != q.shape:
        raise InputError(
            f"Two spectra of one shape are compared, got {tuple(p.shape)} and {tuple(q.shape)}."
        )
    for name, spectrum in (("first", p), ("second", q)):
        if not bool((torch.isfinite(spectrum) & (spectrum >= 0)).all()):
            raise InputError(f"The {name} spectrum has values that are negative or not finite.")
    if not torch.equal(p > 0, q > 0):
        return math.inf
    ratio = (p[p > 0].double() / q[q > 0].double()) - 1
    return float((ratio - torch.log1p(ratio)).sum()) / 2


@lru_cache(maxsize=16)
def _cached_power(field: GaussianField, size: int) -> Tensor:
    return even_part(field._spectrum(size))


@lru_cache(maxsize=16)
def _cached_root(field: GaussianField, size: int) -> Tensor:
    return _cached_power(field, size).sqrt()


@lru_cache(maxsize=16)
def _cached_inverse(field: GaussianField, size: int) -> Tensor:
    """1/P, and 0 where P = 0."""
    power = _cached_power(field, size)
    return torch.where(power > 0, 1 / power, 0.0)
