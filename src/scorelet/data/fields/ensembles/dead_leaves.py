"""Dead leaves: discs of all sizes that hide one another.

Symbols: r radius of a leaf, of density proportional to r^-3 on [smallest, largest]; gamma(h) the
mean area of a leaf that is common to it and to its translate by h.

References: Lee, Mumford, Huang 2001, Int. J. Comput. Vis. 41, 35; Bordenave, Gousseau, Roueff 2006,
Adv. Appl. Probab. 38, 31 (the covariance); Kendall, Thonnes 1999, Adv. Appl. Probab. 31, 69
(drawing from the front to the back is exact).
"""

import math
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
import torch
from torch import Generator, Tensor

from scorelet.data.fields.ensembles.base import IndexedEnsemble
from scorelet.data.fields.ensembles.checks import check_number, check_positive, check_size


@dataclass(frozen=True)
class DeadLeaves(IndexedEnsemble):
    """The picture of infinitely many discs that fell on the torus, seen from above; grey in [0, 1].

    Each leaf has a grey level that is uniform on [0, 1]. Two pixels at the distance h lie on one
    leaf with the probability gamma(h) / (2 gamma(0) - gamma(h)), which times the variance 1/12 is
    the covariance. Between the two radii the law is scale invariant and P(w) falls about as
    |w|^-2. Differences of neighbours have the kurtosis 2.4 / (1 - P(same leaf)), 10 by default at
    128 x 128. Edges are not anti-aliased.

    Args:
        smallest: least radius in pixels, positive.
        largest: greatest radius in units of the side, at most 1/2.
    """

    name: ClassVar[str] = "dead_leaves"
    formula: ClassVar[str] = "occluding discs, density of radii r^-3, grey uniform on [0, 1]"
    reference: ClassVar[str] = "Lee, Mumford, Huang 2001"

    smallest: float = 1.5
    largest: float = 0.25

    def __post_init__(self) -> None:
        """Raise InputError for impossible radii."""
        check_positive(smallest=self.smallest)
        check_number("largest", self.largest, low=0, high=0.5, open_low=True)

    def _check_size(self, size: int) -> None:
        check_size(size, least=max(2, math.floor(self.smallest / self.largest) + 1))

    def _draw(self, size: int, rng: Generator) -> Tensor:
        """Leaves come from the front to the back, until every pixel is hidden."""
        grey = torch.full((size * size,), math.nan, dtype=torch.float64)
        # at a time: about as many as have the area of the torus together
        leaves = min(max(16, int(size**2 / self._mean_area(size))), 4096)
        while bool(grey.isnan().any()):
            u = torch.rand(4, leaves, generator=rng, dtype=torch.float64)
            radius = self._radius(u[0], size)
            front = _frontmost(radius, u[1] * size, u[2] * size, size)
            seen = grey.isnan() & (front < leaves)
            grey[seen] = u[3, front[seen]]
        return grey.reshape(size, size)

    def _radius(self, u: Tensor, size: int) -> Tensor:
        """The inverse of P(radius > r) = (r^-2 - R^-2) / (s^-2 - R^-2), s smallest, R largest."""
        small, large = self.smallest**-2, (self.largest * size) ** -2
        return (large + u * (small - large)) ** -0.5

    def _mean_area(self, size: int) -> float:
        """pi E r^2 = gamma(0)."""
        zero = torch.zeros((), dtype=torch.float64)
        return float(_mean_lens(zero, self.smallest, self.largest * size))

    def _power(self, size: int) -> Tensor:
        gamma = _common_area(self.smallest, self.largest * size, size)
        same = gamma / (2 * gamma[0, 0] - gamma)
        return torch.fft.fft2(same / 12).real.clamp(min=0)


def _frontmost(radius: Tensor, row: Tensor, column: Tensor, size: int) -> Tensor:
    """The least number of a leaf that covers each pixel, (L L,); their count if none.

    Leaves are handled in classes of about one size, each in windows that hold its greatest leaf.
    """
    front = torch.full((size * size,), len(radius))
    octave = torch.log2(radius).ceil().long()
    for number in octave.unique().tolist():
        members = (octave == number).nonzero()[:, 0]
        reach = math.ceil(min(2.0**number, size / 2))
        window = torch.arange(-reach, reach + 1)
        rows = row[members].floor().long()[:, None] + window
        columns = column[members].floor().long()[:, None] + window
        down = (rows - row[members, None])[:, :, None]
        right = (columns - column[members, None])[:, None, :]
        inside = down**2 + right**2 <= radius[members, None, None] ** 2
        pixels = (rows % size)[:, :, None] * size + (columns % size)[:, None, :]
        leaves = members[:, None, None].expand_as(pixels)
        front.scatter_reduce_(0, pixels[inside], leaves[inside], "amin")
    return front


def _common_area(smallest: float, largest: float, size: int) -> Tensor:
    """gamma at every displacement of the torus, (L, L): translates by h + m L count, too."""
    grid = torch.fft.fftfreq(size, dtype=torch.float64) * size
    total = torch.zeros(size, size, dtype=torch.float64)
    for down in (-size, 0, size):
        for right in (-size, 0, size):
            h = torch.hypot(grid[:, None] + down, grid[None, :] + right)
            total += _mean_lens(h.clamp(max=2 * largest), smallest, largest)
    return total


def _mean_lens(h: Tensor, smallest: float, largest: float) -> Tensor:
    """The mean of A(h, r) = 2 r^2 arccos(h / 2r) - h/2 sqrt(4 r^2 - h^2) over the law of r.

    Gauss-Legendre in t with r = a (R / a)^(t^2), a = max(smallest, h/2): the integrand, which
    starts like (r - a)^(3/2), is smooth in t.
    """
    nodes, weights = np.polynomial.legendre.leggauss(24)
    norm = 2 / (smallest**-2 - largest**-2)
    start = (h / 2).clamp(min=smallest)
    span = (largest / start).log()
    total = torch.zeros_like(h)
    for t, weight in zip((nodes + 1) / 2, weights / 2, strict=True):
        r = start * (span * t**2).exp()
        cosine = (h / (2 * r)).clamp(max=1)
        lens = 2 * r**2 * cosine.arccos() - h / 2 * (4 * r**2 - h**2).clamp(min=0).sqrt()
        total += weight * 2 * t * span * lens * norm * r**-2  # r^-3 dr = r^-2 2 t span dt
    return total
