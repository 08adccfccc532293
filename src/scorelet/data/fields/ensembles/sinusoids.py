"""Plane waves: a family with a frequency, a phase and an amplitude."""

import math
from dataclasses import dataclass
from typing import ClassVar

import torch
from torch import Generator, Tensor

from scorelet.core.errors import InputError
from scorelet.data.fields.ensembles.base import IndexedEnsemble
from scorelet.data.fields.ensembles.checks import check_positive
from scorelet.data.fields.ensembles.grids import frequencies


@dataclass(frozen=True)
class Sinusoids(IndexedEnsemble):
    """x(u) = 1/2 + a/2 cos(2 pi k . u / L + phi); values in [0, 1].

    The integer vector k is uniform among those with 0 < |k| <= highest and |k_1|, |k_2| < L/2, phi
    on [0, 2 pi), a on [0, 1]. At a given k the images fill a part of a plane: an optimal basis has
    two vectors.

    Args:
        highest: largest |k| in periods per side; None is a quarter of the side.
    """

    name: ClassVar[str] = "sinusoids"
    formula: ClassVar[str] = "1/2 + a/2 cos(2 pi k . u / L + phi), 0 < |k| <= highest"

    highest: float | None = None

    def __post_init__(self) -> None:
        """Raise InputError for an impossible frequency."""
        if self.highest is not None:
            check_positive(highest=self.highest)

    def _check_size(self, size: int) -> None:
        super()._check_size(size)
        if not bool(self._allowed(size).any()):
            raise InputError(
                f"No sinusoid of side {size} has at most {self.highest or size / 4:g} periods per "
                "side: enlarge highest or the side."
            )

    def _allowed(self, size: int) -> Tensor:
        """Which frequencies may be drawn, (L, L)."""
        rows, columns = frequencies(size)
        squared = rows**2 + columns**2
        inside = torch.maximum(rows.abs(), columns.abs()) < size / 2
        return inside & (squared > 0) & (squared <= (self.highest or size / 4) ** 2)

    def _power(self, size: int) -> Tensor:
        """The variance is E a^2 / 8 = 1/24, shared by the allowed frequencies."""
        allowed = self._allowed(size).double()
        return allowed / allowed.mean() / 24

    def _draw(self, size: int, rng: Generator) -> Tensor:
        choices = self._allowed(size).nonzero()
        choice = choices[int(torch.randint(len(choices), (), generator=rng))].double()
        amplitude, phase = torch.rand(2, generator=rng, dtype=torch.float64)
        u = torch.arange(size, dtype=torch.float64) / size
        turns = choice[0] * u[:, None] + choice[1] * u[None, :] + phase
        return (1 + amplitude * torch.cos(2 * math.pi * turns)) / 2
