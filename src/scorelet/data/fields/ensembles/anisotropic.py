"""Gaussian power-law fields that are stretched along one direction."""

import math
from dataclasses import dataclass
from typing import ClassVar

from torch import Tensor

from scorelet.data.fields.ensembles.checks import check_number, check_positive
from scorelet.data.fields.ensembles.gaussian import GaussianField
from scorelet.data.fields.ensembles.grids import radians, unit_variance


@dataclass(frozen=True)
class Anisotropic(GaussianField):
    """P(w) = c / (xi^eta + (w^T M w)^(eta/2)), xi = 2 pi / L, c for a pixel variance of 1.

    M has determinant 1 and the eigenvalues stretch and 1 / stretch: contours of equal covariance
    are `stretch` times as long along the direction `angle` as across it.

    Args:
        eta: slope at high frequencies, positive.
        stretch: ratio of the axes, at least 1.
        angle: direction of the long axis in radians, from the horizontal towards the top.
    """

    name: ClassVar[str] = "anisotropic"
    formula: ClassVar[str] = "Gaussian field, P(w) = c / ((2 pi / L)^eta + (w^T M w)^(eta/2))"

    eta: float = 2.0
    stretch: float = 4.0
    angle: float = math.pi / 6

    def __post_init__(self) -> None:
        """Raise InputError for an impossible slope, ratio or angle."""
        check_positive(eta=self.eta)
        check_number("stretch", self.stretch, low=1)
        check_number("angle", self.angle)

    def _spectrum(self, size: int) -> Tensor:
        rows, columns = radians(size)
        cosine, sine = math.cos(self.angle), math.sin(self.angle)
        along = cosine * columns - sine * rows  # rows are numbered downwards
        across = sine * columns + cosine * rows
        squared = self.stretch * along**2 + across**2 / self.stretch
        xi = 2 * math.pi / size
        return unit_variance(1 / (xi**self.eta + squared ** (self.eta / 2)))
