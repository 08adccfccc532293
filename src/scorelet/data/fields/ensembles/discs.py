"""Discs: a family of images with five parameters, whose tangent space is known."""

from dataclasses import dataclass
from typing import ClassVar, NamedTuple

import torch
from torch import Generator, Tensor

from scorelet.core.random import generator
from scorelet.data.fields.ensembles.base import IndexedEnsemble
from scorelet.data.fields.ensembles.checks import check_count, check_positive, check_size


class Disc(NamedTuple):
    """One disc or many: tensors of one shape. Lengths in pixels; pixel i has its centre at i."""

    row: Tensor
    column: Tensor
    radius: Tensor
    foreground: Tensor
    background: Tensor


@dataclass(frozen=True)
class Discs(IndexedEnsemble):
    """One disc on a plain background, anti-aliased by a ramp of one pixel; values in [0, 1].

    The radius is uniform on [smallest, (L - 3) / 2], each coordinate of the centre on
    [r, L - 1 - r], both grey levels on [0, 1]. Nothing wraps round.

    Args:
        smallest: least radius in pixels, positive.

    References: the discs of Kadkhodaie, Guth, Simoncelli, Mallat 2024, arXiv 2310.02557.
    """

    name: ClassVar[str] = "discs"
    formula: ClassVar[str] = "b + (f - b) ramp(r - |u - c|), ramp(t) = clamp(t + 1/2, 0, 1)"
    reference: ClassVar[str] = "arXiv 2310.02557"

    smallest: float = 3.0

    def __post_init__(self) -> None:
        """Raise InputError for an impossible radius."""
        check_positive(smallest=self.smallest)

    def discs(self, n: int, size: int, seed: int, *, start: int = 0) -> Disc:
        """Return the parameters of the samples that `sample` gives, five tensors (n,), float64."""
        check_count("n", n, least=1)
        self._check_size(size)
        drawn = [self._disc(size, generator(seed, i)) for i in range(start, start + n)]
        return Disc(*(torch.stack(values) for values in zip(*drawn, strict=True)))

    def _check_size(self, size: int) -> None:
        check_size(size, least=int(2 * self.smallest) + 4)

    def _disc(self, size: int, rng: Generator) -> Disc:
        u = torch.rand(5, generator=rng, dtype=torch.float64)
        radius = self.smallest + u[0] * ((size - 3) / 2 - self.smallest)
        row, column = radius + u[1:3] * (size - 1 - 2 * radius)
        return Disc(row, column, radius, u[3], u[4])

    def _draw(self, size: int, rng: Generator) -> Tensor:
        return render_disc(self._disc(size, rng), size)


def render_disc(disc: Disc, size: int) -> Tensor:
    """Return the picture (L, L) of one disc, differentiable in its five numbers."""
    grid = torch.arange(size, dtype=disc.row.dtype, device=disc.row.device)
    distance = torch.hypot(grid[:, None] - disc.row, grid[None, :] - disc.column)
    cover = (disc.radius - distance + 0.5).clamp(0, 1)
    return disc.background + (disc.foreground - disc.background) * cover
