"""Geometric C^alpha images: two regular regions that meet along a regular contour.

Symbols: N side, k integer frequency, alpha regularity of the contour, beta that of the regions. In
the plane a random field of power |k|^-(2 s + 2) is C^s, up to a logarithm, and on a line a function
of power |k|^-(2 s + 1) is.

References: Kadkhodaie, Guth, Simoncelli, Mallat 2024, arXiv 2310.02557, algorithm 2 and eq. 13.
"""

from abc import abstractmethod
from dataclasses import dataclass
from typing import ClassVar

import torch
from torch import Generator, Tensor

from scorelet.data.fields.ensembles.base import IndexedEnsemble
from scorelet.data.fields.ensembles.checks import check_positive
from scorelet.data.fields.ensembles.grids import filter_field, frequencies


@dataclass(frozen=True)
class _TwoRegions(IndexedEnsemble):
    """Two filtered noises on both sides of a filtered contour; a subclass gives the exponents."""

    alpha: float = 2.0
    beta: float | None = None

    def __post_init__(self) -> None:
        """Raise InputError for an impossible regularity."""
        check_positive(alpha=self.alpha)
        if self.beta is not None:
            check_positive(beta=self.beta)

    @abstractmethod
    def _exponents(self) -> tuple[float, float]:
        """Of the gains |k|^-e of the contour and of the regions."""

    @property
    def _region_regularity(self) -> float:
        return self.alpha if self.beta is None else self.beta

    def _draw(self, size: int, rng: Generator) -> Tensor:
        contour, region = self._exponents()
        mask = _blurred(_below(_contour(size, contour, rng), size))
        regions = [_region(size, region, rng) for _ in range(2)]
        coin, bright, dark = torch.rand(3, generator=rng, dtype=torch.float64).tolist()
        ranges = [(bright, 1.0), (0.0, dark)]
        if coin < 0.5:
            ranges.reverse()
        first, second = (
            low + (high - low) * region for region, (low, high) in zip(regions, ranges, strict=True)
        )
        return second + mask * (first - second)


@dataclass(frozen=True)
class RegularImages(_TwoRegions):
    """Images of the published recipe, algorithm 2; values in [0, 1].

    A contour of height Re IFFT(FFT(c) |k|^-alpha) N + N/2, rounded and clamped to [0, N], with c
    uniform on (-1, 1), separates an upper from a lower region. Regions are white noise, uniform on
    (-1, 1), with the gain |k|^-beta; the gain at k = 0 is that at |k| = 1. One region, by a coin,
    is rescaled to [u1, 1], the other one to [0, u2], with u1, u2 uniform on (0, 1). The mask of
    the regions is averaged over 2 x 2 pixels, mirrored at the last row and column.

    They are rougher than their parameters say: regions are C^(beta - 1), the square of their k-th
    largest coefficient falls as k^-beta, and contours are C^(alpha - 1/2). `UniformlyRegularImages`
    are what the name promises. Images are periodic along rows, not along columns.

    Args:
        alpha: exponent of the contour, positive.
        beta: exponent of the regions, positive; None is alpha.
    """

    name: ClassVar[str] = "c_alpha"
    formula: ClassVar[str] = "two regions of gain |k|^-beta, a contour of gain |k|^-alpha"
    reference: ClassVar[str] = "arXiv 2310.02557, algorithm 2"

    def _exponents(self) -> tuple[float, float]:
        return self.alpha, self._region_regularity


@dataclass(frozen=True)
class UniformlyRegularImages(_TwoRegions):
    """Images that are C^beta except along one C^alpha contour; values in [0, 1].

    The recipe of `RegularImages` with gains that fall faster: |k|^-(beta + 1) in the regions, so
    that the square of their k-th largest coefficient falls as k^-(beta + 1), and |k|^-(alpha + 1/2)
    for the contour, whose increments over a distance h are of the order h^alpha if alpha < 1. For
    beta = alpha this is the class of eq. 13, for which an optimal denoiser has the slope
    alpha / (alpha + 1) between output and input PSNR, as the noise goes to zero and the image has
    enough pixels.

    Args:
        alpha: regularity of the contour, positive.
        beta: regularity of the regions, positive; None is alpha.
    """

    name: ClassVar[str] = "c_alpha_regular"
    formula: ClassVar[str] = "two C^beta regions that meet along a C^alpha contour"
    reference: ClassVar[str] = "arXiv 2310.02557, eq. 13"

    def _exponents(self) -> tuple[float, float]:
        return self.alpha + 0.5, self._region_regularity + 1


def _contour(size: int, exponent: float, rng: Generator) -> Tensor:
    """Heights (N,), integers in [0, N]."""
    curve = _curve(size, exponent, rng)
    return ((curve * size).round() + size // 2).clamp(0, size)


def _curve(size: int, exponent: float, rng: Generator) -> Tensor:
    white = _uniform(rng, size)
    k = torch.fft.rfftfreq(size, dtype=torch.float64) * size
    return torch.fft.irfft(torch.fft.rfft(white) * k.clamp(min=1) ** -exponent, n=size)


def _below(heights: Tensor, size: int) -> Tensor:
    """1 where the row is not above the contour, (N, N)."""
    rows = torch.arange(size, dtype=torch.float64)[:, None]
    return (rows >= heights[None, :]).double()


def _region(size: int, exponent: float, rng: Generator) -> Tensor:
    """A regular field whose least value is 0 and whose greatest is 1."""
    rows, columns = frequencies(size)
    gain = (rows**2 + columns**2).clamp(min=1) ** (-exponent / 2)
    field = filter_field(_uniform(rng, size, size), gain)
    low, high = field.aminmax()
    return (field - low) / (high - low)


def _blurred(mask: Tensor) -> Tensor:
    """The mean over 2 x 2 pixels; row N is row N - 2, column N column N - 2."""
    padded = torch.cat([mask, mask[-2:-1]], 0)
    padded = torch.cat([padded, padded[:, -2:-1]], 1)
    rows = padded[1:] + padded[:-1]
    return (rows[:, 1:] + rows[:, :-1]) / 4


def _uniform(rng: Generator, *shape: int) -> Tensor:
    return 2 * torch.rand(shape, generator=rng, dtype=torch.float64) - 1
