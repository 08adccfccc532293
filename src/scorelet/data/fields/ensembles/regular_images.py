"""Geometric C^alpha images: two regular regions that meet along a regular contour.

Symbols: N side, k integer frequency, alpha regularity of the contour, beta that of the regions.

References: Kadkhodaie, Guth, Simoncelli, Mallat 2024, arXiv 2310.02557, algorithm 2.
"""

from dataclasses import dataclass
from typing import ClassVar

import torch
from torch import Generator, Tensor

from scorelet.data.fields.ensembles.base import IndexedEnsemble
from scorelet.data.fields.ensembles.checks import check_positive
from scorelet.data.fields.ensembles.grids import filter_field, frequencies


@dataclass(frozen=True)
class RegularImages(IndexedEnsemble):
    """Images that are uniformly C^beta except along one C^alpha contour; values in [0, 1].

    A contour of height Re IFFT(FFT(c) |k|^-alpha) N + N/2, rounded and clamped to [0, N], with c
    uniform on (-1, 1), separates an upper from a lower region. Regions are white noise, uniform on
    (-1, 1), with the gain |k|^-beta; the gain at k = 0 is that at |k| = 1. One region, by a coin,
    is rescaled to [u1, 1], the other one to [0, u2], with u1, u2 uniform on (0, 1). The mask of
    the regions is averaged over 2 x 2 pixels, mirrored at the last row and column.

    In the best basis the coefficients fall as k^-(alpha + 1) in square, and an optimal denoiser
    has the slope alpha / (alpha + 1) between output and input PSNR. Images are periodic along
    rows, not along columns.

    Args:
        alpha: regularity of the contour, positive.
        beta: regularity of the regions, positive; None is alpha.
    """

    name: ClassVar[str] = "c_alpha"
    formula: ClassVar[str] = "two C^beta regions that meet along a C^alpha contour"
    reference: ClassVar[str] = "arXiv 2310.02557, algorithm 2"

    alpha: float = 2.0
    beta: float | None = None

    def __post_init__(self) -> None:
        """Raise InputError for an impossible regularity."""
        check_positive(alpha=self.alpha)
        if self.beta is not None:
            check_positive(beta=self.beta)

    def _draw(self, size: int, rng: Generator) -> Tensor:
        mask = _blurred(_below(_contour(size, self.alpha, rng), size))
        regularity = self.alpha if self.beta is None else self.beta
        regions = [_region(size, regularity, rng) for _ in range(2)]
        coin, bright, dark = torch.rand(3, generator=rng, dtype=torch.float64).tolist()
        ranges = [(bright, 1.0), (0.0, dark)]
        if coin < 0.5:
            ranges.reverse()
        first, second = (
            low + (high - low) * region for region, (low, high) in zip(regions, ranges, strict=True)
        )
        return second + mask * (first - second)


def _contour(size: int, alpha: float, rng: Generator) -> Tensor:
    """Heights (N,), integers in [0, N]."""
    white = _uniform(rng, size)
    k = torch.fft.rfftfreq(size, dtype=torch.float64) * size
    gain = k.clamp(min=1) ** -alpha
    curve = torch.fft.irfft(torch.fft.rfft(white) * gain, n=size)
    return ((curve * size).round() + size // 2).clamp(0, size)


def _below(heights: Tensor, size: int) -> Tensor:
    """1 where the row is not above the contour, (N, N)."""
    rows = torch.arange(size, dtype=torch.float64)[:, None]
    return (rows >= heights[None, :]).double()


def _region(size: int, beta: float, rng: Generator) -> Tensor:
    """A regular field whose least value is 0 and whose greatest is 1."""
    rows, columns = frequencies(size)
    gain = (rows**2 + columns**2).clamp(min=1) ** (-beta / 2)
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
