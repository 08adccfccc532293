"""Gaussian fields of Matern's family."""

from dataclasses import dataclass
from typing import ClassVar

from torch import Tensor

from scorelet.data.fields.ensembles.checks import check_positive
from scorelet.data.fields.ensembles.gaussian import GaussianField
from scorelet.data.fields.ensembles.grids import squared_frequency, unit_variance


@dataclass(frozen=True)
class Matern(GaussianField):
    """P(w) = c (m^2 + |w|^2)^(-exponent), m = 1 / length, c such that the pixel variance is 1.

    In the plane this is the covariance of Matern with smoothness nu = exponent - 1 and
    m = sqrt(2 nu) / l in the usual parameters (nu, l).

    Args:
        length: 1 / m in pixels.
        exponent: positive; above 1 the field of the plane has a finite variance.
    """

    name: ClassVar[str] = "matern"
    formula: ClassVar[str] = "Gaussian field, P(w) = c (1 / length^2 + |w|^2)^(-exponent)"

    length: float = 8.0
    exponent: float = 2.0

    def __post_init__(self) -> None:
        """Raise InputError for an impossible length or exponent."""
        check_positive(length=self.length, exponent=self.exponent)

    def _spectrum(self, size: int) -> Tensor:
        return unit_variance((self.length**-2 + squared_frequency(size)) ** -self.exponent)
